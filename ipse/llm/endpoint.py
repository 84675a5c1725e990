"""One line to one OpenAI-compatible server: bounded, retried, and honest about giving up.

It knows HTTP faults and how long to wait after each. It doesn't know what is asked over it:
chat and embeddings (`openai.py`) hand it the request as a function.
"""

from __future__ import annotations

import email.utils
import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from ipse.errors import BadOutput, LLMError, LLMUnavailable

if TYPE_CHECKING:
    import openai

T = TypeVar("T")

OPENAI_URL = "https://api.openai.com/v1"
NO_KEY = "none"
"""What servers of one's own get to see, which take any key."""
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
_LONGEST_RETRY_AFTER_S = 120.0
_DOWN_AFTER = 3
"""So many calls in a row that failed for good, and the line counts as down ..."""
_DOWN_FOR_S = 60.0
"""... for so long: every call fails at once, so a run of thousands ends soon and not in days."""


_CHECK_URL = "check that OPENAI_BASE_URL points at an OpenAI-compatible server (most end in /v1)"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server is and how it may be used. `timeout` in seconds, for each try."""

    base_url: str = OPENAI_URL
    api_key: str = field(default=NO_KEY, repr=False)
    timeout: float = 60.0
    retries: int = 5
    concurrency: int = 4

    @property
    def shown(self) -> str:
        """The address without any user name or password in it."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


class Rejected(LLMError):
    """The server took the call but refused this very request (400, 422); repeating it is no use."""

    def __init__(self, message: str, param: str | None) -> None:
        super().__init__(message)
        self.param = param


@dataclass(frozen=True, slots=True)
class _Fault:
    what: str
    check: str
    again: bool
    wait_s: float | None = None
    """How long the server asks to be left alone, where it says so."""


