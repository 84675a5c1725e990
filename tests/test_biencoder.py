"""Turned vectors: a question comes nearer to what answers it, and nothing else is needed for it than vectors."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ipse.llm.biencoder import BiEncoder, default_biencoder
from ipse.llm.minilm import DIMS, default_embedder
from pretrain.biencoder import TurningPlan, among_nearest, asked_of, save, texts_of, train
from pretrain.lives import Life, Question

LINES = (
    "The lantern is the red one from Chillicothe yard, it's my favorite thing that I own.",
    "Bring the lantern, it is dark behind the shed.",
    "Longonot with the Form 3s, and nobody fell into the crater.",
    "I had possession of the ball for a minute.",
    "The treasury has sent another letter.",
)
ASKED = (
    ("What possession does this person treasure most?", 0),
    ("Which mountain did this person climb with pupils?", 2),
)


def _turned(texts: tuple[str, ...]) -> np.ndarray:
    own = default_embedder().embed(texts)
    return default_biencoder().told(own, own, own, np.zeros(len(texts), np.float32))


def test_what_answers_comes_nearest() -> None:
    told = _turned(LINES)
    questions = default_biencoder().asked(default_embedder().embed([question for question, _ in ASKED]))
    assert (questions @ told.T).argmax(axis=1).tolist() == [line for _, line in ASKED]


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 6), st.integers(0, 99))
def test_vectors_stay_unit_vectors_and_don_t_hang_on_each_other(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    own, before, after = (_unit(rng.normal(size=(count, DIMS))) for _ in range(3))
    by_others = rng.integers(0, 2, count).astype(np.float32)
    told = default_biencoder().told(own, before, after, by_others)
    assert np.allclose(np.linalg.norm(told, axis=1), 1, atol=1e-5)
    first = default_biencoder().told(own[:1], before[:1], after[:1], by_others[:1])
    assert np.allclose(told[:1], first, atol=1e-5)


def _unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _life() -> Life:
    said = tuple(("me", text) for text in LINES)
    asked = tuple(Question(text, ((0, line),)) for text, line in ASKED)
    return Life("x/Odell", "Odell", (said, (("assistant", "Noted."),)), ("diary", "talk"), asked)


def test_training_brings_answers_nearer_and_what_is_saved_turns_alike(tmp_path) -> None:  # type: ignore[no-untyped-def]
    life = _life()
    texts = texts_of(life)
    asked = asked_of(life, dict(zip(texts, default_embedder().embed(texts), strict=True)))
    assert asked.evidence.tolist() == [True] * len(LINES) + [False]
    plan = TurningPlan(epochs=30, batch=1, dropout=0.0, warm_up=1)
    losses: list[str] = []
    model = train([asked], plan, losses.append)
    assert float(losses[-1].split()[-1]) < 0.1 * float(losses[0].split()[-1])
    assert among_nearest(model, [asked])["among 1"] == 1.0
    save(model, tmp_path / "near.safetensors")
    saved = BiEncoder(tmp_path / "near.safetensors")
    told = saved.told(*(rows.numpy() for rows in (asked.own, asked.before, asked.after, asked.by_others)))
    with torch.no_grad():
        wanted = model.nearness(asked).numpy()
    assert np.allclose(saved.asked(asked.questions.numpy()) @ told.T, wanted, atol=0.01)
