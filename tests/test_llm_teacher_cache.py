"""A killed run goes on without paying twice: the reply cache, the cost told, and batches."""

from __future__ import annotations

import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from llm_server import LLMServer
from teacher_kit import PERSON, one_fact_each, passage, teacher_over

from ipse.errors import BadOutput, StoreError
from ipse.llm.cost import CostEstimate
from ipse.teacher.batches import Done, Failed, batched, work
from ipse.teacher.cache import DiskCache, cache_key
from ipse.types import Message


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_a_killed_run_does_not_pay_twice(tmp_path: Path) -> None:
    passages = [passage(n) for n in range(6)]
    cache = DiskCache(tmp_path / "replies.sqlite")
    with LLMServer([], answer=one_fact_each) as server:
        first = teacher_over(server, cache=cache, passages_a_call=1).extract(passages[:4], PERSON)
        cache.close()
        again = teacher_over(server, cache=DiskCache(tmp_path / "replies.sqlite"), passages_a_call=1)
        drafts, failures = again.extract(passages, PERSON)
    assert drafts[:4] == first[0]
    assert (len(drafts), failures, len(server.seen)) == (6, [], 6)


def test_failures_are_not_kept(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path / "replies.sqlite")
    with LLMServer(answer=lambda _: "no JSON") as server:
        _, failures = teacher_over(server, cache=cache).extract([passage(1)], PERSON)
        assert len(failures) == 1
        assert len(cache) == 0
        server.answer = one_fact_each
        drafts, _ = teacher_over(server, cache=cache).extract([passage(1)], PERSON)
    assert len(drafts) == 1


def test_a_kept_reply_that_no_longer_fits_is_asked_for_anew() -> None:
    cache: dict[str, str] = {}
    with LLMServer(answer=one_fact_each) as server:
        teacher = teacher_over(server, cache=cache)
        teacher.extract([passage(1)], PERSON)
        cache.update(dict.fromkeys(cache, '{"old": "form"}'))
        drafts, _ = teacher.extract([passage(1)], PERSON)
    assert (len(drafts), len(server.seen), len(cache)) == (1, 2, 1)


def test_the_cost_is_told_before_anything_is_asked_and_without_what_is_paid() -> None:
    told: list[tuple[CostEstimate, int]] = []
    cache: dict[str, str] = {}
    with LLMServer(answer=one_fact_each) as server:
        teacher = teacher_over(
            server,
            cache=cache,
            prices=(1.0, 2.0),
            passages_a_call=1,
            announce=lambda estimate: told.append((estimate, len(server.seen))),
        )
        teacher.extract(map(passage, range(3)), PERSON)
        teacher.extract(map(passage, range(5)), PERSON)
    assert [(estimate.calls, seen) for estimate, seen in told] == [(3, 0), (2, 3)]
    assert all(estimate.cost and estimate.cost > 0 for estimate, _ in told)
    sent = sum(len(message["content"]) for seen in server.seen[:3] for message in seen.messages)
    assert told[0][0].tokens_in == -(-sent // 4)


def test_the_key_depends_on_version_model_and_messages() -> None:
    messages = [Message("system", "a"), Message("user", "b")]
    keys = {
        cache_key("1", "m", messages),
        cache_key("2", "m", messages),
        cache_key("1", "n", messages),
        cache_key("1", "m", messages[::-1]),
        cache_key("1", "m", [Message("system", "ab")]),
    }
    assert len(keys) == 5
    assert cache_key("1", "m", list(messages)) in keys


def test_the_disk_cache_is_a_mapping_for_its_owner_alone(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path / "deep" / "replies.sqlite")
    cache["a"] = "1"
    cache["b"] = "ü\n"
    cache["a"] = "2"
    assert dict(cache) == {"a": "2", "b": "ü\n"}
    del cache["a"]
    assert "a" not in cache
    with pytest.raises(KeyError):
        del cache["a"]
    assert cache.get("zz") is None
    mode = (tmp_path / "deep" / "replies.sqlite").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_clearing_leaves_no_bytes_behind(tmp_path: Path) -> None:
    path = tmp_path / "replies.sqlite"
    cache = DiskCache(path)
    cache["a"] = "a secret sentence " * 500
    cache.clear()
    assert len(cache) == 0
    assert all(b"secret" not in file.read_bytes() for file in tmp_path.iterdir())


def test_threads_share_one_cache(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path / "replies.sqlite")

    def write(worker: int) -> None:
        for n in range(20):
            cache[f"{worker}-{n}"] = str(n)

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(cache) == 80


def test_a_file_that_is_no_cache_is_told(tmp_path: Path) -> None:
    path = tmp_path / "replies.sqlite"
    path.write_bytes(b"something else entirely, and long enough to be looked at" * 50)
    with pytest.raises(StoreError, match="move the file away") as caught:
        DiskCache(path)
    assert isinstance(caught.value.__cause__, sqlite3.Error)


@given(
    st.lists(st.integers(0, 50), unique=True),
    st.integers(1, 7),
    st.sets(st.integers(0, 50)),
)
def test_every_item_has_exactly_one_outcome(items: list[int], size: int, bad: set[int]) -> None:
    def ask(batch: tuple[int, ...]) -> int:
        if bad & set(batch):
            raise BadOutput("bad item")
        return len(batch)

    batches = batched(items, size, lambda n: n % 2)
    assert all(len(batch) <= size and len({n % 2 for n in batch}) == 1 for batch in batches)
    outcomes = work(batches, ask, threads=2)
    failed = [outcome.item for outcome in outcomes if isinstance(outcome, Failed)]
    done = [item for outcome in outcomes if isinstance(outcome, Done) for item in outcome.items]
    assert sorted(failed + done) == sorted(items)
    assert set(failed) == bad & set(items)
