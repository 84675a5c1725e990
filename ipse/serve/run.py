"""`ipse serve`: the page and the API on this machine; beside them the sweep for drifts, and the model that words
paragraphs where the person configured one.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from ipse.config import load
from ipse.errors import BadOutput, IpseError, StoreError
from ipse.me import Me, utc_now
from ipse.store.sqlite import people
from ipse.words.profile import SWEEP_EVERY, sweep

HOST = "127.0.0.1"

log = logging.getLogger(__name__)


def serve(home: Path, person: str | None, port: int, ready: Callable[[str], None]) -> None:
    """Runs until it is stopped; `ready` is told the address. Raises StoreError if the port is not free."""
    import socket

    import uvicorn

    from ipse.serve.app import create_app

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()  # before anybody is told: who comes early waits instead of being turned away
    except OSError as fault:
        listener.close()
        raise StoreError(f"port {port} can't be used: {fault.strerror}. Choose another: ipse serve --port") from fault
    server = uvicorn.Server(uvicorn.Config(create_app(home, person), log_level="warning", access_log=False))
    stopped = threading.Event()
    sweeper = threading.Thread(target=sweep_on, args=(home, stopped), daemon=True)
    sweeper.start()
    try:
        ready(f"http://{HOST}:{listener.getsockname()[1]}")
        server.run(sockets=[listener])
    finally:
        stopped.set()
        listener.close()


def sweep_on(
    home: Path, stopped: threading.Event, clock: Callable[[], datetime] = utc_now, every: float = SWEEP_EVERY
) -> None:
    """Sweeps at once and every so many seconds until `stopped`. What fails is tried again at the next turn."""
    refused: dict[str, str] = {}
    while True:
        try:
            flagged = sweep(home, clock())
            log.info("swept: %d people have moved", len(flagged))
        except StoreError as reason:
            log.warning("the sweep for drifts was left out: %s", reason)
        try:
            consult_all(home, refused, clock)
        except IpseError as reason:
            log.warning("paragraphs keep the grammar's words: %s", reason)
        if stopped.wait(every):
            return


def consult_all(home: Path, refused: dict[str, str], clock: Callable[[], datetime] = utc_now) -> None:
    """Everybody's paragraph, if a model is to word them. Raises what `Me.consult` does, but for a wording that was
    refused: that paragraph is noted in `refused`, person -> paragraph, and not shown to the model again.
    """
    if load(home).verbalizer != "llm":
        return
    for person in people(home):
        me = Me.open(home, person.name)
        me.clock = clock
        try:
            shown = me.profile().paragraph
            if shown is not None and refused.get(person.id) != shown.id:
                me.consult()
        except BadOutput as reason:
            refused[person.id] = shown.id if shown else ""
            log.warning("a paragraph keeps the grammar's words: %s", reason)
        finally:
            me.store.close()
