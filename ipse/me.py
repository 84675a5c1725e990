"""The verbs: what a person, a program, the command line and later the web call alike.

Each is a few lines that put the layers together; none holds logic of its own. Models are loaded
when a verb first needs them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ipse.config import Settings
from ipse.config import load as load_settings
from ipse.errors import StoreError, UsageError
from ipse.living import LivingProfile
from ipse.types import Adapter, Answer, Critique, Enhanced, Fact, Person, Perspective, Receipt

if TYPE_CHECKING:
    from ipse.agent.answer import Question, Source, Sources
    from ipse.agent.evaluate import Evaluation
    from ipse.agent.forget import Doomed
    from ipse.agent.loop import Turnover
    from ipse.llm.local import LocalChat
    from ipse.llm.protocol import Embedder
    from ipse.raw.run import AddReport
    from ipse.store.sqlite import SqliteStore
    from ipse.teacher.protocol import Teacher
    from ipse.weights.run import WeightsReport, WeightsSettings
    from ipse.words.run import WordsReport

Progress = Callable[[str, int, int], None]

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Learnt:
    """What `learn` did, layer by layer."""

    words: WordsReport
    weights: WeightsReport


class Me(LivingProfile):
    """One person's self in one home folder."""

    def __init__(self, store: SqliteStore, settings: Settings, clock: Callable[[], datetime] = utc_now) -> None:
        self.store = store
        self.settings = settings
        self.clock = clock

    @classmethod
    def open(cls, home: str | Path | None = None, person: str | None = None, **given: Any) -> Me:
        from ipse.store.sqlite import open_store

        settings = load_settings(home, **given)
        return cls(open_store(settings.home, person), settings)

    @classmethod
    def init(
        cls,
        home: str | Path | None,
        name: str,
        *,
        pronouns: str = "they/them",
        aliases: Sequence[str] = (),
        birth_year: int | None = None,
        language: str = "en",
        **given: Any,
    ) -> Me:
        """Creates the person, or brings their details up to date when they are there already."""
        from ipse.store.sqlite import create_person, open_store, people, update_person

        settings = load_settings(home, **given)
        person = Person(name, pronouns, tuple(aliases), language, birth_year)
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        earlier = {p.id: p for p in people(settings.home)}.get(person.id)
        if earlier is None:
            create_person(settings.home, person)
        else:
            known = (*earlier.aliases, *(a for a in aliases if a not in earlier.aliases))
            update_person(settings.home, replace(person, aliases=known, birth_year=birth_year or earlier.birth_year))
        return cls(open_store(settings.home, name), settings)

    @property
    def person(self) -> Person:
        return self.store.person

    @cached_property
    def embedder(self) -> Embedder:
        from ipse.llm.minilm import default_embedder

        return default_embedder()

    @cached_property
    def teacher(self) -> Teacher:
        if self.settings.teacher == "offline":
            from ipse.teacher.offline import OfflineTeacher

            return OfflineTeacher(self.embedder)
        from ipse.llm.openai import OpenAIChat
        from ipse.teacher.cache import DiskCache
        from ipse.teacher.grammar import attributes
        from ipse.teacher.llm import LLMTeacher

        model = OpenAIChat(self.settings.model_for("teacher"), self.settings.endpoint())
        return LLMTeacher(
            model,
            cot=self.settings.cot,
            cache=DiskCache(self.store.folder() / "teacher-cache.jsonl"),
            attributes=tuple(attributes()),
            prices=(self.settings.price_in, self.settings.price_out),
        )

    def add(self, *paths: str | Path, progress: Progress | None = None) -> AddReport:
        """Files and folders. Unchanged ones cost nothing; a bad one is reported and the rest goes on."""
        from ipse.raw.run import add
        from ipse.store.lock import at_work

        with at_work(self.store), self._changing():
            return add(self.store, [Path(p) for p in paths], self.embedder, self.clock, progress)

    def add_messages(self, messages: Sequence[dict[str, Any]]) -> AddReport:
        """OpenAI-style messages; `user` is the person."""
        from ipse.raw.run import add_messages
        from ipse.store.lock import at_work

        with at_work(self.store), self._changing():
            return add_messages(self.store, list(messages), self.embedder, self.clock)

    def add_text(self, text: str) -> AddReport:
        """Something the person wrote, as it is."""
        from ipse.raw.run import add_text
        from ipse.store.lock import at_work

        with at_work(self.store), self._changing():
            return add_text(self.store, text, self.embedder, self.clock)

    def learn(self, progress: Progress | None = None, settings: WeightsSettings | None = None) -> Learnt:
        """Words, then weights. Killed at any moment, the next call goes on where this one stood."""
        from ipse.store.lock import at_work
        from ipse.weights.run import WeightsSettings, learn_weights
        from ipse.words.profile import read_style
        from ipse.words.run import learn_words

        chosen = settings or WeightsSettings(seed=self.settings.seed)
        with at_work(self.store), self._changing():
            words = learn_words(self.store, self.teacher, self.embedder, self.clock, progress)
            read_style(self.store, self.clock())
            weights = learn_weights(
                self.store,
                self.teacher,
                self.embedder,
                self.settings.base,
                chosen,
                self.are_private,
                self.clock,
                progress,
            )
        return Learnt(words, weights)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """What was read before a change is read again after it, even when the change breaks off."""
        try:
            yield
        finally:
            self._forget_loaded()

    def _forget_loaded(self) -> None:
        for name in ("weights", "sources"):
            self.__dict__.pop(name, None)

    @cached_property
    def weights(self) -> LocalChat | None:
        """The base with the live adapter on, or None before anything was learnt."""
        from ipse.llm.local import LocalChat, load_base
        from ipse.weights import registry

        live = registry.live(self.store)
        if live is None:
            return None
        return LocalChat(load_base(self.settings.base), Path(live.path), self.embedder, self.person.names)

    @cached_property
    def sources(self) -> Sources:
        from ipse.agent.answer import Sources
        from ipse.agent.evidence import Library
        from ipse.llm.crossencoder import default_judge, default_reader
        from ipse.teacher.index import load_index

        library = Library.of(self.store, self.embedder, default_reader(), default_judge())
        return Sources(
            self.person,
            self.store.facts(),
            library,
            load_index(self.embedder),
            lambda texts: self.are_private(texts, library.embedder),
            self.weights,
        )

    def are_private(self, texts: Sequence[str], embedder: Embedder | None = None) -> list[bool]:
        """Which of the texts touch one of the private topics; many at once cost less than one by one."""
        from ipse.words.private import PRIVATE_FROM, private_scores

        scores = private_scores(texts, self.store.private_topics(), embedder or self.embedder).max(axis=1, initial=0.0)
        return [bool(score >= PRIVATE_FROM) for score in scores]

    def ask(
        self, question: str, perspective: Perspective = "self", source: Source = "all", asker: str | None = None
    ) -> Answer:
        """An answer with its refs, its confidence and who of weights, words and raw spoke.

        Naming an `asker` means the question comes from somebody else: the third perspective.
        """
        from ipse.agent.answer import Question

        seen: Perspective = "third" if asker else perspective
        return self.ask_many([Question("", question, seen)], source)[0]

    def ask_many(self, questions: Sequence[Question], source: Source = "all") -> list[Answer]:
        from ipse.agent.answer import ask

        return ask(questions, self.sources, source)

    def enhance(self, query: str, perspective: Perspective = "self") -> Enhanced:
        from ipse.agent.enhance import enhance

        s = self.sources
        return enhance(query, s.facts, s.library, perspective, s.are_private)

    def critique(self, query: str, response: str) -> Critique:
        from ipse.agent.critique import critique

        s = self.sources
        known = self.store.facts(include_superseded=True)
        return critique(query, response, known, s.library, s.are_private)

    def chat(self, request: str) -> Turnover:
        """enhance -> the configured agent model -> critique -> one revision; without one, what would be sent."""
        from ipse.agent.loop import chat

        agent = None
        if self.settings.agent_model is not None:
            from ipse.llm.openai import OpenAIChat

            agent = OpenAIChat(self.settings.agent_model, self.settings.endpoint())
        turn = chat(request, self, agent)
        if turn.answer is None:
            return turn
        try:
            return replace(turn, reply=self.note_reply(turn.answer))
        except StoreError as fault:  # the answer was waited and paid for: it must not be lost over this
            log.warning("how the answer is written was not remembered: %s", fault)
            return turn

    def facts(self, *, include_superseded: bool = False) -> list[Fact]:
        return self.store.facts(include_superseded=include_superseded)

    def context(self, max_tokens: int = 300, perspective: Perspective = "self") -> str:
        """What a prompt is told about the person; no language model involved."""
        from ipse.words.preamble import context

        return context(self.store, perspective, max_tokens)

    def preamble(self) -> str:
        """How to answer the person, as every prompt is told it; "" where nothing is known."""
        from ipse.words.preamble import preamble

        return preamble(self.store)

    def correct(self, fact_id: str, statement: str) -> None:
        """Puts a fact right; kept over every rebuild, in force after the next `learn`."""
        if fact_id not in {f.id for f in self.store.facts(include_superseded=True)}:
            raise UsageError(f"there is no fact {fact_id}; see the ids with: ipse facts")
        self.store.put_correction(fact_id, statement)

    def private(self, text: str) -> int:
        """Keeps a topic (or a fact, by id) from everybody else; the number of known facts it covers."""
        by_id = {f.id: f.statement for f in self.store.facts()}
        self.store.add_private_topic(by_id.get(text, text))
        self._forget_loaded()
        return sum(self.are_private([f.statement for f in self.store.facts()]))

    def doomed(self, request: str) -> Doomed:
        """What `forget` would remove: to be shown first."""
        from ipse.agent.forget import find

        return find(request, self.store, self.sources.library)

    def forget(self, request: str | Doomed, progress: Progress | None = None) -> Receipt:
        """Removes a fact, a source or what a phrase matches, from files, words and weights."""
        from ipse.agent.forget import forget
        from ipse.store.lock import at_work

        doomed = self.doomed(request) if isinstance(request, str) else request
        with at_work(self.store), self._changing():
            return forget(doomed, self, progress)

    def evaluate(self, progress: Progress | None = None) -> Evaluation:
        """Five systems on the same held-out questions."""
        from ipse.agent.evaluate import evaluate

        return evaluate(self.sources, self.store, self.settings.base, self.embedder, progress, self.settings.seed)

    def adapters(self) -> list[Adapter]:
        return self.store.adapters()

    def promote(self, adapter_id: str) -> Adapter:
        from ipse.store.lock import at_work
        from ipse.weights import registry

        with at_work(self.store), self._changing():
            return registry.promote(self.store, adapter_id)

    def rollback(self) -> Adapter:
        from ipse.store.lock import at_work
        from ipse.weights import registry

        with at_work(self.store), self._changing():
            return registry.rollback(self.store)
