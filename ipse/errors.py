"""One tree of exceptions. Every message says what went wrong, where, and what to do next.

IpseError
├── UsageError             the call itself is off: unknown person, bad argument
│   ├── NoSuchPerson
│   └── Conflict           it was changed by somebody else since it was read
├── InputError             a file or text that can't be used; carries its place
│   ├── UnknownFormat
│   ├── BrokenInput        truncated, wrong encoding, invalid JSON, a zip bomb
│   └── NoSpeakerMatch     nobody in the conversation goes by the person's names
├── StoreError             the database or disk refused
│   └── Busy               another process is at work on this person
├── LLMError               a configured model endpoint failed
│   ├── LLMUnavailable     no answer after every retry
│   └── BadOutput          it answered, but not in the form that was asked for
└── TrainingError          training could not go on
    └── NothingToLearn     there are no facts yet
"""

from __future__ import annotations


class IpseError(Exception):
    """The root: catch it to catch everything ipse raises on purpose."""


class UsageError(IpseError):
    pass


class NoSuchPerson(UsageError):
    pass


class Conflict(UsageError):
    pass


class InputError(IpseError):
    """Something in a file. `place` is "path" or "path:line 12" or "path:messages[3]"."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


class UnknownFormat(InputError):
    pass


class BrokenInput(InputError):
    pass


class NoSpeakerMatch(InputError):
    """Carries the speakers that were found, so the person can name one as an alias."""

    def __init__(self, place: str, names: tuple[str, ...], found: tuple[str, ...]) -> None:
        listed = ", ".join(found) or "none"
        super().__init__(
            place,
            f"no speaker is called {' or '.join(names)}; found: {listed}. "
            'Add the right one with: ipse init --alias "..."',
        )
        self.found = found


class StoreError(IpseError):
    pass


class Busy(StoreError):
    pass


class LLMError(IpseError):
    pass


class LLMUnavailable(LLMError):
    pass


class BadOutput(LLMError):
    pass


class TrainingError(IpseError):
    pass


class NothingToLearn(TrainingError):
    pass
