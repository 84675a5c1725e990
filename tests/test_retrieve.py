"""Search by words and by meaning, fused; and the embedder that comes with ipse."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import shelf
from hypothesis import given
from hypothesis import strategies as st

from ipse.errors import LLMError
from ipse.llm.known import KnownTexts
from ipse.llm.minilm import MiniLM, check_weights, default_embedder
from ipse.llm.protocol import Embedder
from ipse.raw.index import BATCH, index
from ipse.raw.retrieve import fuse, retrieve
from ipse.store.protocol import Store
from ipse.types import Role

DIARY = [
    "I moved to Porto in the spring.",
    "My sister Ana bakes rye bread on Sundays.",
    "I never work late on Tuesdays.",
    "The dentist said to come back in May.",
    "I am allergic to walnuts.",
]


def diary_in(folder: Path, embedder: Embedder) -> Store:
    store = shelf.store_of(folder)
    source, turns, chunks, _ = shelf.source_of("diary.txt", DIARY)
    store.put_source(source, turns, chunks, index(chunks, embedder))
    return store


def test_the_sentence_with_the_words_comes_first(tmp_path: Path) -> None:
    embedder = shelf.WordEmbedder()
    store = diary_in(tmp_path, embedder)
    hits = retrieve(store, embedder, "rye bread", limit=3)
    assert hits[0].chunk.text == DIARY[1]
    assert len(hits) == 3
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert hits[0].score == pytest.approx(2 / 61)


def test_similarity_is_the_cosine(tmp_path: Path) -> None:
    embedder = shelf.WordEmbedder()
    store = diary_in(tmp_path, embedder)
    (hit,) = retrieve(store, embedder, DIARY[4], limit=1)
    assert hit.similarity == pytest.approx(1)
    for hit in retrieve(store, embedder, "walnuts and Tuesdays"):
        expected = embedder.embed(["walnuts and Tuesdays"])[0] @ embedder.embed([hit.chunk.text])[0]
        assert hit.similarity == pytest.approx(float(expected), abs=1e-6)


def test_only_the_roles_asked_for_are_found_however_far_down(tmp_path: Path) -> None:
    store, embedder = shelf.store_of(tmp_path), shelf.WordEmbedder()
    loud = [f"Porto is grand, says guide {number}." for number in range(300)]
    roles: list[Role] = ["other"] * 300 + ["self"]
    store.put_source(*shelf.source_of("chat.txt", [*loud, "I live near Porto, by the river."], roles))
    (own,) = retrieve(store, embedder, "Porto is grand")
    assert own.chunk.role == "self"
    assert own.score == pytest.approx(2 / 61)
    others = retrieve(store, embedder, "Porto is grand", roles=frozenset({"other"}))
    assert {hit.chunk.role for hit in others} == {"other"}
    assert len(others) == 8


def test_words_that_any_sentence_has_decide_nothing(tmp_path: Path) -> None:
    embedder = shelf.WordEmbedder()
    store = diary_in(tmp_path, embedder)
    assert max(hit.score for hit in retrieve(store, embedder, "What is my?")) == pytest.approx(1 / 61)
    assert retrieve(store, embedder, "What is my dentist's?")[0].chunk.text == DIARY[3]


def test_nothing_is_found_where_nothing_is_or_nothing_was_asked(tmp_path: Path) -> None:
    embedder = shelf.WordEmbedder()
    empty = shelf.store_of(tmp_path / "empty")
    assert retrieve(empty, embedder, "Porto") == []
    store = diary_in(tmp_path, embedder)
    assert retrieve(store, embedder, "  \n") == []
    assert retrieve(store, embedder, "Porto", limit=0) == []
    assert retrieve(store, embedder, "Porto", roles=frozenset()) == []


@given(orders=st.lists(st.permutations(range(5)), min_size=1, max_size=3))
def test_fusing_counts_places_and_nothing_else(orders: list[list[int]]) -> None:
    chunks = shelf.source_of("diary.txt", DIARY)[2]
    scores = {chunk.id: score for chunk, score in fuse([[chunks[i] for i in order] for order in orders])}
    for number, chunk in enumerate(chunks):
        assert scores[chunk.id] == pytest.approx(sum(1 / (61 + order.index(number)) for order in orders))


def test_indexing_goes_in_batches_and_keeps_the_order() -> None:
    embedder = shelf.WordEmbedder()
    sentences = [f"sentence {number}" for number in range(BATCH + 3)]
    chunks = shelf.source_of("many.txt", sentences)[2]
    vectors = index(chunks, embedder)
    assert embedder.seen == sentences
    np.testing.assert_array_equal(vectors[-1], embedder.embed(sentences[-1:])[0])
    assert index([], embedder).shape == (0, 64)


def test_an_embedder_of_another_size_than_it_says_is_refused() -> None:
    real = shelf.WordEmbedder()

    class Wrong(shelf.WordEmbedder):
        dims = 63

        def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
            return real.embed(texts)

    with pytest.raises(LLMError, match=r"\(5, 64\)"):
        index(shelf.source_of("diary.txt", DIARY)[2], Wrong())


# MiniLM


def test_minilm_finds_by_meaning_what_shares_no_word(tmp_path: Path) -> None:
    embedder = default_embedder()
    store = diary_in(tmp_path, embedder)
    assert retrieve(store, embedder, "Which nuts make me ill?", limit=1)[0].chunk.text == DIARY[4]
    assert retrieve(store, embedder, "What city is my home?", limit=1)[0].chunk.text == DIARY[0]


def test_minilm_gives_unit_vectors_and_the_same_each_time() -> None:
    texts = [*DIARY, "", "\ud800 half a letter", "word " * 1000, DIARY[0]]
    one, two = MiniLM().embed(texts), MiniLM().embed(list(reversed(texts)))
    assert one.shape == (9, 384)
    assert one.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(one, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(one, two[::-1], atol=1e-5)
    np.testing.assert_array_equal(one[0], one[8])
    assert MiniLM().embed([]).shape == (0, 384)


def test_a_vector_does_not_depend_on_what_is_embedded_beside_it() -> None:
    texts = [f"{who} baked {n} loaves of rye bread" for who in ("I", "Ana", "Nobody at all") for n in range(2, 20)]
    together, alone = MiniLM().embed(texts), MiniLM()
    assert all(np.array_equal(alone.embed([text])[0], row) for text, row in zip(texts, together, strict=True))


def test_kept_vectors_are_looked_up_and_the_rest_is_computed() -> None:
    kept = np.eye(2, 384, dtype=np.float32)
    known = KnownTexts(default_embedder(), ["I bake.", "I swim."], kept)
    found = known.embed(["I swim.", "I sing.", "I bake.", "I swim."])
    np.testing.assert_array_equal(found[[2, 0, 3]], kept[[0, 1, 1]])
    np.testing.assert_array_equal(found[1], default_embedder().embed(["I sing."])[0])
    assert known.embed([]).shape == (0, 384)
    assert (known.name, known.dims) == (default_embedder().name, 384)


def test_minilm_remembers_recent_texts() -> None:
    embedder = default_embedder()
    first = embedder.embed(["I live in Porto."])
    again = embedder.embed(["Something else.", "I live in Porto."])
    np.testing.assert_array_equal(first[0], again[1])
    assert default_embedder() is embedder


def test_weights_nobody_knows_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"something else")
    with pytest.raises(LLMError, match="Don't use it"):
        check_weights(tmp_path / "model.safetensors")
    with pytest.raises(LLMError, match="can't be read"):
        check_weights(tmp_path / "missing")
