"""Which sentences and words of a profile tell what is to be forgotten. Pure; knows no store.

A sentence tells it when most of its own telling words, or of what has to go, are the same, whoever it is said to:
"You carve birds with your granddaughter." tells "I carve birds with my granddaughter".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ipse.keyphrases import stems
from ipse.words.personality import sentences_of

SHARED = 0.6
LEAST = 2
"""Telling words that two sentences have to share; one alone says too little."""


@dataclass(frozen=True, slots=True)
class Unsaid:
    """What is not to be told any more, by its telling words: in what was asked to be forgotten one may be enough."""

    asked: frozenset[str]
    sentences: tuple[frozenset[str], ...]

    @classmethod
    def of(cls, asked: str, sentences: Iterable[str]) -> Unsaid:
        told = {stems(sentence) for sentence in sentences}
        return cls(stems(asked), tuple(words for words in told if len(words) >= LEAST))

    def tells(self, sentence: str) -> bool:
        words = stems(sentence)
        if self.asked and len(words & self.asked) >= SHARED * len(self.asked):
            return True
        return any(_alike(words, doomed) for doomed in self.sentences)

    def names(self, category: str) -> bool:
        """Whether a domain or the like is what was asked to be forgotten."""
        return bool(self.asked) and self.asked <= stems(category)

    def without(self, text: str) -> str:
        """The text's other sentences, each on its line; the very same text where all of them may stay."""
        gone = list(filter(self.tells, sentences_of(text)))
        if not gone:
            return text
        for sentence in gone:
            text = text.replace(sentence, "", 1)
        return "\n".join(line for line in map(str.strip, text.splitlines()) if line)


def _alike(words: frozenset[str], doomed: frozenset[str]) -> bool:
    shared = len(words & doomed)
    return shared >= LEAST and shared >= SHARED * min(len(words), len(doomed))
