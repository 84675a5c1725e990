"""The seven questions for somebody of whom nothing is known, and a sample answer that shows what they would change.

Skipping the quiz is no answer: nothing is invented then. Fixed texts; no model and no store.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ipse.types import NUMERIC, Dimension

MIDDLE = 0.5
_GREETINGS = (
    (0.8, "What a good question! "),
    (0.55, "Happy to help. "),
    (0.0, ""),
)
_CORE = {
    "beginner": "A sourdough starter is flour and water in which wild yeast and bacteria live; it makes bread rise.",
    "middling": "A sourdough starter is a culture of wild yeast and lactic acid bacteria that leavens the dough.",
    "expert": "A starter is a lactobacillus-dominated culture with acid-tolerant yeasts; leavening follows its peak.",
}
_STEPS = (
    "Feed it once a day.",
    "Use it when it has doubled and smells of yoghurt, not of vinegar.",
    "Keep it in the fridge between bakes and feed it the evening before.",
    "If it grows slowly, keep it warmer for a day or two.",
    "A grey liquid on top only means that it is hungry; pour it off and feed it.",
)
_MATHS = (
    (0.7, "By weight: starter : flour : water = 1 : 5 : 5; at 24 °C it doubles in t ≈ 6 h."),
    (0.35, "Take one part starter to five parts flour and five of water, by weight."),
    (0.0, "Take a spoonful and stir in flour and water until it is like thick batter."),
)
_CLOSINGS = ((0.8, " You will love the smell of it. Enjoy!"), (0.0, ""))


@dataclass(frozen=True, slots=True)
class QuizQuestion:
    dimension: Dimension
    text: str
    choices: tuple[tuple[str, float | str], ...]
    free: bool = False


@cache
def quiz() -> tuple[QuizQuestion, ...]:
    """The questions in the order they are asked, one a dimension."""
    told = tomllib.loads((Path(__file__).parent / "onboarding.toml").read_text(encoding="utf-8"))["question"]
    return tuple(
        QuizQuestion(each["dimension"], each["text"], tuple(map(tuple, each["choices"])), each.get("free", False))
        for each in told
    )


def preview(values: Mapping[str, float]) -> str:
    """The same answer ("How do I keep a sourdough starter?") as it would be written for these numeric preferences."""
    at = {name: min(1.0, max(0.0, values.get(name, MIDDLE))) for name in NUMERIC}
    level = "beginner" if at["level"] < 0.35 else "expert" if at["level"] > 0.7 else "middling"
    steps = [_from(_MATHS, at["math_comfort"]), *_STEPS][: 1 + round(at["length"] * len(_STEPS))]
    body = [_CORE[level], *steps] if at["length"] > 0.2 else steps
    return _from(_GREETINGS, at["tone"]) + _set(body, at["density"]) + _from(_CLOSINGS, at["tone"])


def _from(forms: tuple[tuple[float, str], ...], value: float) -> str:
    return next(text for least, text in forms if value >= least)


def _set(sentences: list[str], density: float) -> str:
    """Airy: a line a thought. Packed: joined to long sentences."""
    if density < 0.35:
        return "\n".join(sentences)
    if density < 0.7:
        return " ".join(sentences)
    first, *others = (sentence.rstrip(".") for sentence in sentences)
    return "; ".join([first, *(other[:1].lower() + other[1:] for other in others)]) + "."
