"""Mail: mbox files and single .eml messages, through the standard library's parser.

Quoted lines, the older mail below "On ... wrote:" and signatures are not the sender's words. A
mail is the person's when its From is one of their names or addresses; attachments are left out.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from itertools import islice
from pathlib import Path

from ipse.errors import NoSpeakerMatch
from ipse.raw import speakers
from ipse.raw.readers import instants
from ipse.raw.readers.html_text import from_html
from ipse.raw.readers.quotes import split_mail
from ipse.raw.readers.reading import Origin, Reader, Reading, Said
from ipse.types import Failure, Person, Turn

_FIELD = re.compile(rb"[A-Za-z][A-Za-z0-9-]*[ \t]*:")
_KNOWN = re.compile(
    rb"^(?:From|To|Date|Subject|Message-ID|Received|Return-Path|MIME-Version|Content-Type|Delivered-To|Cc|Resent-From)"
    rb"[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_SPACED = re.compile(rb"^([A-Za-z][A-Za-z0-9-]*)[ \t]+:", re.MULTILINE)
_POSTMARK = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From (?!\s*:)[^\n]*\n(?=[A-Za-z][A-Za-z0-9-]*[ \t]*:)")
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)
_LOOSE = re.compile(r"\s*\"?([^<\"]*?)\"?\s*<([^>]+)>")
_REPLY = re.compile(r"^(?:(?:re|aw|sv|fwd?|wg|tr|rv)\s*(?:\[\d+\])?:\s*)+", re.IGNORECASE)
_MAX_PARTS, _MAX_DEPTH = 200, 20


@dataclass(frozen=True, slots=True)
class _Mail:
    place: str
    name: str
    address: str
    to: tuple[tuple[str, str], ...]
    subject: str
    at: datetime | None
    body: str


def sniff(_path: Path, head: bytes) -> bool:
    start = head.lstrip(b"\xef\xbb\xbf\r\n")
    block = re.split(rb"\r?\n\r?\n", start, maxsplit=1)[0]
    is_header = start.startswith(b"From ") or _FIELD.match(start) is not None
    return is_header and len({found.lower().rstrip(b" \t:") for found in _KNOWN.findall(block)}) >= 2


def read(path: Path, data: bytes, person: Person) -> Reading:
    """Offsets are characters in a mail's own body. Raises NoSpeakerMatch.

    A mail the person only received is kept, as the other's. It is refused when the person is
    among neither its senders nor its recipients.
    """
    failures: list[Failure] = []
    mails = [_parsed(raw, f"message {n}", failures) for n, raw in enumerate(messages(data), 1)]
    own = [speakers.is_person(person, mail.name, mail.address) for mail in mails]
    received = any(speakers.is_person(person, *pair) for mail in mails for pair in mail.to)
    if not any(own) and not received:
        raise NoSpeakerMatch(str(path), person.names, tuple(dict.fromkeys(_sender(m) for m in mails)))
    origin = Origin.of(path, data)
    turns: list[Turn] = []
    for mail, is_own in zip(mails, own, strict=True):
        thread = _REPLY.sub("", mail.subject)
        pieces = tuple(split_mail(mail.body))
        said = Said(mail.name or mail.address, mail.body, mail.at, mail.place, thread=thread, pieces=pieces)
        turns += origin.turns(said, "self" if is_own else "other")
    return Reading("mail", turns, failures)


def messages(data: bytes) -> Iterator[bytes]:
    """The raw messages of an mbox, their `>From ` unescaped; an .eml is a single one."""
    data = data.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    marks = list(_POSTMARK.finditer(data))
    if not marks:
        yield re.sub(rb"\AFrom (?!\s*:)[^\n]*\n", b"", data)
        return
    ends = [mark.start() for mark in marks[1:]] + [len(data)]
    for mark, end in zip(marks, ends, strict=True):
        yield _ESCAPED.sub(rb"\1", data[mark.end() : end])


def _parsed(raw: bytes, place: str, failures: list[Failure]) -> _Mail:
    message = email.message_from_bytes(_mended(raw, place, failures), policy=email.policy.compat32)
    senders = _people(message, "From") or _people(message, "Sender") or [("", "unknown")]
    name, address = senders[0]
    at = _date(message)
    if at is None:
        failures.append(Failure(place, "has no date that could be read; kept without one"))
    recipients = [pair for field in ("To", "Cc", "Bcc", "Delivered-To") for pair in _people(message, field)]
    body = _body(message, place, failures).replace("\r\n", "\n")
    return _Mail(place, name, address, tuple(recipients), _header(message, "Subject"), at, body)


def _mended(raw: bytes, place: str, failures: list[Failure]) -> bytes:
    """Spaces before a header's colon go, as do stray lines between headers; the parser stumbles on both."""
    end = re.search(rb"\r?\n\r?\n", raw)
    block, rest = (raw[: end.start()], raw[end.start() :]) if end else (raw, b"")
    lines = block.split(b"\n")
    last = max((i for i, line in enumerate(lines) if _KNOWN.match(line)), default=-1)
    kept = [line for i, line in enumerate(lines) if i > last or line[:1] in b" \t" or _FIELD.match(line)]
    if len(kept) < len(lines):
        failures.append(Failure(place, f"{len(lines) - len(kept)} line(s) in its headers are no header; left out"))
    return _SPACED.sub(rb"\1:", b"\n".join(kept)) + rest


