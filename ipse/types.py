"""The nouns of ipse. Every layer speaks in these and none of them knows a layer.

All are frozen: a stage takes nouns and returns new ones. Times are timezone-aware UTC
`datetime`s or None when the source does not say. `refs` are ids of what a noun rests on;
following them back answers "why do you think that?", following them forward finds
everything that has to go when something is forgotten.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Role = Literal["self", "other", "assistant", "system"]
Kind = Literal["fact", "preference", "event", "relation", "habit", "opinion", "statement"]
Sensitivity = Literal["public", "personal", "private"]
Status = Literal["active", "superseded"]
Stance = Literal["stated", "inferred"]
Perspective = Literal["self", "third"]
PERSPECTIVES: tuple[Perspective, Perspective] = ("self", "third")
Task = Literal["memory", "enhance", "critique", "style"]
AdapterStatus = Literal["candidate", "live", "retired"]
Speaker = Literal["weights", "words", "raw", "nobody"]
Dimension = Literal["tone", "length", "density", "math_comfort", "level", "domain", "language"]
NUMERIC: tuple[Dimension, ...] = ("tone", "length", "density", "math_comfort", "level")
"""Each in [0, 1]: dry to warm, short to long, airy to packed, no formulas to formulas, beginner to expert."""
CATEGORICAL: tuple[Dimension, ...] = ("domain", "language")
DIMENSIONS: tuple[Dimension, ...] = (*NUMERIC, *CATEGORICAL)
SignalSource = Literal["thumb", "nudge", "about_me", "skip", "preview", "style", "onboarding", "refinement"]
Provenance = Literal["user_authored", "evolved", "onboarding", "empty"]
AmendmentStatus = Literal["proposed", "folded", "accepted", "dismissed"]
Vector = dict[str, float]
"""A point of a dimension: one share a category, or the number itself under the one key ""."""


def new_id(prefix: str, *parts: object) -> str:
    """An id that depends on content alone, so the same input always gives the same id."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{prefix}_{digest[:16]}"


@dataclass(frozen=True, slots=True)
class Person:
    """Whose self this is. `aliases` are further names and addresses they write under."""

    name: str
    pronouns: str = "they/them"
    aliases: tuple[str, ...] = ()
    language: str = "en"
    birth_year: int | None = None

    @property
    def id(self) -> str:
        return new_id("person", self.name.casefold())

    @property
    def short(self) -> str:
        """The name questions use: the first word of the display name."""
        return self.name.split()[0]

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class Source:
    """One file or message stream, known by the hash of its bytes."""

    id: str
    path: str
    format: str
    sha256: str
    added_at: datetime
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker said at one time.

    `place` addresses it for a human ("line 12", "messages[4]"). For plain-text formats
    `start` and `end` are character offsets in the decoded file; for structured formats
    (JSON, mail, PDF) they are offsets in the message's own text.
    """

    id: str
    source_id: str
    speaker: str
    role: Role
    text: str
    at: datetime | None
    place: str
    start: int
    end: int
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A sentence-sized piece of a turn: the unit that is searched, cited and learnt from."""

    id: str
    source_id: str
    turn_id: str
    role: Role
    speaker: str
    text: str
    at: datetime | None
    start: int
    end: int
    ordinal: int
    """Position in the source, counted over all its chunks."""

    @property
    def by_people(self) -> bool:
        """Whether the person or somebody else said it: what an assistant says is no evidence about anybody."""
        return self.role in ("self", "other")


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk as a teacher reads it: with the sentences around it and whose words they are."""

    chunk: Chunk
    before: tuple[Chunk, ...] = ()
    after: tuple[Chunk, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved chunk. `score` is the fused rank score; `similarity` the cosine in [-1, 1]."""

    chunk: Chunk
    score: float
    similarity: float


@dataclass(frozen=True, slots=True)
class Fact:
    """One atomic, dated, sourced thing that holds of the person.

    `attribute` and `value` are set when the statement was recognised; otherwise the statement
    itself is the fact and `key_phrases` say what it is about. `subject` is "self", or the name
    or relation of the other person it is about. `refs` are chunk ids.
    """

    id: str
    statement: str
    refs: tuple[str, ...]
    kind: Kind = "statement"
    subject: str = "self"
    attribute: str | None = None
    value: str | None = None
    key_phrases: tuple[str, ...] = ()
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    stance: Stance = "stated"
    confidence: float = 0.5
    sensitivity: Sensitivity = "personal"
    status: Status = "active"
    made_by: str = ""


@dataclass(frozen=True, slots=True)
class Entity:
    id: str
    name: str
    type: str
    count: int
    refs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    id: str
    subject: str
    relation: str
    object: str
    count: int
    refs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    id: str
    name: str
    count: int
    refs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Biography:
    """The person in a page, in three voices; each voice is a list of (sentence, fact ids)."""

    id: str
    first: tuple[tuple[str, tuple[str, ...]], ...]
    second: tuple[tuple[str, tuple[str, ...]], ...]
    third: tuple[tuple[str, tuple[str, ...]], ...]
    refs: tuple[str, ...]
    made_by: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A training example. The last message is the assistant's; loss falls on it alone."""

    id: str
    task: Task
    perspective: Perspective
    form: str
    """forward, reverse, yes, no, absence, trap, refusal, update, recall, enhance, approve, flag, style."""
    messages: tuple[Message, ...]
    refs: tuple[str, ...]
    made_by: str = ""

    @property
    def prompt(self) -> tuple[Message, ...]:
        return self.messages[:-1]

    @property
    def question(self) -> str:
        return self.messages[-2].content

    @property
    def answer(self) -> str:
        return self.messages[-1].content


