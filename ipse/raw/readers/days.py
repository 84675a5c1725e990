"""The dates people write above an entry: `### 9. Jan.`, `Jan 5, 2025.`, `2025-01-05`, `Monday, 3rd of March`.

Finds a date at the very beginning of a line and says which parts of it were written. The year
that was left out, and what is an entry at all, are decided elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# Full names by language; abbreviations are the first three or four letters where no two months share them.
_NAMES = """
january february march april may june july august september october november december
januar februar marz april mai juni juli august september oktober november dezember
janner feber marz april mai juni juli august september oktober november dezember
janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro
januari februari maart april mei juni juli augustus september oktober november december
"""
# Short forms that are everyday words somewhere and name no month unless written out.
_NOT_SHORT = frozenset(("set", "out", "mag", "ott", "gen", "lug"))
_WEEKDAYS = (
    r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}|(?:mo|di|mi|do|fr|sa|so)(?=[.,])|(?:mon|diens|donners|frei|sams|sonn)tag"
    r"|mittwoch|sonnabend|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    r"|lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bado|domingo"
    r"|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag"
    r"|luned[iì]|marted[iì]|mercoled[iì]|gioved[iì]|venerd[iì]|sabato|domenica"
)
_LEAD = re.compile(
    rf"[\s*_~\[(]*(?:(?:date|datum|fecha)\s*:\s*)?(?:(?:{_WEEKDAYS})\b[.,]?\s+(?:the\s+|den\s+|le\s+)?)?",
    re.I,
)
_TAIL = re.compile(
    rf"(?:,?\s*\(?(?:{_WEEKDAYS})\b\.?\)?)?(?:,?\s+(?:at\s+|um\s+|à\s+)?\d{{1,2}}[:.h]\d{{2}}(?::\d{{2}})?(?:\s?[ap]\.?m\.?)?(?:\s+(?:Uhr|[A-Z]{{3,4}}))?)?",
    re.I,
)
_WORD = r"(?P<month>[^\W\d_]{3,10})"
_YEAR = r"(?P<year>(?:1[5-9]|20|21)\d\d)"
_ISO = re.compile(r"(?P<year>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})(?![\d-])(?:T[\d:.]+Z?)?")
_COMPACT = re.compile(r"(?P<year>(?:19|20)\d\d)(?P<m>[01]\d)(?P<d>[0-3]\d)(?!\d)")
_DAY_MONTH = re.compile(
    rf"(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?[\s-]+(?:of\s+|de\s+)?{_WORD}(?P<dot>\.?)(?:,?[\s-]+(?:de\s+|of\s+)?{_YEAR}\b)?",
    re.I,
)
_MONTH_DAY = re.compile(rf"{_WORD}\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])(?:,?\s+{_YEAR}\b)?", re.I)
_NUMERIC = re.compile(r"(?P<a>\d{1,2})(?P<sep>[./-])(?P<b>\d{1,2})(?P=sep)(?P<year>\d{4}|\d{2})(?!\d)")
_NO_YEAR = re.compile(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?!\d)")
_MONTH_ONLY = re.compile(rf"{_WORD}\.?,?(?:\s+{_YEAR})?\s*$", re.I)
_YEAR_MONTH = re.compile(r"(?P<year>(?:19|20)\d\d)[-/](?P<m>0[1-9]|1[0-2])\s*$")
_YEAR_WORD = re.compile(rf"{_YEAR}[\s-]+{_WORD}\s*$", re.I)
_YEAR_ONLY = re.compile(rf"{_YEAR}\s*$")
_DAY_ONLY = re.compile(r"(?P<d>\d{1,2})(?:st|nd|rd|th|\.)?(?:\s?[-–]\s?\d{1,2}\.?)?\s*$", re.I)
_HAS_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20|21)\d\d(?!\d)")


@dataclass(frozen=True, slots=True)
class Written:
    """A date as it stands there; parts that were not written are None.

    `end` is where the text after it begins. `slashed` holds (first, second) where only the whole
    file can tell day from month. `closed` is True if a full stop belongs to the date itself.
    """

    year: int | None
    month: int | None
    day: int | None
    end: int
    slashed: tuple[int, int] | None = None
    closed: bool = False


def month(word: str) -> int | None:
    """The number of a month's name or abbreviation in one of eight languages."""
    return _months().get(_fold(word))