class Line:
    """Makes calls to `endpoint`, at most `endpoint.concurrency` at a time. Safe across threads."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        rng: random.Random | None = None,
    ) -> None:
        self.endpoint = endpoint
        self._sleep = sleep
        self._clock = clock
        self._rng = rng or random.Random()
        self._slots = threading.BoundedSemaphore(endpoint.concurrency)
        self._lock = threading.Lock()
        self._client: openai.OpenAI | None = None
        self._failed_in_a_row = 0
        self._down_until = 0.0

    def call(self, request: Callable[[openai.OpenAI], T]) -> T:
        """The answer to `request`, after as many tries as it takes.

        Raises LLMUnavailable (no answer), Rejected (400, 422), BadOutput (answered, but not as
        an OpenAI-compatible server does).
        """
        with self._slots:
            self._refuse_while_down()
            try:
                answer = self._persist(request)
            except LLMUnavailable:
                self._note(failed=True)
                raise
            except LLMError:
                self._note(failed=False)
                raise
            self._note(failed=False)
            return answer

    def close(self) -> None:
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _persist(self, request: Callable[[openai.OpenAI], T]) -> T:
        import openai

        attempt = 0
        while True:
            try:
                return request(self._connected())
            except openai.APIError as error:
                fault = self._fault(error)
            except json.JSONDecodeError:
                raise BadOutput(f"{self.endpoint.shown} answered with broken JSON; {_CHECK_URL}") from None
            attempt += 1
            wait = self._wait(fault, attempt)
            if wait is None:
                tries = "1 try" if attempt == 1 else f"{attempt} tries"
                raise LLMUnavailable(f"{self.endpoint.shown}: {fault.what} after {tries}; {fault.check}") from None
            self._sleep(wait)

    def _connected(self) -> openai.OpenAI:
        import openai

        with self._lock:
            if self._client is None:
                self._client = openai.OpenAI(
                    base_url=self.endpoint.base_url,
                    api_key=self.endpoint.api_key,
                    timeout=self.endpoint.timeout,
                    max_retries=0,  # the retries are ours, so that they can be counted and tested
                )
            return self._client

    def _wait(self, fault: _Fault, attempt: int) -> float | None:
        """Seconds before the next try; None to give up."""
        if not fault.again or attempt > self.endpoint.retries:
            return None
        jitter = 0.5 + self._rng.random() / 2
        backoff = float(min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** (attempt - 1)) * jitter)
        if fault.wait_s is None:
            return backoff
        if fault.wait_s > _LONGEST_RETRY_AFTER_S:
            return None
        # never earlier than asked, and not all threads at the same moment
        return fault.wait_s + min(backoff, _FIRST_WAIT_S)

    def _fault(self, error: openai.APIError) -> _Fault:
        """What went wrong. Raises Rejected when it is the request, not the line."""
        import openai

        if isinstance(error, openai.APIStatusError):
            return self._status_fault(error)
        if isinstance(error, openai.APITimeoutError):
            return _Fault(
                f"no answer within {self.endpoint.timeout:g} s",
                "the server is slow or overloaded: raise IPSE_TIMEOUT or lower IPSE_CONCURRENCY",
                again=True,
            )
        return _Fault("no connection", "check that a server listens there and OPENAI_BASE_URL is right", again=True)

    def _status_fault(self, error: openai.APIStatusError) -> _Fault:
        status = error.status_code
        if status in (401, 403):
            return _Fault(f"key refused ({status})", "check OPENAI_API_KEY", again=False)
        if status == 429 and error.code == "insufficient_quota":
            return _Fault("quota used up (429)", "check the account's plan and credit", again=False)
        if status == 429:
            wait = self._retry_after(error)
            asked = "" if wait is None else f", asks for {wait:.0f} s of rest"
            check = "lower IPSE_CONCURRENCY or try again later"
            return _Fault(f"too many requests (429{asked})", check, again=True, wait_s=wait)
        if status == 408 or status >= 500:
            check = "the server itself fails: look at its log or try again later"
            return _Fault(f"server error ({status})", check, again=True, wait_s=self._retry_after(error))
        if status in (400, 422):
            raise Rejected(f"{self.endpoint.shown} refused the request ({status}): {_brief(error)}", error.param)
        return _Fault(f"refused ({status})", f"check the model's name; {_CHECK_URL}", again=False)

    def _retry_after(self, error: openai.APIStatusError) -> float | None:
        """Seconds the server asks to wait: it may say milliseconds, seconds or a date."""
        headers = error.response.headers
        for name, per_second in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
            text = headers.get(name, "")
            if text.strip().replace(".", "", 1).isdecimal():
                return float(text) / per_second
        try:
            date = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
        except ValueError:
            return None
        return max(0.0, date.timestamp() - self._clock())

    def _refuse_while_down(self) -> None:
        with self._lock:
            down = self._clock() < self._down_until
        if down:
            raise LLMUnavailable(
                f"{self.endpoint.shown}: not asked, the last {_DOWN_AFTER} calls all failed; "
                f"check the server and the settings, and try again in {_DOWN_FOR_S:.0f} s"
            )

    def _note(self, *, failed: bool) -> None:
        with self._lock:
            self._failed_in_a_row = self._failed_in_a_row + 1 if failed else 0
            if self._failed_in_a_row >= _DOWN_AFTER:
                self._down_until = self._clock() + _DOWN_FOR_S
                self._failed_in_a_row = 0


def not_openai(endpoint: Endpoint) -> BadOutput:
    """For a reply that came with status 200 but isn't what the interface promises."""
    return BadOutput(f"{endpoint.shown} answered in a form that isn't OpenAI's; {_CHECK_URL}")


def _brief(error: openai.APIStatusError) -> str:
    """The server's reason on one short line: a long one may repeat the person's text."""
    body = error.body
    said = body.get("message", "") if isinstance(body, dict) else ""
    line = " ".join(str(said).split())
    return f"{line[:120]}..." if len(line) > 120 else line or "no reason given"
