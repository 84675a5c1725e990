"""Blanks a sentence inside the text it was cut from. Pure text; knows no row.

Spaces take its place, so the offsets of everything around it stay right.
"""

from __future__ import annotations

import re

from ipse.types import Chunk, Turn


def blank(turn: Turn, chunks: list[Chunk]) -> str:
    """The turn's text without the chunks' words, as long as before.

    The span a chunk names is trusted only when it holds the chunk's words. Otherwise the words are
    looked for, whatever the white space between them; when they can't be found the whole turn
    goes, because what has to be forgotten must not stay by accident.
    """
    text = turn.text
    for chunk in chunks:
        text = _without(text, chunk, chunk.start - turn.start)
    return text


def _without(text: str, chunk: Chunk, start: int) -> str:
    words = chunk.text.split()
    if not words:
        return text
    end = start + chunk.end - chunk.start
    if start >= 0 and text[start:end].split() == words:
        return text[:start] + " " * len(text[start:end]) + text[end:]
    pattern = re.compile(r"\s+".join(map(re.escape, words)))
    blanked, found = pattern.subn(lambda match: " " * len(match[0]), text)
    return blanked if found else " " * len(text)
