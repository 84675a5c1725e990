"""The documents the base is trained on: conversations in the served chat template.

A document is a list of messages; every user message carries the text its sense is taken from.
Kinds: memory QA over notes (with change over time, other speakers' facts, absence), recall of the
person's own sentences, enhance, critique, real dialogue. Facts are always given in the document:
the base learns to use them, never to know anybody.
"""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from ipse.llm.protocol import Embedder
from ipse.teacher.grammar import Attribute, attributes
from ipse.types import PERSPECTIVES, Message, Person, Perspective
from ipse.voice import REFUSAL, both_questions, second, system, third, unknown, wrote
from pretrain import world


@dataclass(frozen=True, slots=True)
class Document:
    """`senses[i]` are the texts whose mean vector stands before the i-th user message.

    More than one makes the sense vaguer: so far from what is meant as a free wording is.
    """

    kind: str
    messages: tuple[Message, ...]
    senses: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Dialogues:
    """Openly licensed persona dialogue, read once: whole chats and what can be cut from them."""

    chats: list[list[str]] = field(default_factory=list)
    replies: list[tuple[str, str]] = field(default_factory=list)
    """(question, reply) pairs that followed each other."""
    sentences: list[str] = field(default_factory=list)
    asking: dict[str, list[str]] = field(default_factory=dict)
    """Sentence -> questions of the dialogues that it could answer, as far as meaning tells."""


