"""Questions a sentence answers: natural ones, and none that it doesn't answer."""

from __future__ import annotations

import re

from ipse.llm.crossencoder import default_reader
from ipse.llm.minilm import default_embedder
from ipse.teacher.bank import Told, load_bank, questions

BANK = load_bank(default_embedder(), default_reader())


def test_every_question_is_asked_by_the_person_themselves() -> None:
    assert len(questions()) > 5000
    assert len(set(questions())) == len(questions())
    written = questions()[-1000:]
    assert all(re.search(r"\b(?:I|my|me|mine|myself|I'\w+)\b", q, re.I) for q in written)


def test_the_packaged_vectors_are_those_of_the_packaged_questions() -> None:
    some = list(range(0, len(questions()), 997))
    fresh = BANK.embedder.embed([BANK._asked[i] for i in some])
    assert abs(fresh - BANK.vectors[some]).max() < 2e-3


def test_a_sentence_is_given_questions_it_answers() -> None:
    told = [Told("My sister Hanne plays the oboe in a wind quintet."), Told("We moved to Ghent in 2019.")]
    oboe, ghent = BANK.answered_by(told)
    assert any("sister" in q or "instrument" in q for q in oboe)
    assert any("live" in q or "move" in q or "home" in q for q in ghent)
    assert not set(oboe) & set(ghent)


def test_nothing_told_nothing_asked() -> None:
    assert BANK.answered_by([]) == []
    assert len(BANK.answered_by([Told("Mmh.")])[0]) < 3
