"""What the tests of enhance, critique and loop share: invented people, told in their own sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from ipse.agent.critique import critique
from ipse.agent.enhance import enhance
from ipse.agent.evidence import Library
from ipse.llm.crossencoder import default_judge, default_reader
from ipse.llm.minilm import default_embedder
from ipse.teacher.subject import subject_of
from ipse.types import Chunk, Critique, Enhanced, Fact, Person, Perspective, new_id

MORNING = datetime(2025, 3, 1, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Known:
    """A person with the facts and sentences that are known of them."""

    person: Person
    facts: tuple[Fact, ...]
    chunks: tuple[Chunk, ...]
    private: tuple[str, ...] = ()
    """A text with one of these words is private."""
    manner: str = ""
    """How they like to be answered."""

    def are_private(self, texts: Sequence[str]) -> list[bool]:
        return [any(word in text.casefold() for word in self.private) for text in texts]

    def preamble(self) -> str:
        return self.manner

    @cached_property
    def library(self) -> Library:
        vectors = default_embedder().embed([c.text for c in self.chunks])
        return Library(self.person, self.chunks, vectors, default_embedder(), default_reader(), default_judge())

    def enhance(self, query: str, perspective: Perspective = "self") -> Enhanced:
        return enhance(query, self.facts, self.library, perspective, self.are_private)

    def critique(self, query: str, response: str) -> Critique:
        return critique(query, response, self.facts, self.library, self.are_private)


def told(person: Person, sentences: Sequence[str], *more: Fact, private: tuple[str, ...] = ()) -> Known:
    """A person from sentences, an hour apart; "Lene: ..." is somebody else's ("Assistant: ..." the assistant's),
    "+ ..." goes on in the same turn."""
    chunks: list[Chunk] = []
    turn, at = "", MORNING
    for ordinal, sentence in enumerate(sentences):
        goes_on, text = sentence.startswith("+ "), sentence.removeprefix("+ ")
        name, colon, rest = text.partition(": ")
        heard = bool(colon) and name.istitle() and " " not in name
        if not goes_on:
            turn, at = new_id("turn", person.name, ordinal), MORNING + timedelta(hours=ordinal)
        chunks.append(
            Chunk(
                id=new_id("chunk", person.name, ordinal),
                source_id=new_id("source", person.name),
                turn_id=turn,
                role="assistant" if heard and name == "Assistant" else "other" if heard else "self",
                speaker=name if heard else person.name,
                text=rest if heard else text,
                at=at,
                start=0,
                end=len(text),
                ordinal=ordinal,
            )
        )
    facts = [
        Fact(new_id("fact", c.text), c.text, (c.id,), subject=subject_of(c.text, "self", person.names))
        for c in chunks
        if c.role == "self"
    ]
    return Known(person, (*facts, *more), tuple(chunks), private)


TOMAS = told(
    Person("Tomás Berg", "he/him"),
    [
        "I've been vegan since I was nineteen and no, I don't miss cheese.",
        "Night shift again, home at 7:30.",
        "Please nobody ring me before three in the afternoon, I'm a bat.",
        "I sold the Volvo in January, it ate more than I do.",
        "I go everywhere on the e-bike now, even in snow.",
        "Being left-handed means every tin opener hates me.",
        "Ada turned six, she is allergic to peanuts so the cake was poppy seed.",
        "When you answer me, no emojis please, I'm forty.",
        "Prices in kroner, always.",
        "Use the 24-hour clock, am and pm confuse me.",
        "Give me metric, I have no idea what an ounce is.",
        "My sister Ingrid drinks red wine with everything.",
        "Lene: I hate olives, you know that",
        "The overdraft is at forty thousand.",
        "+ Nobody knows about it.",
    ],
)

RUTH = told(
    Person("Ruth Ackroyd", "she/her"),
    [
        "Dr Shah says no salt, so soup tastes like a wet sock.",
        "I'm a coeliac, they found it in 2011.",
        "I gave up driving after the cataract, best thing the buses ever got.",
        "The choir is on Wednesday evenings.",
        "Never on a Wednesday, that's sacred.",
        "I can't abide exclamation marks, they are people shouting.",
        "Three sentences at most, dear, I read on the bus.",
        "I'm in bed by half past nine with the wireless.",
        "My daughter Jill lives in Hull with the twins.",
        "The shop is closed on Mondays.",
        "Always end with the next step so that I know what to do.",
    ],
)
