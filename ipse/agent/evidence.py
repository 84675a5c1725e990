"""Which of the person's sentences, and of what others told them, speak to a question or against a draft.

Sentences are found by meaning, with what stands beside them, and then read there: "she is from 1987" is
understood through the sentence before it that names the oven. Each piece of evidence knows whom it is about, so that
an answer never gives another's fact as the person's own. Nothing is answered here.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np

from ipse.agent.period import timely
from ipse.agent.sentences import excerpt
from ipse.keyphrases import content_words, stem
from ipse.llm.biencoder import default_biencoder
from ipse.llm.crossencoder import ME, CrossEncoder, Line, Task, Window
from ipse.llm.known import KnownTexts
from ipse.llm.protocol import Embedder, Vectors
from ipse.llm.sense import neutral
from ipse.store.protocol import Store
from ipse.teacher.subject import RELATIONS, introduced, subject_of
from ipse.types import Chunk, Person

NEAREST, AROUND, MOST_LINES = 18, 1, 8
"""How many of the nearest sentences are read, with how many on either side, in windows of how many at most."""
MEANING, TURNED, ADDED = 12.0, 3.0, 3.35
"""Log-odds for each point of nearness in meaning and of that of turned vectors, less what the two add on average: the
reader and the vectors err in different places."""
RIVALS, AGAIN = 8, 0.7
"""How many of the best are read once more beside each other, and the share of that in their log-odds."""
SAME_MATTER = 0.35
"""Least cosine of two sentences without a word in common for one to take the place of the other."""
SURE_SLOPE, SURE_OFFSET = 0.59, -1.26
"""Of log-odds; fitted by logistic regression to 767 questions of lives that the reader has not seen."""
NAMED = 0.95
"""Likelihood that a sentence is wanted which names the thing that was asked for."""
OWN, BEFORE, AFTER, SHARED = 0.55, 0.30, 0.15, 0.03
"""Weights of a sentence's own meaning, of its neighbours', and of each rare word it shares with the question."""

_TAKES_PART = re.compile(
    r"\b(?:I(?! (?:think|guess|believe|mean|suppose|hope|bet|heard)\b)|I'm|I've|I'd|I'll|[Ww]e|me|us)\b"
)
_OF_A_THING = re.compile(r"(?:(?:and|but|so) )?(?:the|an?|it|there)\b", re.I)
"""Begins a clause about no person."""
_SPEAKS_OF_SELF = re.compile(r"\b(?:I|I'm|I've|I'll|my|me)\b")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence, how well it speaks to the question, and whom it is about.

    `score` is a likelihood, 0 to 1, from `Library.search`, and a nearness from `Library.near`. `words` are those of the
    sentence that answer, from `search` alone.
    """

    chunk: Chunk
    score: float
    subject: str
    words: str = ""


