"""Questions that look for words instead of an answer."""

from __future__ import annotations

import pytest

from ipse.agent.mention import named_in


@pytest.mark.parametrize(
    ("question", "stems"),
    [
        ("What did I write about the felt?", {"felt"}),
        ("What did Maya write about Duarte about partner?", {"duart", "partner"}),
        ("Has Maya ever mentioned a kayak?", {"kayak"}),
        ("What about lentils?", {"lentil"}),
        ("Have I told you anything about the choir", {"choir"}),
        ("What do I write with?", set()),
        ("Who told me about the felt?", set()),
        ("What did my sister say about me?", set()),
        ("What about it?", set()),
        ("", set()),
    ],
)
def test_the_thing_that_is_named(question: str, stems: set[str]) -> None:
    assert named_in(question, ("Maya Lind",)) == stems