def read_dialogues(folder: Path) -> Dialogues:
    """Reads Synthetic-Persona-Chat (CC BY 4.0) and MemoryBank (MIT) under `folder`."""
    found = Dialogues()
    with (folder / "spc" / "valid.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.reader(handle):
            found.sentences.extend(line.strip() for cell in row[:2] for line in cell.splitlines() if line.strip())
            found.chats.append(
                [re.sub(r"^User \d: ?", "", line).strip() for line in row[2].splitlines() if line.strip()]
            )
    for name in ("memory_bank_en.json",):
        for user in json.loads((folder / "memorybank" / name).read_text(encoding="utf-8")).values():
            for day in user["history"].values():
                found.chats.append([text for turn in day for text in (turn["query"], turn["response"])])
    found.chats[:] = [c for c in found.chats if len(c) >= 2]
    for chat in found.chats:
        for asked, said in pairwise(chat):
            if asked.endswith("?") and 3 <= len(said.split()) <= 30 and not said.endswith("?"):
                question = re.split(r"(?<=[.!?])\s+", asked)[-1]
                if len(question.split()) >= 4:
                    found.replies.append((question, said))
        for text in chat:
            found.sentences.extend(
                s for s in re.split(r"(?<=[.!?])\s+", text) if 5 <= len(s.split()) <= 24 and not s.endswith("?")
            )
    found.sentences[:] = sorted(set(found.sentences))
    return found


def match_questions(dialogues: Dialogues, embedder: Embedder, least: float = 0.5, most: int = 4) -> None:
    """Fills `asking`: for each sentence up to `most` real questions with a cosine of at least `least`."""
    questions = sorted({q for q, _ in dialogues.replies})
    asked = embedder.embed(questions)
    for start in range(0, len(dialogues.sentences), 512):
        part = dialogues.sentences[start : start + 512]
        near = embedder.embed(part) @ asked.T
        for sentence, row in zip(part, near, strict=True):
            best = [int(i) for i in np.argsort(-row)[:most] if row[i] >= least]
            if best:
                dialogues.asking[sentence] = [questions[i] for i in best]


def ask_as(question: str, person: Person, perspective: Perspective) -> str:
    return question if perspective == "self" else third(question, person)


def answer_as(attribute: Attribute, value: str, person: Person, perspective: Perspective) -> str:
    if perspective == "self":
        return attribute.state(value)
    return third(attribute.state(value, attribute.statements[0]), person)


class Corpus:
    """Draws documents without end. The same seed draws the same ones."""

    def __init__(self, dialogues: Dialogues, seed: int) -> None:
        self.dialogues = dialogues
        self.rng = random.Random(seed)
        self.attributes = list(attributes().values())

    def __iter__(self) -> Iterator[Document]:
        kinds = [self.memory, self.recall, self.chat, self.enhance, self.critique, self.closed]
        weights = [46, 26, 12, 5, 5, 6]
        while True:
            yield self.rng.choices(kinds, weights)[0]()

    def memory(self) -> Document:
        """Notes of one person (and now and then of others), then several questions about them."""
        rng = self.rng
        who, perspective = world.person(rng), rng.choice(PERSPECTIVES)
        facts = world.life(rng, rng.randint(2, 7))
        told = {t.attribute.id for t in facts}
        others = [t for t in world.life(rng, rng.choice([0, 0, 1, 2])) if t.attribute.id not in told]
        lines = [self._dated(t.statement) for t in facts]
        lines += [f"{world.invented_name(rng)} said: {t.statement}" for t in others]
        latest = {t.attribute.id: t for t in facts}
        if rng.random() < 0.3:
            old = rng.choice(facts)
            if not old.attribute.many:
                new = world.tell(old.attribute, rng)
                lines = [
                    f"2024: {t.statement}" if t is old else line for t, line in zip(facts + others, lines, strict=True)
                ]
                lines.append(f"2025: {new.statement}")
                latest[old.attribute.id] = new
        rng.shuffle(lines)
        messages = [Message("system", system(who, perspective) + "\n" + "\n".join("- " + line for line in lines))]
        senses: list[tuple[str, ...]] = []
        absent = [a for a in self.attributes if a.id not in told]
        for _ in range(rng.randint(3, 6)):
            draw = rng.random()
            fact, second_fact = (latest[t.attribute.id] for t in rng.choices(facts, k=2))
            if draw < 0.22:
                question, sense = self._question(rng.choice([t.attribute for t in others] or absent))
                reply = unknown(who, perspective)
            elif draw < 0.30 and fact is not second_fact:
                asked = [self._question(f.attribute) for f in (fact, second_fact)]
                question, sense = (both_questions(asked[0][i], asked[1][i]) for i in range(2))
                reply = " ".join(answer_as(f.attribute, f.value, who, perspective) for f in (fact, second_fact))
            elif draw < 0.80:
                question, sense = self._question(fact.attribute)
                reply = answer_as(fact.attribute, fact.value, who, perspective)
            else:
                question, reply = self._check(fact, who, perspective)
                sense = question
            messages += [Message("user", ask_as(question, who, perspective)), Message("assistant", reply)]
            senses.append((sense,))
        return Document("memory", tuple(messages), tuple(senses))

    def recall(self) -> Document:
        """The person's own sentences, asked for by real questions or by their key words."""
        rng = self.rng
        who, perspective = world.person(rng), rng.choice(PERSPECTIVES)
        asked = rng.sample(self.dialogues.replies, 3)
        plain = [s for s in rng.sample(self.dialogues.sentences, rng.randint(2, 4)) if len(s.split()) > 3]
        lines = [said for _, said in asked[:2]] + plain
        rng.shuffle(lines)
        messages = [Message("system", system(who, perspective) + "\n" + "\n".join("- " + line for line in lines))]
        senses = []
        rounds: list[tuple[str, str | None]] = [(q, s) for q, s in asked[:2]] + [(asked[2][0], None)]
        rounds += [(self._asking(s), s) for s in plain]
        rng.shuffle(rounds)
        for question, sentence in rounds[:4]:
            reply = wrote(who, perspective, sentence) if sentence else unknown(who, perspective)
            messages += [Message("user", self._about(question, who, perspective)), Message("assistant", reply)]
            senses.append(self._vague(self._about(question, who, "self"), sentence))
        return Document("recall", tuple(messages), tuple(senses))

    def chat(self) -> Document:
        """Plain small talk, so that general ability means something."""
        lines = self.rng.choice(self.dialogues.chats)
        start = self.rng.randrange(0, max(1, len(lines) - 7))
        part = lines[start : start + self.rng.randint(4, 8)]
        messages = [Message("user" if i % 2 == 0 else "assistant", text) for i, text in enumerate(part)]
        if messages[-1].role == "user":
            messages.pop()
        return Document("chat", tuple(messages), tuple((m.content,) for m in messages if m.role == "user"))

    def closed(self) -> Document:
        """Nothing is given, so nothing is known; private things are refused to a third party."""
        rng = self.rng
        who, perspective = world.person(rng), rng.choice(PERSPECTIVES)
        told = world.tell(rng.choice(self.attributes), rng)
        messages = [Message("system", system(who, perspective))]
        senses: list[tuple[str, ...]] = []
        if perspective == "self" and rng.random() < 0.6:
            question, sense = self._question(told.attribute)
            messages += [Message("user", told.statement), Message("assistant", second(told.statement))]
            messages += [Message("user", question), Message("assistant", told.attribute.state(told.value))]
            senses += [(told.statement,), (sense,)]
        elif perspective == "third" and rng.random() < 0.4:
            question, sense = self._question(told.attribute)
            messages[0] = Message("system", f"{system(who, perspective)}\n- private: {told.statement}")
            messages += [Message("user", ask_as(question, who, perspective)), Message("assistant", REFUSAL)]
            senses.append((sense,))
        for _ in range(rng.randint(1, 2)):
            question, sense = self._question(rng.choice(self.attributes))
            if rng.random() < 0.4:
                question = sense = rng.choice(self.dialogues.replies)[0].replace("you", "I")
            messages += [
                Message("user", ask_as(question, who, perspective)),
                Message("assistant", unknown(who, perspective)),
            ]
            senses.append((sense,))
        return Document("closed", tuple(messages), tuple(senses))

    def enhance(self) -> Document:
        rng = self.rng
        who = world.person(rng)
        facts = world.life(rng, rng.randint(2, 5))
        wanted = rng.choice(facts)
        request = f"Help me with my {wanted.attribute.label}."
        notes = "\n".join("- " + t.statement for t in facts)
        reply = f"{request} Keep in mind: {wanted.attribute.state(wanted.value)}"
        messages = (
            Message("system", f"Enhance for {who.short}.\n{notes}"),
            Message("user", request),
            Message("assistant", reply),
        )
        return Document("enhance", messages, ((request,),))

    def critique(self) -> Document:
        rng = self.rng
        who = world.person(rng)
        facts = world.life(rng, rng.randint(2, 4))
        judged = rng.choice(facts)
        right = rng.random() < 0.5
        shown = judged.value if right else world.any_value(judged.attribute, rng)
        request = f"What about my {judged.attribute.label}?\nReply: {judged.attribute.state(shown)}"
        known = judged.attribute.state(judged.value)
        reply = f"Approve: {known}" if right else f"Flag: {known}"
        notes = "\n".join("- " + t.statement for t in facts)
        messages = (
            Message("system", f"Critique for {who.short}.\n{notes}"),
            Message("user", request),
            Message("assistant", reply),
        )
        return Document("critique", messages, ((request,),))

    def _question(self, attribute: Attribute) -> tuple[str, str]:
        """A wording, and the wording whose sense stands before it: usually another one."""
        return self.rng.choice(attribute.questions), self.rng.choice(attribute.questions)

    def _check(self, fact: world.Told, who: Person, perspective: Perspective) -> tuple[str, str]:
        rng = self.rng
        truth = answer_as(fact.attribute, fact.value, who, perspective)
        lowered = truth if perspective == "third" else truth[0].lower() + truth[1:]
        plain = fact.attribute.statements[0]
        draw = rng.random()
        if draw < 0.34:
            return f"Is it true that {_lower(fact.attribute.state(fact.value, plain))}"[:-1].rstrip(
                "."
            ) + "?", f"Yes, {lowered}"
        if draw < 0.67:
            wrong = world.any_value(fact.attribute, rng)
            if wrong != fact.value:
                return f"Is it true that {_lower(fact.attribute.state(wrong, plain))}"[:-1].rstrip(
                    "."
                ) + "?", f"No, {lowered}"
        return f"What does {fact.value} have to do with me?", truth

    def _asking(self, sentence: str) -> str:
        """A question the sentence answers: a real one if meaning finds any, or one made of its words."""
        real = self.dialogues.asking.get(sentence)
        return self.rng.choice(real) if real and self.rng.random() < 0.6 else self._keywords(sentence)

    def _vague(self, question: str, sentence: str | None) -> tuple[str, ...]:
        """The question's sense, the sentence's own, or one between the sentence and something else said."""
        draw = self.rng.random()
        if sentence is None or draw < 0.45:
            return (question,)
        if draw < 0.6:
            return (sentence,)
        return sentence, *self.rng.sample(self.dialogues.sentences, self.rng.randint(1, 3))

    def _keywords(self, sentence: str) -> str:
        """A question made of the sentence's longer words."""
        words = [w.strip(".,!?\"'") for w in sentence.split() if len(w.strip(".,!?\"'")) > 3]
        self.rng.shuffle(words)
        shown = " and ".join(words[: self.rng.randint(1, 3)]) or sentence
        return self.rng.choice([f"What did I say about {shown}?", f"What about {shown}?", f"What was it with {shown}?"])

    def _about(self, question: str, who: Person, perspective: Perspective) -> str:
        """A question put to the person ("What are you studying?") as asked by or about them."""
        own = re.sub(r"\byou're\b", "I'm", question)
        own = re.sub(r"\b(are|were) you\b", lambda m: {"are": "am I", "were": "was I"}[m[1].lower()], own, flags=re.I)
        own = re.sub(r"\byou\b", "I", re.sub(r"\byour\b", "my", own))
        return ask_as(own[:1].upper() + own[1:], who, perspective)

    def _dated(self, statement: str) -> str:
        return f"{self.rng.randint(2015, 2026)}: {statement}" if self.rng.random() < 0.3 else statement


def _lower(text: str) -> str:
    return text if text.startswith(("I ", "I'")) else text[0].lower() + text[1:]