class Library:
    """All chunks of a person with their vectors, ready to be searched many times."""

    def __init__(
        self,
        person: Person,
        chunks: Sequence[Chunk],
        vectors: Vectors,
        embedder: Embedder,
        reader: CrossEncoder,
        judge: CrossEncoder,
    ) -> None:
        """`vectors` are the chunks', row by row; `reader` tells what answers, `judge` what speaks against."""
        self.person = person
        self.embedder: Embedder = KnownTexts(embedder, [c.text for c in chunks], vectors)
        self.reader = reader
        self.judge = judge
        self.biencoder = default_biencoder()
        self.chunks = chunks
        self.vectors = vectors
        self.subjects = _subjects(self.chunks, self.person)
        self._row = {chunk.id: i for i, chunk in enumerate(self.chunks)}
        self.stems = [frozenset(stem(w) for w in content_words(c.text)) for c in self.chunks]
        self._frequency = Counter(s for stems in self.stems for s in stems)

    @classmethod
    def of(cls, store: Store, embedder: Embedder, reader: CrossEncoder, judge: CrossEncoder) -> Library:
        """Everything in the store."""
        chunks = store.chunks()
        ids, vectors = store.vectors()
        place = {chunk_id: i for i, chunk_id in enumerate(ids)}
        rows = [place[c.id] for c in chunks]
        own = vectors[rows] if rows else np.zeros((0, embedder.dims), np.float32)
        return cls(store.person, chunks, own, embedder, reader, judge)

    def near(self, text: str, limit: int = 6, *, own_only: bool = False) -> list[Evidence]:
        """Nearest in meaning first; assistants' replies are never evidence about the person."""
        scores = self._nearness(text)
        fits = [chunk.role == "self" if own_only else chunk.by_people for chunk in self.chunks]
        order = [i for i in np.argsort(-scores, kind="stable") if fits[i]][:limit]
        return [Evidence(self.chunks[i], float(scores[i]), self.subjects[i]) for i in order]

    def naming(self, stems: frozenset[str], question: str, limit: int = 6) -> list[Evidence]:
        """Those that have all these words, nearest to the question first; assistants' replies apart."""
        scores = self._nearness(question)
        named = [i for i, own in enumerate(self.stems) if stems <= own and self.chunks[i].by_people]
        best = sorted(named, key=lambda i: (-scores[i], i))[:limit] if stems else []
        return [Evidence(self.chunks[i], NAMED, self.subjects[i]) for i in best]

    def search(self, question: str, limit: int = 6) -> list[Evidence]:
        """Those that answer the question likeliest first: the nearest are read where they stand, then the best beside
        each other."""
        return self._found(self._answering(question))[:limit]

    def among(self, questions: Sequence[str], fits: Callable[[Chunk], bool]) -> list[Evidence]:
        """As `search`, but of the sentences that fit alone; the mean over one question put in several ways."""
        told = [i for i, chunk in enumerate(self.chunks) if chunk.by_people and fits(chunk)]
        if not told:
            return []
        ways = [self._answering(question, told) for question in questions]
        shared = set(ways[0]).intersection(*ways[1:])
        return self._found({i: (sum(way[i][0] for way in ways) / len(ways), ways[0][i][1]) for i in shared})

    def _found(self, answering: Mapping[int, tuple[float, str]]) -> list[Evidence]:
        best = sorted(answering.items(), key=lambda each: (-each[1][0], each[0]))
        return [Evidence(self.chunks[i], _likelihood(odds), self._whose(i, words), words) for i, (odds, words) in best]

    def _whose(self, i: int, words: str) -> str:
        """Whom the clause is about in which the words begin: of "Rhona has changed the rota, the late clinic is on
        Tuesdays now" the second half isn't about Rhona."""
        chunk, subject = self.chunks[i], self.subjects[i]
        if subject == "self" or chunk.role != "self":
            return subject
        return "self" if _OF_A_THING.match(excerpt(chunk.text, words, 0)) else subject

    def _answering(self, question: str, only: Sequence[int] | None = None) -> dict[int, tuple[float, str]]:
        """The log-odds of the best, of all or of some alone, each with the words that would answer."""
        asked = Window(neutral(question, self.person.names), ())
        turned = self._turned @ self.biencoder.asked(self.embedder.embed([asked.text]))[0]
        near = sorted(range(len(self.chunks)) if only is None else only, key=lambda i: (-turned[i], i))[:NEAREST]
        read = self._read("answers", asked, near)
        timed = np.array(timely(question, self.chunks), np.float32)
        added = MEANING * self._nearness(question) + TURNED * turned - ADDED + timed
        found = {i: odds + float(added[i]) for i, (odds, _) in read.items() if only is None or i in near}
        rivals = sorted(found, key=lambda i: (-found[i], i))[:RIVALS]
        again = self._beside_each_other(asked, rivals)
        return {i: (AGAIN * (odds + float(timed[i])) + (1 - AGAIN) * found[i], read[i][1]) for i, odds in again.items()}

    def _with(self, asked: Window, run: Sequence[int]) -> Window:
        """What is asked beside these chunks."""
        return replace(asked, lines=tuple(self._line(i) for i in run))

    def _beside_each_other(self, asked: Window, places: Sequence[int]) -> dict[int, float]:
        """The log-odds of these read in one window in order of time, so that what is told later can take the place of
        what was told before. The last of `places` are left out if they don't all fit."""
        if not places:
            return {}
        ordered = sorted(places, key=lambda i: (day_of(self.chunks[i]), i))
        odds = self.reader.read([self._with(asked, ordered)])[0].scores
        if not all(map(math.isfinite, odds)):
            return self._beside_each_other(asked, places[:-1])
        return dict(zip(ordered, odds, strict=True))

    def same_matter(self, one: Chunk, other: Chunk) -> bool:
        """Whether two of its chunks have a content word in common, or come near in meaning."""
        i, j = self._row[one.id], self._row[other.id]
        return bool(self.stems[i] & self.stems[j]) or float(self.vectors[i] @ self.vectors[j]) >= SAME_MATTER

    def against(self, draft: str, request: str) -> dict[str, float]:
        """chunk id -> log-odds that it speaks against a sentence of a draft, for the nearest."""
        said = Window(draft, (), neutral(request, self.person.names))
        nearness = self._nearness(draft)
        read = self._read("against", said, [int(i) for i in np.argsort(-nearness, kind="stable")[:NEAREST]])
        return {self.chunks[i].id: odds for i, (odds, _) in read.items()}

    def _read(self, task: Task, asked: Window, places: Sequence[int]) -> dict[int, tuple[float, str]]:
        """The log-odds of the sentences there and of those around them, assistants' left out, each with the words
        that would answer."""
        runs = self._runs(places)
        windows = [self._with(asked, run) for run in runs]
        found: dict[int, tuple[float, str]] = {}
        reader = self.reader if task == "answers" else self.judge
        for run, reading in zip(runs, reader.read(windows, task), strict=True):
            words = reading.answers or [""] * len(run)
            for i, odds, answer in zip(run, reading.scores, words, strict=True):
                if self.chunks[i].by_people and odds >= found.get(i, (-math.inf, ""))[0]:
                    found[i] = odds, answer
        return found

    def answering(self, question: str, statements: Sequence[str]) -> list[float]:
        """How likely each of the person's statements, by itself, answers the question."""
        asked = neutral(question, self.person.names)
        return [_likelihood(odds) for odds in self.reader.alone([(asked, text) for text in statements])]

    @cached_property
    def _turned(self) -> Vectors:
        """The chunks' vectors, turned to where questions that they answer lie."""
        rows = range(len(self.chunks))
        before, after = (self.vectors[[self._neighbour(i, step) for i in rows]] for step in (-1, 1))
        by_others = np.array([chunk.role != "self" for chunk in self.chunks], np.float32)
        return self.biencoder.told(self.vectors, before, after, by_others)

    def _nearness(self, text: str) -> Vectors:
        """Each chunk's likeness to the text, with its neighbours' and that of rare words they share."""
        asked = self.embedder.embed([text, neutral(text, self.person.names)]).mean(0)
        plain = self.vectors @ (asked / np.linalg.norm(asked))
        scores: Vectors = OWN * plain + BEFORE * self._beside(plain, -1) + AFTER * self._beside(plain, 1)
        wanted = {stem(w) for w in content_words(text)} - {stem(w) for n in self.person.names for w in n.split()}
        for i, stems in enumerate(self.stems):
            rare = [s for s in stems & wanted if self._frequency[s] <= max(3, len(self.chunks) // 30)]
            scores[i] += SHARED * min(2, len(rare))
        return scores

    def _runs(self, places: Sequence[int]) -> list[list[int]]:
        """Runs of chunks of one source that hold the places and what stands around them."""
        wanted = sorted(
            {
                j
                for i in places
                for j in range(max(0, i - AROUND), min(len(self.chunks), i + AROUND + 1))
                if self.chunks[j].source_id == self.chunks[i].source_id
            }
        )
        runs: list[list[int]] = []
        for i in wanted:
            follows = runs and runs[-1][-1] == i - 1 and self.chunks[i - 1].source_id == self.chunks[i].source_id
            if follows and len(runs[-1]) < MOST_LINES:
                runs[-1].append(i)
            else:
                runs.append([*(runs[-1][-AROUND:] if follows else ()), i])
        return runs

    def _line(self, i: int) -> Line:
        chunk = self.chunks[i]
        return Line(ME if chunk.role == "self" else chunk.speaker or chunk.role, chunk.text)

    def _beside(self, plain: Vectors, step: int) -> Vectors:
        """Each chunk's neighbour's similarity, or its own where the neighbour is another source's."""
        return plain[[self._neighbour(i, step) for i in range(len(self.chunks))]]

    def _neighbour(self, i: int, step: int) -> int:
        """The place of the chunk before or after, or its own where that is another source's."""
        j = i + step
        own = 0 <= j < len(self.chunks) and self.chunks[j].source_id == self.chunks[i].source_id
        return j if own else i


def day_of(chunk: Chunk) -> date:
    """The day it was said; what has no date comes before all that has."""
    return chunk.at.date() if chunk.at else date.min


def probability(likelihood: float) -> float:
    """How often the sentence with that likelihood, being the best, is right: the reader is over-sure of itself."""
    odds = math.log(max(1e-9, likelihood) / max(1e-9, 1 - likelihood))
    return _likelihood(SURE_SLOPE * odds + SURE_OFFSET)


def _likelihood(odds: float) -> float:
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, odds))))