def _header(message: Message, field: str) -> str:
    value = message.get(field)
    if value is None:
        return ""
    try:
        return str(make_header(decode_header(value))).strip()
    except (MessageError, LookupError, UnicodeError, ValueError):
        return str(value).strip()


def _people(message: Message, field: str) -> list[tuple[str, str]]:
    """(name, address) of everyone in a header field."""
    values = [str(value).replace("\n", " ") for value in message.get_all(field, [])]
    pairs = getaddresses(values)
    found = [(_plain(name), address.replace(" ", "")) for name, address in pairs if name or address]
    return found or [(_plain(m[1]), re.sub(r"\s", "", m[2])) for m in map(_LOOSE.match, values) if m]


def _plain(name: str) -> str:
    try:
        return str(make_header(decode_header(name))).strip()
    except (MessageError, LookupError, UnicodeError, ValueError):
        return name.strip()


def _sender(mail: _Mail) -> str:
    return f"{mail.name} <{mail.address}>" if mail.name and mail.address else mail.name or mail.address


def _date(message: Message) -> datetime | None:
    value = re.sub(r"\([^)]*\)", " ", str(message.get("Date") or ""))
    value = re.sub(r"\s*:\s*", ":", re.sub(r"\s+", " ", value)).strip()
    try:
        return instants.as_utc(parsedate_to_datetime(value))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _body(message: Message, place: str, failures: list[Failure]) -> str:
    """The first plain text that is no attachment, else the first HTML as text."""
    html: str | None = None
    for part in islice(_parts(message), _MAX_PARTS):
        if part.get_content_type() == "text/plain":
            return _decoded(part, place, failures)
        if part.get_content_type() == "text/html" and html is None:
            html = _decoded(part, place, failures)
    if html is None:
        failures.append(Failure(place, "has no text (only attachments, or nothing)"))
        return ""
    return from_html(html)


def _parts(message: Message, depth: int = 0) -> Iterator[Message]:
    """The leaves that are the mail itself: nothing attached, no mail inside the mail."""
    if message.get_content_disposition() == "attachment" or message.get_filename():
        return
    if not message.is_multipart():
        yield message
    elif message.get_content_maintype() == "multipart" and depth < _MAX_DEPTH:
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _parts(part, depth + 1)


def _decoded(part: Message, place: str, failures: list[Failure]) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else str(payload or "").encode("utf-8", "surrogateescape")
    charset = part.get_content_charset() or "utf-8"
    for encoding in (charset, "utf-8"):
        try:
            return data.decode(encoding)
        except (LookupError, UnicodeError):
            continue
    failures.append(Failure(place, f"is not in the encoding it claims ({charset}); read as Windows-1252"))
    return data.decode("cp1252", errors="replace")


READER = Reader("mail", sniff, read)
