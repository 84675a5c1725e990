"""Who of the people in a file is the person: names are compared whole, never in part.

Case, accents, punctuation, emoji and direction marks don't count; "Anne" is not "Anne Frank"
unless the person says so with an alias. Knows nothing of files or formats.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from ipse.errors import NoSpeakerMatch
from ipse.types import Person, Role

# Letters that no Unicode decomposition takes apart, as people type them without their strokes.
_STROKES = str.maketrans({"đ": "d", "ø": "o", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})
_ADDRESS = re.compile(r"^[^@\s]+@[^@\s]+$")


def fold(name: str) -> str:
    """A name as it is compared: "  ~ Dr. Émile 🌱 " gives "dr emile".

    Mail addresses only lose their case; phone numbers become their digits; a name of nothing
    but emoji stays as it is, so that it can still be somebody's alias.
    """
    name = unicodedata.normalize("NFC", name).strip()
    if _ADDRESS.match(name):
        return name.casefold()
    decomposed = unicodedata.normalize("NFKD", name.casefold().translate(_STROKES))
    kept = "".join(
        " " if not c.isalnum() else c for c in decomposed if not unicodedata.category(c).startswith(("M", "C"))
    )
    words = kept.split()
    if words and all(word.isdigit() for word in words):
        return "".join(words)
    return " ".join(words) or name


def is_person(person: Person, *names: str) -> bool:
    """Whether any of `names` (a display name, an address) is one of the person's own."""
    own = {fold(name) for name in person.names}
    return any(fold(name) in own for name in names if name)


def roles(place: str, speakers: Iterable[str], person: Person) -> dict[str, Role]:
    """speaker -> "self" or "other", for everyone in a conversation.

    Raises NoSpeakerMatch, with the names found, if the person is not among them.
    """
    found = tuple(dict.fromkeys(speakers))
    named: dict[str, Role] = {name: "self" if is_person(person, name) else "other" for name in found}
    if "self" not in named.values():
        raise NoSpeakerMatch(place, person.names, found)
    return named
