"""Recall: of several drafts the likeliest that answers is given, and nothing else is looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pytest

from ipse.llm.crossencoder import CrossEncoder, Reading, Task, Window
from ipse.llm.local import LocalChat, embedded_base, load_base
from ipse.llm.minilm import default_embedder
from ipse.llm.protocol import Reply
from ipse.types import Message, Person, Perspective
from ipse.voice import REFUSAL
from ipse.weights.recall import recall

MAYA = Person("Maya")
ASKED: list[tuple[Perspective, str]] = [("self", "What do I play?")]
PROMPTS = [
    [Message("system", "To Maya."), Message("user", "What do I play?")],
    [Message("system", "About Maya."), Message("user", "Where does Maya live these days?")],
]
UNKNOWN = "I don't know that about you."


class Drafting(LocalChat):
    """Says what it is told to say, with the sense and without, and quotes what it is told to quote.

    `known_as`: what it says to that question instead.
    """

    def __init__(
        self,
        *drafts: Sequence[tuple[str, float]],
        quotes: Sequence[tuple[str, float]] = (),
        quotes_plainly: Sequence[tuple[str, float]] = (),
        known_as: Mapping[str, Sequence[tuple[str, float]]] = MappingProxyType({}),
    ) -> None:
        super().__init__(load_base(embedded_base()), None, default_embedder() if len(drafts) > 1 else None)
        self.said = [[Reply(text, sure) for text, sure in own] for own in drafts]
        self.known_as = {question: [Reply(text, sure) for text, sure in own] for question, own in known_as.items()}
        self.quotes, self.quotes_plainly = (
            [Reply(text, first) for text, first in own or [("You wrote: nothing.", 0.001)]]
            for own in (quotes, quotes_plainly)
        )

    def openings(
        self,
        prompts: Sequence[Sequence[Message]],
        opened: Sequence[str],
        ways: int,  # noqa: ARG002
        max_tokens: int = 64,  # noqa: ARG002
    ) -> list[list[Reply]]:
        assert list(opened) == ["You wrote:"]
        return [self.quotes for _ in prompts]

    def drafts(self, prompts: Sequence[Sequence[Message]], branches: int, max_tokens: int = 64) -> list[list[Reply]]:  # noqa: ARG002
        return [self.known_as.get(prompt[-1].content, self.said[0]) for prompt in prompts]

    def plain(self) -> Drafting:
        other = Drafting([])
        other.said, other.quotes = self.said[1:], self.quotes_plainly
        return other


class Reader(CrossEncoder):
    def __init__(self, answers: str = "", odds: float = 4.0) -> None:
        self.word = answers
        self.odds = odds
        self.read_so_far: list[Window] = []

    def read(self, windows: Sequence[Window], task: Task = "answers", batch: int = 16) -> list[Reading]:  # noqa: ARG002
        self.read_so_far += windows
        return [Reading((self.odds if self.word and self.word in w.lines[0].text else -4.0,)) for w in windows]


def test_what_answers_is_given_before_what_is_surer() -> None:
    chat = Drafting([("You wrote: I saw a play.", 0.6), ("You wrote: Cello, badly.", 0.3)])
    (reply,) = recall(MAYA, ASKED, chat, Reader("Cello"))
    assert reply.text == "You wrote: Cello, badly."


def test_a_value_of_something_else_is_not_told() -> None:
    asked: list[tuple[Perspective, str]] = [("self", "What's my pet's name?")]
    for said, told in (("Your pet is called Bo.", True), ("Your son is Bo.", False), ("Your pat Bo.", False)):
        drafts = [(said, 0.5), (UNKNOWN, 0.3)]
        assert recall(MAYA, asked, Drafting(drafts, drafts), Reader())[0].text == (said if told else UNKNOWN)


def test_it_is_also_asked_as_ipse_asks() -> None:
    asked: list[tuple[Perspective, str]] = [("self", "What did I name my pet?")]
    denies = [(UNKNOWN, 0.6)]
    known = Drafting(denies, denies, known_as={"What is my pet called?": [("Your pet is called Bo.", 0.9)]})
    assert recall(MAYA, asked, known, Reader())[0].text == "Your pet is called Bo."
    other = Drafting(denies, denies, known_as={"What is my son called?": [("Your son is called Bo.", 0.9)]})
    assert recall(MAYA, asked, other, Reader())[0].text == UNKNOWN


def test_what_is_said_more_than_once_weighs_more() -> None:
    reworded: dict[str, list[tuple[str, float]]] = {"What instrument do I play?": []}
    once = Drafting([("You wrote: one.", 0.5)], [("You wrote: two.", 0.55)], known_as=reworded)
    with_and_without = [("You wrote: One", 0.3), ("You wrote: two.", 0.55)]
    twice = Drafting([("You wrote: one.", 0.5)], with_and_without, known_as=reworded)
    assert recall(MAYA, ASKED, once, Reader())[0].text == "You wrote: two."
    assert recall(MAYA, ASKED, twice, Reader())[0].text == "You wrote: one."


def test_the_confidence_is_a_share() -> None:
    (alone,) = recall(MAYA, ASKED, Drafting([("You wrote: one.", 0.01)]), Reader())
    assert alone.confidence == 1.0
    (half,) = recall(MAYA, ASKED, Drafting([("You wrote: one.", 0.5), ("You wrote: two.", 0.5)]), Reader())
    assert half.confidence == pytest.approx(0.5)


def test_the_reader_sees_the_drafts_alone() -> None:
    reader = Reader()
    recall(MAYA, ASKED, Drafting([("You wrote: I saw a play.", 0.6), (UNKNOWN, 0.2)]), reader)
    assert reader.read_so_far[0].lines[0].text == "This person saw a play."
    assert all(len(window.lines) == 1 for window in reader.read_so_far)


def test_what_it_denies_is_quoted_if_that_answers() -> None:
    quotes = [("You wrote: I saw a play.", 0.5), ("You wrote: Cello, badly.", 0.3)]
    unsure = Drafting([(UNKNOWN, 0.6), ("You wrote: I saw a play.", 0.4)], quotes=quotes)
    (reply,) = recall(MAYA, ASKED, unsure, Reader("Cello"))
    assert reply.text == "You wrote: Cello, badly."
    assert 0.5 < (reply.confidence or 0.0) < 1.0
    assert recall(MAYA, ASKED, unsure, Reader())[0].text == UNKNOWN


def test_what_answers_nearly_as_well_is_quoted_with_it() -> None:
    said = ("Cello, badly.", "On Fridays, cello.", "Sello, badly.")
    quotes = [(f"You wrote: {text}", sure) for text, sure in zip(said, (0.5, 0.4, 0.3), strict=True)]
    torn = Drafting([(UNKNOWN, 0.6), ("You wrote: I saw a play.", 0.4)], quotes=quotes)
    (reply,) = recall(MAYA, ASKED, torn, Reader("ello"))
    assert reply.text == "You wrote: Cello, badly. / On Fridays, cello."
    quotes[1] = ("You wrote: I saw a play.", 0.4)
    (reply,) = recall(MAYA, ASKED, Drafting([(UNKNOWN, 0.6), *quotes[1:]], quotes=quotes), Reader("ello"))
    assert reply.text == "You wrote: Cello, badly."


def test_it_is_made_to_quote_without_the_sense_of_the_question_too_and_each_is_read_once() -> None:
    denies, soup, cello = [(UNKNOWN, 0.6), ("You wrote: I saw a play.", 0.4)], "You wrote: Soup.", "You wrote: Cello."
    both = {"quotes": [(soup, 0.5)], "quotes_plainly": [(soup, 0.4), (cello, 0.3)]}
    reader = Reader("Cello")
    assert recall(MAYA, ASKED, Drafting(denies, denies, **both), reader)[0].text == cello
    assert [window.lines[0].text for window in reader.read_so_far].count("Soup.") == 1


def test_of_what_answers_alike_the_nearer_in_meaning_is_quoted_first() -> None:
    denies = [(UNKNOWN, 0.6), ("You wrote: I saw a play.", 0.4)]
    quotes = [("You wrote: I had soup for dinner.", 0.5), ("You wrote: I practise the cello every day.", 0.5)]
    (reply,) = recall(MAYA, ASKED, Drafting(denies, denies, quotes=quotes), Reader("This person"))
    assert reply.text.startswith("You wrote: I practise the cello every day.")


def test_what_it_quotes_by_itself_stays_first() -> None:
    torn = Drafting([("You wrote: My cello hums.", 0.6)], quotes=[("You wrote: A cello, badly.", 0.5)])
    assert recall(MAYA, ASKED, torn, Reader("ello", -2.0))[0].text == "You wrote: My cello hums. / A cello, badly."


def test_a_denial_without_any_doubt_stands() -> None:
    sure = Drafting([(UNKNOWN, 1.0)], quotes=[("You wrote: Cello, badly.", 0.3)])
    assert recall(MAYA, ASKED, sure, Reader("Cello"))[0].text == UNKNOWN


def test_who_never_quotes_is_not_made_to() -> None:
    values = Drafting([(UNKNOWN, 0.6), ("Your cello is Bo.", 0.4)], quotes=[("You wrote: Cello, badly.", 0.9)])
    assert recall(MAYA, ASKED, values, Reader("Cello, badly"))[0].text == UNKNOWN


def test_what_is_refused_as_private_is_not_quoted() -> None:
    torn = Drafting([(REFUSAL, 0.5), (UNKNOWN, 0.4)], quotes=[("You wrote: Cello, badly.", 0.9)])
    assert recall(MAYA, ASKED, torn, Reader("Cello"))[0].text == REFUSAL


def test_nothing_asked_nothing_said() -> None:
    assert recall(MAYA, [], Drafting([]), Reader()) == []


def test_branches_part_at_the_least_sure_token_and_the_first_is_what_chat_says() -> None:
    chat = LocalChat(load_base(embedded_base()), None, default_embedder())
    drafts = chat.drafts(PROMPTS, 3, 24)
    assert [own[0] for own in drafts] == chat.chat(PROMPTS, 24)
    for own in drafts:
        assert len(own) == 4
        assert len({reply.text for reply in own}) > 1
        assert all(0 < (reply.confidence or 0) <= (own[0].confidence or 0) for reply in own[1:])


def test_openings_begin_as_asked_and_each_goes_on_otherwise() -> None:
    chat = LocalChat(load_base(embedded_base()), None, default_embedder())
    begun = chat.openings(PROMPTS, ["You wrote:", "Maya wrote:"], 5, 12)
    for own, opened in zip(begun, ("You wrote:", "Maya wrote:"), strict=True):
        assert 4 <= len(own) <= 5
        assert all(reply.text.startswith(opened) for reply in own)
        assert len({reply.text for reply in own}) == len(own)
        firsts = [reply.confidence or 0 for reply in own]
        assert firsts == sorted(firsts, reverse=True)
    alone = chat.openings(PROMPTS[1:], ["Maya wrote:"], 5, 12)
    assert [r.text for r in alone[0]] == [r.text for r in begun[1]]
