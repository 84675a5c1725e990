"""Cutting turns into sentence-sized chunks with exact offsets.

A chunk's text is always the turn's own text between two offsets; markup is left off only at its
ends. Fragments join their neighbour, long sentences break at clauses. Fenced code, pictures and tags on
a line of their own say nothing in sentences and give no chunk. Knows nothing of formats.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ipse.types import Chunk, Turn, new_id

MIN_WORDS = 3
MAX_WORDS = 60

Span = tuple[int, int]

_CJK = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
_WORD = re.compile(rf"{_CJK}|(?:(?!{_CJK})[^\W_])+(?:['’.@-](?:(?!{_CJK})[^\W_])+)*")
_ITEM = re.compile(r"\s*(?:(?:[-*+•–]|\d{1,3}[.)]|#{1,6})\s|[|>])")
_MARKERS = re.compile(r"(?:\s|(?:[-*+•#>|=]+|[-*+] \[[ xX]\])(?=\s|$))+")
_EMOJI = "[\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001faff\ufe0f\u200d]"
_STOP = re.compile(
    rf"(?P<mark>[.!?…]+|[。！？]+)(?P<close>[\"'”’»)\]*_]*)(?:\s?{_EMOJI})*(?P<gap>\s+|(?<=[。！？])|$)"
    rf"|(?P<face>{_EMOJI})\s+(?=[^\W\d_])"
)
_LAST_TOKEN = re.compile(r"[^\s(\[\"'“‘«*_]*$")
# Always followed by a name.
_TITLES = re.compile(r"dr|mr|mrs|ms|prof|st|mt|hr|rev|gen|sgt|capt|lt|mme|mlle|sra|dra|dipl|ing|vgl|z")
# Followed by more of the sentence, unless a capital letter begins a new one.
_SHORT = re.compile(
    r"etc|e\.g|i\.e|eg|ie|cf|vs|approx|ca|inc|ltd|jr|sr|dept|fig|vol|nr|a\.m|p\.m|u\.s|u\.k|z\.b|d\.h|u\.a|bzw"
    r"|usw|ggf|evtl|str|tel|sog|inkl|tues?|thu(?:rs?)?|fri|jan|feb|apr|jun|jul|aug|sept?|o[ck]t|nov|de[cz]"
)
# Everyday words that abbreviate only in front of a number.
_BEFORE_NUMBER = re.compile(r"no|pp?|ch|sec|mon|sat|sun|wed|mar|est|ed|min|max|art|do|di|mo|mi")
_MONTH = re.compile(
    r"(?:jan|feb|m[aä]r|apr|ma[iy]|ju[nli]|aug|sep|o[ck]t|nov|de[cz]|févr|avr|août)\w*\b", re.IGNORECASE
)
_DAY_NUMBER = re.compile(r"\d{1,2}$")
_CONJUNCTION = re.compile(
    r"(?:and|but|because|so|which|who|although|while|when|or|then|und|aber|weil|dass|oder|als|et|mais|parce|que"
    r"|y|pero|porque)\b",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[,;:–—…]\S*\s|\s[-–—(]|\n|[、，；：。]")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_NO_PROSE = re.compile(r"\s*(?:[-*+] )?(?:!\[[^\]]*\]\([^)]*\)\s*|<(?!https?:|mailto:)[!/a-zA-Z][^<>]*>\s*)+")
"""Pictures and tags alone."""
# Shorter lines end where their writer ended them; longer ones may only have wrapped.
_WRAPPED = 55


def chunk(turns: Sequence[Turn]) -> list[Chunk]:
    """The chunks of all turns, in order; `ordinal` counts anew for each source.

    `start` and `end` are offsets like the turn's own: chunk.text is turn.text from
    `chunk.start - turn.start` to `chunk.end - turn.start`. System turns give none.
    """
    chunks: list[Chunk] = []
    counts: dict[str, int] = {}
    for turn in turns:
        if turn.role == "system":
            continue
        for start, end in spans(turn.text):
            ordinal = counts.get(turn.source_id, 0)
            counts[turn.source_id] = ordinal + 1
            chunks.append(_chunk(turn, start, end, ordinal))
    return chunks


def spans(text: str) -> list[Span]:
    """(start, end) of every piece of `text`: ordered, without overlap, holding every word of its prose."""
    return [piece for part in _prose(text) for piece in _pieces(text, *part)]


def _pieces(text: str, start: int, end: int) -> Iterator[Span]:
    sentences = [span for block in _blocks(text, start, end) for span in _sentences(text, *block)]
    bare = [_bare(text, *span) for span in sentences]
    with_words = [span for span in bare if _WORD.search(text, *span)]
    for span in _joined(text, with_words):
        yield from _split_long(text, *span)


def count_words(text: str, start: int = 0, end: int | None = None) -> int:
    """Words as they are counted here; in scripts without spaces every sign is one."""
    return sum(1 for _ in _WORD.finditer(text, start, len(text) if end is None else end))


def _chunk(turn: Turn, start: int, end: int, ordinal: int) -> Chunk:
    text = turn.text[start:end]
    return Chunk(
        id=new_id("chunk", turn.id, start, end),
        source_id=turn.source_id,
        turn_id=turn.id,
        role=turn.role,
        speaker=turn.speaker,
        text=text,
        at=turn.at,
        start=turn.start + start,
        end=turn.start + end,
        ordinal=ordinal,
    )


def _prose(text: str) -> Iterator[Span]:
    """The stretches of whole lines between code, pictures and tags. A fence that nothing closes opens none."""
    opened, start, fenced = 0, 0, False
    fences = sum(1 for line in text.split("\n") if _FENCE.match(line)) // 2 * 2
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        is_fence = fences > 0 and _FENCE.match(text, start, end) is not None
        if is_fence or fenced or _NO_PROSE.fullmatch(text, start, end):
            if opened < start:
                yield opened, start
            opened = end
        if is_fence:
            fences -= 1
            fenced = not fenced
        start = end
    if opened < len(text):
        yield opened, len(text)


def _blocks(text: str, start: int, end: int) -> Iterator[Span]:
    """Paragraphs, list items and headings; a line that merely wraps goes on."""
    opened, line_start = start, start
    newline = text.find("\n", start, end)
    while newline >= 0:
        if _ends_block(text[line_start:newline].strip(), text[newline + 1 : min(newline + 100, end)]):
            yield opened, newline
            opened = newline + 1
        line_start = newline + 1
        newline = text.find("\n", line_start, end)
    yield opened, end


def _ends_block(line: str, following: str) -> bool:
    next_line = following.partition("\n")[0].strip()
    if not next_line or not line or _ITEM.match(following) or line.startswith("#"):
        return True
    return len(line) < _WRAPPED and not (line.endswith(",") and next_line[0].islower())


def _sentences(text: str, start: int, end: int) -> Iterator[Span]:
    opened = start
    for stop in _STOP.finditer(text, start, end):
        if stop.end() < end and _is_end(text, start, stop):
            yield opened, stop.end()
            opened = stop.end()
    if opened < end:
        yield opened, end


def _is_end(text: str, block: int, stop: re.Match[str]) -> bool:
    """Whether a full stop, or an emoji, ends a sentence, given what stands on both sides."""
    after = text[stop.end() : stop.end() + 12]
    if stop["face"]:
        return after[:1].isupper()
    mark = stop["mark"]
    if mark[0] in "。！？":
        return True
    if after[:1].islower() and (any(c in "\"'”’»)" for c in stop["close"]) or "…" in mark or mark.startswith("..")):
        return False
    return mark != "." or not _is_abbreviation(text, block, stop.start(), after)


def _is_abbreviation(text: str, block: int, dot: int, after: str) -> bool:
    token = _LAST_TOKEN.search(text[max(block, dot - 20) : dot])
    word = token[0] if token else ""
    if _DAY_NUMBER.fullmatch(word):
        is_list_number = not text[block : dot - len(word)].strip()
        return is_list_number or _MONTH.match(after) is not None
    if len(word) == 1 and word.isupper() and word != "I":
        return after[:1].isupper()
    folded = word.casefold()
    if _BEFORE_NUMBER.fullmatch(folded):
        return after[:1].isdigit()
    if _TITLES.fullmatch(folded):
        return True
    return _SHORT.fullmatch(folded) is not None and not after[:1].isupper()


def _bare(text: str, start: int, end: int) -> Span:
    """The span without white space at its ends and without bullets and heading marks in front."""
    markers = _MARKERS.match(text, start, end)
    start = markers.end() if markers else start
    while end > start and (text[end - 1].isspace() or text[end - 1] == "|"):
        end -= 1
    return start, end


def _joined(text: str, sentences: Sequence[Span]) -> list[Span]:
    """Fragments go with what follows them; the last one with what stands before it."""
    joined: list[Span] = []
    waiting: int | None = None
    for start, end in sentences:
        start = start if waiting is None else waiting
        if count_words(text, start, end) < MIN_WORDS:
            waiting = start
        else:
            joined.append((start, end))
            waiting = None
    if waiting is not None:
        first = joined.pop()[0] if joined else waiting
        joined.append((first, sentences[-1][1]))
    return joined


def _split_long(text: str, start: int, end: int) -> Iterator[Span]:
    """Pieces of at most MAX_WORDS, cut at the last clause border that leaves no fragment."""
    words = [match.span() for match in _WORD.finditer(text, start, end)]
    first, opened = 0, start
    while len(words) - first > MAX_WORDS:
        cut = _best_cut(text, words, first)
        if cut is None:
            break
        gap_start, gap_end = words[cut - 1][1], words[cut][0]
        position = _cut_in_gap(text, gap_start, gap_end)
        yield _bare(text, opened, position)
        first, opened = cut, position
    yield _bare(text, opened, end)


def _best_cut(text: str, words: Sequence[Span], first: int) -> int | None:
    """Index of the word that the next piece begins with; None if nothing separates the words."""
    limit = min(first + MAX_WORDS, len(words) - MIN_WORDS)
    fallback: int | None = None
    for index in range(limit, first + MIN_WORDS, -1):
        rank = _rank(text, words, index)
        if rank == 2:
            return index
        if rank == 1 and fallback is None:
            fallback = index
    if fallback is not None:
        return fallback
    return next((i for i in range(limit + 1, len(words)) if _rank(text, words, i)), None)


def _rank(text: str, words: Sequence[Span], index: int) -> int:
    """How well one may cut in front of a word: 2 at a clause, 1 at a space, 0 not at all."""
    gap = text[words[index - 1][1] : words[index][0]]
    if _CLAUSE_END.search(gap):
        return 2
    if any(c.isspace() for c in gap):
        return 2 if _CONJUNCTION.match(text, *words[index]) else 1
    return 1 if not gap and len(text[slice(*words[index])]) == 1 else 0


def _cut_in_gap(text: str, start: int, end: int) -> int:
    return next((i for i in range(start, end) if text[i].isspace()), end)