def _subjects(chunks: Sequence[Chunk], person: Person) -> list[str]:
    """Whom each chunk is about; "he" and "she" go back within a turn.

    The person's own sentence is about another only if that one is known as somebody and the person has no part in it:
    "Choir is on Wednesdays now" and "Miss Opal has asked me to help" are about the person.
    """
    known = {"other", *RELATIONS, *_people(chunks)}
    found: list[str] = []
    for i, chunk in enumerate(chunks):
        before = found[i - 1] if i and chunks[i - 1].turn_id == chunk.turn_id else "self"
        subject = subject_of(chunk.text, before, person.names)
        if chunk.role == "self" and (subject.split()[0] not in known or _TAKES_PART.search(chunk.text)):
            subject = "self"
        if chunk.role == "other" and subject == "self" and _SPEAKS_OF_SELF.search(chunk.text):
            subject = chunk.speaker
        found.append(subject)
    return found


def _people(chunks: Sequence[Chunk]) -> set[str]:
    """Words of the names of those who wrote to the person, and of whom the person introduced."""
    wrote = {word for chunk in chunks if chunk.role == "other" for word in chunk.speaker.split()}
    return wrote.union(*(introduced(chunk.text) for chunk in chunks if chunk.role == "self"))


def asks_about_other(question: str, person: Person) -> bool:
    """Whether the question itself is about somebody in the person's life ("my son", "Jonas")."""
    bare = neutral(question, person.names).replace("this person", " ")
    words = re.findall(r"[\w'-]+", bare)
    if any(w.casefold().removesuffix("'s") in RELATIONS for w in words):
        return True
    return any(w[0].isupper() and w != "I" and not w.startswith("I'") for w in words[1:])
