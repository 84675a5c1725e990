"""What the tests of the page share: a real `ipse serve`, and a browser that is watched while it is used."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

import ipse
from ipse.words.profile import sweep

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "profile"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET_BROWSER = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()
WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) {
    window.shifts.push(shift.sources.map(({ node }) => node?.id || node?.className || node?.nodeName));
  }
}).observe({ type: "layout-shift", buffered: true });
"""
"""Every move of something that was already there, also one that follows a press."""


@dataclass
class Server:
    """`ipse serve` in a process of its own, over a home that outlives it."""

    home: Path
    port: int = 0
    process: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "ipse.cli", "--home", str(self.home), "serve", "--port", str(self.port)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, env=environment, cwd=self.home, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", said)
        assert found, f"ipse serve said {said!r} instead of its address"
        self.port = int(found.group(1))

    def kill(self) -> None:
        """At once, as by a power cut."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def ask(self, method: str, path: str, body: Any = None, person: str | None = None) -> Any:
        query = f"?{urlencode({'person': person})}" if person else ""
        data = None if body is None else json.dumps(body).encode()
        request = Request(
            f"{self.address}/api/{path}{query}", data, {"Content-Type": "application/json"}, method=method
        )
        with urlopen(request, timeout=30) as answer:
            return json.load(answer)


@dataclass(frozen=True)
class Somebody:
    """A person of the home, as a program speaks about them; each test has its own."""

    server: Server
    name: str

    @property
    def address(self) -> str:
        return f"{self.server.address}/?person={quote(self.name)}"

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        return self.server.ask(method, path, body, self.name)

    @property
    def profile(self) -> Any:
        return self.ask("GET", "profile")

    @property
    def text(self) -> str:
        paragraph = self.profile["paragraph"]
        return str(paragraph["text"]) if paragraph else ""

    def answer_quiz(self) -> None:
        numbers = {"length": 0.35, "tone": 0.35, "density": 0.4, "level": 0.7, "math_comfort": 0.3}
        self.ask("POST", "quiz", {"answers": {**numbers, "domain": "baking", "language": "en"}})

    def write(self, text: str) -> None:
        self.ask("PUT", "profile/paragraph", {"text": text})

    def approve_warm_replies(self) -> None:
        """A score of replies of another kind than the paragraph asks for, of which a few are liked."""
        warm = "Thank you so much for asking! What a lovely question! I am so glad to help you with that!"
        for number in range(20):
            reply = self.ask("POST", "replies", {"text": warm})
            if number < 5:
                self.ask("POST", f"replies/{reply['id']}/thumb", {"thumb": "up"})

    def live_through_a_year(self) -> None:
        """The quiz, thumbs and nudges; then the person takes to longer answers and to another subject, and is swept."""
        lines = "\n".join(map(json.dumps, _a_year_of_signals()))
        me = ipse.open(str(self.server.home), person=self.name)
        try:
            _, failures = me.read_signals("signals.jsonl", lines)
        finally:
            me.store.close()
        assert failures == []
        sweep(self.server.home, datetime.now(UTC))


def _a_year_of_signals() -> Iterator[dict[str, Any]]:
    start = datetime.now(UTC) - timedelta(days=300)
    for name, value in {"density": 0.4, "level": 0.7, "math_comfort": 0.3, "language": "en"}.items():
        yield {"t": start.isoformat(), "dimension": name, "value": value, "source": "onboarding"}
    for number in range(60):
        at = {"t": (start + timedelta(days=5 * number)).isoformat()}
        wobble = ((number * 7) % 11 - 5) / 60
        longer, source = (0.28 if number < 40 else 0.78), ("nudge" if number % 4 == 0 else "thumb")
        domain = "bicycles" if number > 45 else ("baking", "baking", "travel", "baking", "bicycles")[number % 5]
        yield {**at, "dimension": "length", "value": round(longer + wobble, 3), "source": source}
        yield {**at, "dimension": "tone", "value": round(0.55 + wobble, 3), "source": "thumb"}
        yield {**at, "dimension": "domain", "value": domain, "source": "nudge"}


@contextmanager
def serving(home: Path, name: str) -> Iterator[Server]:
    ipse.init(str(home), name).store.close()
    server = Server(home)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@dataclass
class Watch:
    """Listens to all windows of a browser context: what goes wrong in them, and whom they speak to."""

    address: str
    faults: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, fault: str) -> None:
        """The browser itself reports every refused request: those that a test means to cause."""
        self.expected.append(fault)

    def over(self, context: Any) -> None:
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.faults.append(str(error.error)))
        context.on("request", self._see)

    def _hear(self, message: Any) -> None:
        if message.type in {"error", "warning"} and not any(fault in message.text for fault in self.expected):
            self.faults.append(message.text)

    def _see(self, request: Any) -> None:
        if not request.url.startswith(f"{self.address}/"):
            self.strangers.append(request.url)


def picture(page: Any, name: str, *, whole: bool = False) -> None:
    """For the docs; only when asked for, because every run gives other bytes."""
    if os.environ.get("IPSE_SCREENSHOTS") == "1":
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(PICTURES / f"{name}.png"), full_page=whole, animations="disabled")


def boxes(page: Any, selectors: Mapping[str, str]) -> dict[str, Any]:
    return {name: page.locator(selector).bounding_box() for name, selector in selectors.items()}


@contextmanager
def until_something_is_written(home: Path, seconds: float = 10.0) -> Iterator[None]:
    """Ends as soon as the database or its log has other bytes than at the beginning."""
    before = _written(home)
    yield
    give_up = time.monotonic() + seconds
    while _written(home) == before:
        assert time.monotonic() < give_up, "nothing was written"


def _written(home: Path) -> list[tuple[int, int]]:
    """Size and time of the database, and of its log, which is only there while somebody is at work."""
    found = []
    for name in ("ipse.db", "ipse.db-wal"):
        with suppress(FileNotFoundError):
            state = (home / name).stat()
            found.append((state.st_size, state.st_mtime_ns))
    return found