def at_start(line: str) -> Written | None:
    """A date with at least day and month at the beginning of a line; None if there is none."""
    start = _match_end(_LEAD, line, 0)
    for pattern in (_ISO, _COMPACT, _NUMERIC, _DAY_MONTH, _MONTH_DAY):
        match = pattern.match(line, start)
        written = match and _written(match)
        if match and written:
            end = _match_end(_TAIL, line, match.end())
            return Written(written.year, written.month, written.day, end, written.slashed, written.closed)
    return None


def in_heading(heading: str) -> Written | None:
    """Like `at_start`, and also what only a heading may be: "9.1.", "March 2025", "2025", "14.", "6-12"

    Other languages are left to dateparser, which sees short headings with a day in them.
    """
    full = at_start(heading)
    if full:
        return full
    start = _match_end(_LEAD, heading, 0)
    for pattern in (_NO_YEAR, _YEAR_MONTH, _YEAR_WORD, _YEAR_ONLY, _DAY_ONLY, _MONTH_ONLY):
        match = pattern.match(heading, start)
        written = match and _written(match)
        if written:
            return written
    return _foreign(heading.strip(" *_#"))


def year_in(text: str) -> int | None:
    """The only year a title or file name mentions."""
    years = {int(found) for found in _HAS_YEAR.findall(text)}
    return years.pop() if len(years) == 1 else None


def _written(match: re.Match[str]) -> Written | None:
    parts = match.groupdict()
    year = int(parts["year"]) if parts.get("year") else None
    if year is not None and year < 100:
        year += 2000 if year < 70 else 1900
    if parts.get("a"):
        slashed = (int(parts["a"]), int(parts["b"]))
        if parts["sep"] == ".":
            return _sound(Written(year, slashed[1], slashed[0], match.end()))
        return Written(year, None, None, match.end(), slashed) if 0 < min(slashed) <= 12 else None
    number = int(parts["m"]) if parts.get("m") else month(parts["month"]) if parts.get("month") else None
    if number is None and (parts.get("m") or parts.get("month")):
        return None
    day = int(parts["d"]) if parts.get("d") else None
    return _sound(Written(year, number, day, match.end(), closed=bool(parts.get("dot"))))


def _sound(written: Written) -> Written | None:
    month_fits = written.month is None or 1 <= written.month <= 12
    day_fits = written.day is None or 1 <= written.day <= 31
    return written if month_fits and day_fits else None


@lru_cache(maxsize=4096)
def _foreign(heading: str) -> Written | None:
    letters = any(c.isalpha() for c in heading)
    if not letters or len(heading) > 30 or not re.search(r"\d", heading) or heading.isascii():
        return None
    import dateparser

    found = dateparser.parse(heading, settings={"REQUIRE_PARTS": ["day", "month"], "PARSERS": ["absolute-time"]})
    if found is None:
        return None
    return Written(found.year if _HAS_YEAR.search(heading) else None, found.month, found.day, len(heading))


def _match_end(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start


def _fold(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in decomposed if c.isalpha())


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    known: dict[str, int | None] = {}
    for names in (line.split() for line in _NAMES.strip().split("\n")):
        for number, name in enumerate(names, 1):
            for form in {name, name[:3], name[:4]} - _NOT_SHORT:
                known[form] = number if known.get(form, number) == number else None
    return {form: number for form, number in known.items() if number} | {"sept": 9, "mrt": 3, "juin": 6}
