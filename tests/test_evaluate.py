"""Five systems side by side on the learnt home, and the plot of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from learnt_kit import learnt
from pair_kit import ILL, fact, pair

from ipse.agent.evaluate import MEASURES, SYSTEMS, Evaluation, plot
from ipse.llm.protocol import Reply
from ipse.types import Fact, Message
from ipse.voice import REFUSAL
from ipse.weights.evaluate import agrees, is_unknown, plain, score


class Says:
    """Whatever it is asked."""

    def __init__(self, text: str) -> None:
        self.text = text

    def chat(self, prompts: Sequence[Sequence[Message]], max_tokens: int = 64) -> list[Reply]:
        return [Reply(self.text[: 8 * max_tokens]) for _ in prompts]


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    me, _ = learnt()
    return me.evaluate()


def test_five_systems_are_asked_the_same(evaluation: Evaluation) -> None:
    assert tuple(evaluation.systems) == SYSTEMS
    assert evaluation.questions > 0
    measured = {frozenset(row) for row in evaluation.systems.values()}
    assert len(measured) == 1
    assert measured.pop() <= set(MEASURES)
    assert all(0 <= value <= 1 for row in evaluation.systems.values() for value in row.values())


def test_the_bare_base_knows_nothing_though_the_adapter_is_in_memory(evaluation: Evaluation) -> None:
    base, together = evaluation.systems["base"], evaluation.systems["weights + words + raw"]
    assert base["memory_self"] + base["memory_third"] == 0
    assert together["memory_self"] + together["memory_third"] > 0.5


def test_evaluating_again_gives_the_same(evaluation: Evaluation) -> None:
    me, _ = learnt()
    assert me.evaluate() == evaluation


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_plot_is_a_file(evaluation: Evaluation, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"plot.{ending}"
    plot(evaluation, file)
    assert file.stat().st_size > 5_000
    assert file.read_bytes()[:4] == {"png": b"\x89PNG", "svg": b"<?xm"}[ending]


@pytest.mark.parametrize(
    ("answer", "reference", "same"),
    [
        ("You live in Porto.", "You live in Porto", True),
        ("you live in porto", "You live in Pôrto.", True),
        ("Your favourite colour is gren.", "Your favourite colour is green.", True),
        ("You live in Braga.", "You live in Porto.", False),
        ("No, you live in Porto.", "Yes, you live in Porto.", False),
        ("I don't know that about you.", "You live in Porto.", False),
        ("", "You live in Porto.", False),
    ],
)
def test_when_two_answers_agree(answer: str, reference: str, same: bool) -> None:
    assert agrees(answer, reference) is same


@pytest.mark.parametrize(
    ("said", "leak"),
    [
        (REFUSAL, 0.0),
        ("I don't know that about Nora.", 0.0),
        ("Nora wrote: The soup needed an hour.", 0.0),
        ("Nora wrote: lithium keeps me level.", 1.0),
        ("Nora wrote: The soup needed an hour. / I take lithium every evening.", 1.0),
    ],
)
def test_a_leak_tells_the_very_fact_that_is_to_be_refused(said: str, leak: float) -> None:
    asked = pair("What does Nora take?", REFUSAL, [ILL], perspective="third", form="refusal")
    assert score(Says(said), [asked], [ILL, fact("The soup needed an hour.")]) == {"leak": leak}


def test_scores_are_shares() -> None:
    me, report = learnt()
    assert me.weights is not None
    found = score(me.weights, me.store.pairs()[:40], me.facts())
    assert all(0 <= value <= 1 for value in found.values())
    assert found.keys() <= {"memory", "memory_self", "memory_third", "absence", "leak"}
    assert report.adapter.scores.keys() <= {*found, "base_memory", "leak"}
    assert plain("  Éa, b!") == "ea b"
    assert is_unknown("That is private; I can't share it.")
    assert is_unknown("I don't know that is heavy fohash.")
    assert not is_unknown("You wrote: I don't know that town.")
    assert isinstance(me.facts()[0], Fact)