@dataclass(frozen=True, slots=True)
class PreferencePair:
    """One prompt with a better and a worse answer, for DPO."""

    id: str
    prompt: tuple[Message, ...]
    chosen: str
    rejected: str
    refs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Adapter:
    """A trained adapter on disk: peft's files, recipe.json and scores.json in `path`."""

    id: str
    path: str
    status: AdapterStatus
    made_at: datetime
    parent: str | None = None
    scores: dict[str, float] = field(default_factory=dict)
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What ipse says, who of weights, words and raw said it, and what it rests on."""

    text: str
    confidence: float
    spoke: Speaker
    refs: tuple[str, ...] = ()
    known: bool = True


@dataclass(frozen=True, slots=True)
class Enhanced:
    """The request, enriched with what matters about the person."""

    text: str
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Critique:
    verdict: Literal["approve", "flag"]
    feedback: str
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that could not be read or made: where, and why. Nothing is dropped without one."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What `forget` removed, by noun, and which adapter replaced which."""

    id: str
    request: str
    at: datetime
    removed: dict[str, tuple[str, ...]]
    destroyed_adapters: tuple[str, ...] = ()
    new_adapter: str | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """One observation of how the person likes to be answered. The log of them is only ever added to."""

    id: str
    dimension: Dimension
    value: float | str
    """A number in [0, 1] for `NUMERIC` dimensions, a category for the others."""
    source: SignalSource
    at: datetime
    refs: tuple[str, ...] = ()
    """What it was read off: a source for "style", a reply for "thumb", replies for "refinement"."""


@dataclass(frozen=True, slots=True)
class Detector:
    """What the drift detector keeps of one dimension; see `ipse.words.drift`."""

    mean: Vector = field(default_factory=dict)
    """The slow mean that the last few signals are held against."""
    count: int = 0
    """Signals since it began, or began anew after a flag."""
    steps: tuple[float, ...] = ()
    """Sizes of the last steps from one signal to the next: how noisy the dimension is."""
    peak: float = 0.0
    """The largest statistic since it began, and where and when that was."""
    peak_before: Vector = field(default_factory=dict)
    peak_after: Vector = field(default_factory=dict)
    peak_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Preference:
    """One dimension as it stands: the last values as they came, and what was before them, fading."""

    dimension: Dimension
    count: int = 0
    window: tuple[float | str, ...] = ()
    ema: Vector = field(default_factory=dict)
    ema_variance: float = 0.0
    outright: bool = False
    """Whether the person ever said so themselves (a control, the quiz, about-me), not only by thumbs."""
    detector: Detector = field(default_factory=Detector)


@dataclass(frozen=True, slots=True)
class Drift:
    """A dimension that has moved: flagged, never acted upon."""

    id: str
    dimension: Dimension
    at: datetime
    statistic: float
    before: Vector
    after: Vector


@dataclass(frozen=True, slots=True)
class Paragraph:
    """How to answer the person, in the second person; `refs` of a sentence are dimensions, "about_me" or "user"."""

    id: str
    sentences: tuple[tuple[str, tuple[str, ...]], ...]
    provenance: Provenance
    made_at: datetime
    made_by: str

    @property
    def text(self) -> str:
        return " ".join(sentence for sentence, _ in self.sentences)


@dataclass(frozen=True, slots=True)
class Wording:
    """What a language model made of a paragraph. `of` tells what it was shown: other words make it void.

    Without sentences it has read a pinned one, and nothing of it was worded anew.
    """

    of: str
    made_by: str
    sentences: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """What the person decided about their profile, and how much has come in."""

    about_me: str = ""
    pinned: str | None = None
    """Their own paragraph; while it is there nothing else is told."""
    stands_for: Vector = field(default_factory=dict)
    """What their own words are taken to mean: the numeric preferences as they were when that was pinned, or what a
    language model reads in it.
    """
    onboarded: bool = False
    """The quiz was taken and has not yet been outgrown."""
    thumbs: int = 0
    nudges: int = 0
    replies: int = 0
    wording: Wording | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """How an agent's reply was written, each in [0, 1], and what the person thought of it. Its words are not kept.

    `density` and `tone` are None in a language whose words nobody here can tell apart.
    """

    id: str
    at: datetime
    length: float
    density: float | None
    tone: float | None
    thumb: Literal["up", "down"] | None = None


@dataclass(frozen=True, slots=True)
class Amendment:
    """One sentence that would make the paragraph fit what was approved. `refs` are the replies it rests on."""

    id: str
    dimension: Dimension
    sentence: str
    expected: float
    approved: float
    at: datetime
    status: AmendmentStatus
    refs: tuple[str, ...] = ()
