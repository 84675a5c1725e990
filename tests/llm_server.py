"""A real HTTP server on loopback that speaks just enough of the OpenAI interface for tests.

A test scripts it with behaviours, one a request in order; when they are used up, `answer` (a
function from the request's body to the reply's text) goes on. Every request is recorded.
A clock that only runs when somebody sleeps, and a client on it, stand at the end.
"""

from __future__ import annotations

import contextlib
import json
import random
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from ipse.llm.endpoint import Endpoint
from ipse.llm.openai import OpenAIChat
from ipse.types import Message

Body = dict[str, Any]
NOW = 1_700_000_000.0


@dataclass(frozen=True)
class Say:
    """A completion with this text."""

    text: str
    finish: str = "stop"
    refusal: str | None = None


@dataclass(frozen=True)
class Status:
    """An error; `error` is the content of the body's "error" object."""

    code: int
    headers: dict[str, str] = field(default_factory=dict)
    error: dict[str, Any] = field(default_factory=lambda: {"message": "scripted"})


@dataclass(frozen=True)
class Raw:
    """A 200 with any body at all."""

    body: bytes
    content_type: str = "application/json"


class HangUp:
    """Closes the connection without a word."""


class Stall:
    """Says nothing until the server is closed; the client has to time out."""


Behaviour = Say | Status | Raw | HangUp | Stall


@dataclass(frozen=True)
class Seen:
    path: str
    body: Body
    authorization: str

    @property
    def messages(self) -> list[dict[str, str]]:
        return list(self.body["messages"])

    @property
    def text(self) -> str:
        """All that the server was told, in one string."""
        return "\n".join(message["content"] for message in self.messages)


class LLMServer:
    """Use as a context manager. `peak` is the most requests that were ever open at once."""

    def __init__(
        self,
        script: Iterable[Behaviour] = (),
        answer: Callable[[Body], str | Behaviour] = lambda _: "ok",
        *,
        takes_schema: bool = True,
        meet: int = 0,
    ) -> None:
        """`meet`: every request waits until so many are open together."""
        self.script = deque(script)
        self.answer = answer
        self.takes_schema = takes_schema
        self.seen: list[Seen] = []
        self.peak = 0
        self._open = 0
        self._broken: BaseException | None = None
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._meeting = threading.Barrier(meet, timeout=20) if meet else None
        self._http = _Loopback(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> LLMServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
        if self._broken is not None:
            raise AssertionError("the test's own answer function failed") from self._broken

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def endpoint(self, *, timeout: float = 20.0, retries: int = 3, concurrency: int = 4) -> Endpoint:
        return Endpoint(self.base_url, "key-for-tests", timeout, retries, concurrency)

    def decide(self, seen: Seen) -> Behaviour:
        with self._lock:
            self.seen.append(seen)
            self._open += 1
            self.peak = max(self.peak, self._open)
        try:
            if self._meeting is not None:
                self._meeting.wait()
            if not self.takes_schema and "response_format" in seen.body:
                return Status(400, error={"message": "response_format is not supported here"})
            with self._lock:
                scripted = self.script.popleft() if self.script else None
            chosen = self._answered(seen.body) if scripted is None else scripted
            if isinstance(chosen, Stall):
                self._closing.wait()
            return Say(chosen) if isinstance(chosen, str) else chosen
        finally:
            with self._lock:
                self._open -= 1

    def _answered(self, body: Body) -> str | Behaviour:
        try:
            return self.answer(body)
        except BaseException as error:
            self._broken = error
            raise


class _Loopback(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is part of the tests, not worth a traceback."""


def _handler(server: LLMServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            behaviour = server.decide(Seen(self.path, body, self.headers.get("Authorization", "")))
            if isinstance(behaviour, HangUp | Stall):
                self.close_connection = True
            elif isinstance(behaviour, Status):
                self._send(behaviour.code, {"error": behaviour.error}, behaviour.headers)
            elif isinstance(behaviour, Raw):
                self._write(200, behaviour.body, {"Content-Type": behaviour.content_type})
            elif self.path.endswith("/embeddings"):
                self._send(200, embeddings(body))
            else:
                self._send(200, completion(body, behaviour))

        def _send(self, code: int, content: Body, headers: dict[str, str] | None = None) -> None:
            self._write(code, json.dumps(content).encode(), {"Content-Type": "application/json", **(headers or {})})

        def _write(self, code: int, content: bytes, headers: dict[str, str]) -> None:
            with contextlib.suppress(ConnectionError):
                self.send_response(code)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler


def completion(body: Body, say: Say) -> Body:
    message = {"role": "assistant", "content": say.text, "refusal": say.refusal}
    return {
        "id": "chatcmpl-test",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": say.finish}],
    }


def embeddings(body: Body) -> Body:
    """Three numbers a text, not of unit length, listed from last to first."""
    rows = [
        {
            "object": "embedding",
            "index": n,
            "embedding": [float(len(text)), float(text.count("a")) + 1.0, 2.0],
        }
        for n, text in enumerate(body["input"])
    ]
    return {"object": "list", "model": body["model"], "data": rows[::-1]}


def content(body: Body) -> Any:
    """The JSON that a prompt of the teacher carries, also when a repair follows it."""
    return json.loads(body["messages"][1]["content"])


class Clock:
    """Time that only passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def chat_over(endpoint: Endpoint, clock: Clock) -> OpenAIChat:
    return OpenAIChat("small-model", endpoint, sleep=clock.sleep, clock=clock, rng=random.Random(1))


def ask(text: str) -> list[Message]:
    return [Message("system", "Be brief."), Message("user", text)]
