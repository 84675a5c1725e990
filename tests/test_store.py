"""The store on real files: what is kept, what is undone, what is gone for good."""

from __future__ import annotations

import logging
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
import shelf
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st

from ipse.errors import Busy, NoSuchPerson, StoreError, UsageError
from ipse.store.database import Database
from ipse.store.lock import at_work
from ipse.store.protocol import Store
from ipse.store.schema import VERSION, metadata
from ipse.store.sqlite import FILE, create_person, open_store, people, update_person
from ipse.types import (
    Adapter,
    Biography,
    Entity,
    Fact,
    Failure,
    Message,
    Pair,
    Person,
    PreferencePair,
    Receipt,
    Relation,
    Topic,
    Turn,
)

SENTENCES = ["I live in Porto.", "My sister Ana bakes rye bread.", "I never work late on Tuesdays."]


def child(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Another process that has the tests' own modules at hand."""
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    start = f"import sys; sys.path[:0] = {folders!r}\n"
    return subprocess.Popen(
        [sys.executable, "-c", start + code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


# people


def test_the_only_person_needs_no_name_and_others_are_told_apart(tmp_path: Path) -> None:
    home = shelf.home_of(tmp_path)
    assert open_store(home).person == shelf.MAYA
    create_person(home, shelf.JUN)
    assert people(home) == [shelf.MAYA, shelf.JUN]
    with pytest.raises(NoSuchPerson, match="Maya Okafor, Jun Tanaka"):
        open_store(home)
    assert open_store(home, "jun tanaka").person == shelf.JUN
    assert open_store(home, "Jun").person == shelf.JUN
    assert open_store(home, "maya@posteo.example").person == shelf.MAYA
    with pytest.raises(NoSuchPerson, match="Maya Okafor, Jun Tanaka"):
        open_store(home, "Bob")


def test_a_first_name_that_two_share_is_not_enough(tmp_path: Path) -> None:
    home = shelf.home_of(tmp_path, shelf.MAYA, Person("Maya Lind"))
    with pytest.raises(NoSuchPerson, match="Maya Okafor, Maya Lind"):
        open_store(home, "Maya")


def test_a_home_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    assert people(tmp_path / "none") == []
    with pytest.raises(NoSuchPerson, match="init --person"):
        open_store(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_person_is_made_once_and_can_be_updated(tmp_path: Path) -> None:
    home = shelf.home_of(tmp_path)
    with pytest.raises(UsageError, match="already"):
        create_person(home, shelf.MAYA)
    older = Person(shelf.MAYA.name, "she/her", ("mo",), "pt", 1990)
    update_person(home, older)
    assert people(home) == [older]
    with pytest.raises(NoSuchPerson):
        update_person(home, shelf.JUN)


# rows


def test_what_is_put_comes_back_the_same_and_in_order(tmp_path: Path) -> None:
    store: Store = shelf.store_of(tmp_path)
    source, turns, chunks, vectors = shelf.source_of("b.txt", SENTENCES)
    store.put_source(source, turns, chunks, vectors)
    assert store.sources() == [source]
    assert store.turns() == store.turns(source.id) == turns
    assert store.chunks() == chunks
    assert store.chunks([chunks[2].id, chunks[0].id]) == [chunks[0], chunks[2]]
    ids, matrix = store.vectors()
    assert ids == [chunk.id for chunk in chunks]
    np.testing.assert_array_equal(matrix, vectors)


def test_times_are_kept_in_utc_and_without_a_zone_refused(tmp_path: Path) -> None:
    store = shelf.store_of(tmp_path)
    lisbon = timezone(timedelta(hours=1))
    store.put_receipt(Receipt("receipt_1", "my address", datetime(2025, 7, 1, 9, tzinfo=lisbon), {"facts": ("a",)}))
    assert store.receipts() == [
        Receipt("receipt_1", "my address", datetime(2025, 7, 1, 8, tzinfo=UTC), {"facts": ("a",)})
    ]
    with pytest.raises(StoreError, match="time zone"):
        store.put_receipt(Receipt("receipt_2", "", datetime(2025, 7, 1), {}))


def test_words_and_weights_come_back_the_same(tmp_path: Path) -> None:
    store: Store = shelf.store_of(tmp_path)
    facts = [
        shelf.fact_of("Maya lives in Porto.", "chunk_1"),
        shelf.fact_of("Maya is Ana's sister.", "chunk_2"),
    ]
    entities = [Entity("entity_1", "Ana", "person", 2, ("chunk_2",))]
    relations = [Relation("relation_1", "Maya", "sister", "Ana", 1, ("chunk_2",))]
    topics = [Topic("topic_1", "bread", 3, ("chunk_2",))]
    voice = (("I live in Porto.", (facts[0].id,)),)
    biography = Biography("biography_1", voice, voice, (), (facts[0].id,), "grammar 1")
    failures = [Failure("a.txt:line 3", "no verb")]
    assert store.put_words("hash 1", facts, entities, relations, topics, biography, failures) == 1
    assert store.facts() == facts
    assert (store.entities(), store.relations(), store.topics()) == (entities, relations, topics)
    assert (store.biography(), store.failures(), store.words_version()) == (
        biography,
        failures,
        (1, "hash 1"),
    )

    messages = (Message("user", "Where do I live?"), Message("assistant", "In Porto."))
    pairs = [Pair("pair_1", "memory", "self", "forward", messages, (facts[0].id,))]
    preferences = [PreferencePair("preference_1", messages[:1], "In Porto.", "In Lisbon.", (facts[0].id,))]
    store.put_pairs("hash 2", pairs, preferences)
    assert (store.pairs(), store.preference_pairs(), store.pairs_version()) == (pairs, preferences, "hash 2")

    assert store.put_words("hash 3", facts[:1], [], [], [], None, []) == 2
    assert (store.facts(), store.entities(), store.biography()) == (facts[:1], [], None)


def test_superseded_facts_are_only_shown_when_asked_for(tmp_path: Path) -> None:
    store = shelf.store_of(tmp_path)
    old = Fact("fact_1", "Maya lives in Faro.", (), status="superseded")
    new = shelf.fact_of("Maya lives in Porto.")
    store.put_words("1", [old, new], [], [], [], None, [])
    assert store.facts() == [new]
    assert store.facts(include_superseded=True) == [old, new]


def test_corrections_private_topics_and_forgotten_outlive_a_rebuild(tmp_path: Path) -> None:
    store = shelf.store_of(tmp_path)
    store.add_private_topic("my health")
    store.add_private_topic("my health")
    store.add_private_topic("money")
    store.remove_private_topic("money")
    store.put_correction("fact_1", "I live in Porto.")
    store.put_correction("fact_1", "I live in Gaia.")
    store.put_forgotten(["aa", "bb"])
    store.put_forgotten(["bb", "cc"])
    store.put_words("1", [], [], [], [], None, [])
    assert store.private_topics() == ["my health"]
    assert store.corrections() == {"fact_1": "I live in Gaia."}
    assert store.forgotten() == ["aa", "bb", "cc"]


def test_adapters_are_updated_in_place(tmp_path: Path) -> None:
    store = shelf.store_of(tmp_path)
    first = Adapter("adapter_1", "one", "live", shelf.NOON, None, {"memory": 0.5}, ("pair_1",))
    second = Adapter("adapter_2", "two", "candidate", shelf.NOON, "adapter_1")
    store.put_adapter(first)
    store.put_adapter(second)
    store.set_adapter_status("adapter_1", "retired")
    store.put_adapter(Adapter("adapter_2", "two", "live", shelf.NOON, "adapter_1", {"memory": 0.75}))
    assert [(each.id, each.status, each.scores) for each in store.adapters()] == [
        ("adapter_1", "retired", {"memory": 0.5}),
        ("adapter_2", "live", {"memory": 0.75}),
    ]
    with pytest.raises(UsageError, match="adapter_1, adapter_2"):
        store.set_adapter_status("adapter_9", "live")
    store.delete_adapter("adapter_1")
    assert [each.id for each in store.adapters()] == ["adapter_2"]


def test_two_people_cannot_see_each_others_rows(tmp_path: Path) -> None:
    """The same ids on both sides: every call, reading or deleting, stays on its own."""
    home = shelf.home_of(tmp_path, shelf.MAYA, shelf.JUN)
    maya, jun = open_store(home, "Maya"), open_store(home, "Jun")
    source = shelf.source_of("same.txt", SENTENCES)
    facts = [shelf.fact_of("They live in Porto.", source[2][0].id)]
    for store in (maya, jun):
        store.put_source(*source)
        store.put_words("1", facts, [], [], [], None, [])
        store.put_adapter(Adapter("adapter_1", "one", "live", shelf.NOON, refs=(facts[0].id,)))
    jun.delete_source(source[0].id)
    jun.put_words("2", [], [], [], [], None, [])
    jun.set_adapter_status("adapter_1", "retired")
    jun.delete_adapter("adapter_1")
    jun.put_forgotten(["aa"])
    jun.add_private_topic("my health")
    jun.put_correction(facts[0].id, "They live in Gaia.")

    assert (jun.sources(), jun.turns(), jun.chunks(), jun.vectors()[0], jun.facts()) == ([], [], [], [], [])
    assert jun.search_text("Porto", 5) == []
    assert jun.chunks([source[2][0].id]) == []
    assert jun.descendants(source[2][0].id) == set()
    assert (maya.sources(), maya.chunks(), maya.facts()) == ([source[0]], source[2], facts)
    assert [chunk_id for chunk_id, _ in maya.search_text("Porto", 5)] == [source[2][0].id]
    assert maya.adapters()[0].status == "live"
    assert maya.descendants(source[2][0].id) == {facts[0].id, "adapter_1"}
    assert (maya.forgotten(), maya.private_topics(), maya.corrections()) == ([], [], {})
    assert maya.folder() != jun.folder()


def test_a_source_takes_the_place_of_the_one_with_its_path(tmp_path: Path) -> None:
    store = shelf.store_of(tmp_path)
    store.put_source(*shelf.source_of("a.txt", SENTENCES[:1]))
    other = shelf.source_of("b.txt", SENTENCES[1:2])
    store.put_source(*other)
    newer = shelf.source_of("a.txt", SENTENCES[2:])
    store.put_source(*newer)
    assert store.chunks() == [*other[2], *newer[2]]
    assert store.vectors()[0] == [chunk.id for chunk in store.chunks()]
    assert store.search_text("Porto", 5) == []


def test_vectors_that_do_not_fit_are_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    store = shelf.store_of(tmp_path)
    source, turns, chunks, vectors = shelf.source_of("a.txt", SENTENCES)
    with pytest.raises(StoreError, match="3 chunks came with 2 vectors"):
        store.put_source(source, turns, chunks, vectors[:2])
    store.put_source(source, turns, chunks, vectors)
    with pytest.raises(StoreError, match="embedder"):
        store.put_source(*shelf.source_of("b.txt", ["Another."])[:3], np.ones((1, 8), dtype=np.float32))
    assert store.sources() == [source]


def test_vectors_are_read_again_when_another_process_wrote(tmp_path: Path) -> None:
    home = shelf.home_of(tmp_path)
    one, two = open_store(home), open_store(home)
    one.put_source(*shelf.source_of("a.txt", SENTENCES[:1]))
    assert len(two.vectors()[0]) == 1
    assert two.vectors()[1] is two.vectors()[1]
    one.put_source(*shelf.source_of("b.txt", SENTENCES[1:]))
    assert len(two.vectors()[0]) == 3


# search


def test_search_folds_case_and_accents_and_ranks_rare_words_higher(tmp_path: Path) -> None:
    store = shelf.store_of(tmp_path)
    sentences = [
        "We met at the Café São João.",
        "I like the sea.",
        "I like the quince jam.",
        "I like the rain.",
    ]
    source, turns, chunks, vectors = shelf.source_of("a.txt", sentences)
    store.put_source(source, turns, chunks, vectors)
    assert [found for found, _ in store.search_text("CAFE SAO", 5)] == [chunks[0].id]
    hits = store.search_text("I like quince", 2)
    assert hits[0][0] == chunks[2].id
    assert len(hits) == 2
    assert hits[0][1] > hits[1][1]


@pytest.fixture(scope="module")
def searchable(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = shelf.store_of(tmp_path_factory.mktemp("search"))
    store.put_source(*shelf.source_of("a.txt", SENTENCES))
    return store


@given(query=st.text(st.characters(exclude_categories=())) | st.text('"*()^:-+{}ANDORTNE \x00\ud800é'))
def test_any_text_can_be_searched_for(searchable: Store, query: str) -> None:
    found = searchable.search_text(query, 10)
    assert {chunk_id for chunk_id, _ in found} <= {chunk.id for chunk in searchable.chunks()}


@given(noise=st.text('"*()^:-+{}., \n\x00'))
def test_punctuation_does_not_hide_a_word(searchable: Store, noise: str) -> None:
    assert searchable.search_text(f"{noise} porto {noise}", 1)


# provenance


def test_descendants_follow_every_step_from_source_to_adapter(tmp_path: Path) -> None:
    store = shelf.store_of(tmp_path)
    source, turns, chunks, vectors = shelf.source_of("a.txt", SENTENCES[:2])
    store.put_source(source, turns, chunks, vectors)
    about_home, about_ana = shelf.fact_of("Porto.", chunks[0].id), shelf.fact_of("Ana.", chunks[1].id)
    topic = Topic("topic_1", "bread", 1, (chunks[1].id,))
    store.put_words("1", [about_home, about_ana], [], [], [topic], None, [])
    pairs = [Pair(f"pair_{fact.id}", "memory", "self", "forward", (), (fact.id,)) for fact in store.facts()]
    store.put_pairs("1", pairs, [])
    store.put_adapter(Adapter("adapter_1", "one", "live", shelf.NOON, refs=(pairs[0].id,)))
    assert store.descendants(chunks[0].id) == {about_home.id, pairs[0].id, "adapter_1"}
    assert store.descendants(chunks[1].id) == {about_ana.id, topic.id, pairs[1].id}
    assert store.descendants(source.id) >= {turns[0].id, chunks[0].id, about_ana.id, "adapter_1"}
    assert store.descendants("nothing") == set()


def test_an_adapter_still_rests_on_a_chunk_whose_fact_and_pair_were_rebuilt(tmp_path: Path) -> None:
    store = shelf.store_of(tmp_path)
    fact = shelf.fact_of("Maya lives in Porto.", "chunk_1")
    pair = Pair("pair_1", "memory", "self", "forward", (), (fact.id,))
    store.put_words("1", [fact], [], [], [], None, [])
    store.put_pairs("1", [pair], [])
    store.put_adapter(Adapter("adapter_1", "one", "live", shelf.NOON, refs=(pair.id,)))
    store.put_words("2", [], [], [], [], None, [])
    store.put_pairs("2", [], [])
    assert "adapter_1" in store.descendants("chunk_1")
    store.delete_adapter("adapter_1")
    assert store.descendants("chunk_1") == set()


# forgetting


def test_a_deleted_chunk_is_in_no_file_any_more(tmp_path: Path) -> None:
    """Neither as a sentence nor as a word of the index, in the database or beside it."""
    home = shelf.home_of(tmp_path)
    store = open_store(home)
    for number in range(30):
        store.put_source(*shelf.source_of(f"{number}.txt", [f"Day {number}, {line}" for line in SENTENCES]))
    secret = "My old address is Zwetschgenweg 17."
    source, turns, chunks, vectors = shelf.source_of("z.txt", [secret])
    whole = Turn(turns[0].id, source.id, "Maya", "self", f"Hello. {secret} Bye.", None, "line 1", 0, 49)
    chunk = replace(chunks[0], start=7, end=7 + len(secret))
    store.put_source(source, [whole], [chunk], vectors)
    fact = shelf.fact_of("Maya lived at Zwetschgenweg 17.", chunk.id)
    store.put_words("1", [fact], [], [], [], None, [])
    assert b"Zwetschgenweg" in shelf.bytes_of(home)
    with store.transaction():
        store.delete_chunks([chunk.id])
        store.put_words("2", [], [], [], [], None, [])
    assert store.turns(source.id)[0].text == "Hello. " + " " * len(secret) + " Bye."
    left = shelf.bytes_of(home)
    assert b"zwetschgen" not in left.lower()
    assert b"Day 29" in left
    assert len(store.chunks()) == 90


def test_what_another_reader_still_sees_is_told_and_wiped_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home = shelf.home_of(tmp_path)
    store = open_store(home, patience=0.01)
    source = shelf.source_of("a.txt", ["Zwetschgenweg 17."])
    store.put_source(*source)
    reader = sqlite3.connect(home / FILE, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM chunks").fetchone()
    with caplog.at_level(logging.WARNING):
        store.delete_source(source[0].id)
    assert "not yet wiped" in caplog.text
    assert store.chunks() == []
    with pytest.raises(Busy):
        store.scrub()
    reader.close()
    store.scrub()
    assert b"zwetschgen" not in shelf.bytes_of(home).lower()


# faults


def test_a_transaction_is_kept_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    store = shelf.store_of(tmp_path)

    def interrupted() -> None:
        with store.transaction():
            store.put_source(*shelf.source_of("a.txt", SENTENCES))
            with store.transaction():
                store.add_private_topic("my health")
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    assert (store.sources(), store.private_topics()) == ([], [])
    store.add_private_topic("money")
    assert store.private_topics() == ["money"]


KILLED_HALF_WAY = """
import os, signal
from pathlib import Path
import shelf
from ipse.store.sqlite import open_store

store = open_store(Path(sys.argv[1]))
connection = store.database.connection
connection.exec_driver_sql("PRAGMA cache_size = 10")  # so that much is in the log by then

def die_at_the_vectors(statement):
    if statement.startswith("INSERT INTO vectors"):
        os.kill(os.getpid(), signal.SIGKILL)

connection.connection.driver_connection.set_trace_callback(die_at_the_vectors)
store.put_source(*shelf.source_of("a.txt", [f"new {i} " * 40 for i in range(2000)]))
"""


def test_a_process_killed_half_way_leaves_the_last_committed_state(tmp_path: Path) -> None:
    home = shelf.home_of(tmp_path)
    before = shelf.source_of("a.txt", SENTENCES)
    open_store(home).put_source(*before)
    killed = child(KILLED_HALF_WAY, home)
    assert killed.wait() == -signal.SIGKILL
    store = open_store(home)
    assert (store.sources(), store.chunks()) == ([before[0]], before[2])
    assert store.search_text("new", 1) == []
    store.put_source(*shelf.source_of("b.txt", ["And it goes on."]))


WRITER = """
from pathlib import Path
import shelf
from ipse.store.sqlite import open_store

store = open_store(Path(sys.argv[1]))
for number in range(20):
    store.put_source(*shelf.source_of(f"{sys.argv[2]} {number % 10}.txt", [f"{sys.argv[2]} says {number}"]))
    store.put_source(*shelf.source_of("both.txt", [f"{sys.argv[2]} was here {number}"]))
"""


def test_two_processes_can_write_at_once(tmp_path: Path) -> None:
    home = shelf.home_of(tmp_path)
    writers = [child(WRITER, home, name) for name in ("left", "right")]
    assert [writer.wait() for writer in writers] == [0, 0]
    store = open_store(home)
    assert len(store.sources()) == len(store.chunks()) == len(store.vectors()[0]) == 21
    assert len(store.search_text("left right", 100)) == 21


def test_threads_can_share_a_store(tmp_path: Path) -> None:
    store = shelf.store_of(tmp_path)

    def put(number: int) -> int:
        store.put_source(*shelf.source_of(f"{number}.txt", [f"Sentence {number}."]))
        return len(store.vectors()[0])

    with ThreadPoolExecutor(4) as threads:
        assert max(threads.map(put, range(20))) == 20


def test_opening_an_empty_home_twice_at_once_makes_it_once(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    code = "from pathlib import Path\nfrom ipse.store.database import Database\nDatabase(Path(sys.argv[1]))"
    openers = [child(code, tmp_path / "home" / FILE) for _ in range(2)]
    assert [opener.wait() for opener in openers] == [0, 0]


def test_an_empty_home_that_another_process_is_making_is_waited_for(tmp_path: Path) -> None:
    maker = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    maker.execute("BEGIN IMMEDIATE")
    with pytest.raises(Busy, match="try again"):
        Database(tmp_path / FILE, patience=0.01)
    Database(tmp_path / FILE, pause=lambda _: maker.execute("ROLLBACK")).close()


def test_a_full_disk_says_so_and_changes_nothing(tmp_path: Path) -> None:
    store = shelf.store_of(tmp_path)
    before = shelf.source_of("a.txt", SENTENCES)
    store.put_source(*before)
    pages = store.database.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    store.database.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match=r"full.*Free some space"):
        store.put_source(*shelf.source_of("a.txt", ["word " * 2000 for _ in range(20)]))
    assert (store.sources(), store.chunks()) == ([before[0]], before[2])
    store.database.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages * 100}")
    store.put_source(*shelf.source_of("b.txt", ["There is room again."]))


def test_a_file_locked_for_too_long_is_busy(tmp_path: Path) -> None:
    home = shelf.home_of(tmp_path)
    store = open_store(home, patience=0.01)
    other = sqlite3.connect(home / FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Busy, match="try again"):
        store.add_private_topic("my health")
    other.execute("ROLLBACK")
    store.add_private_topic("my health")


def test_a_damaged_file_says_so(tmp_path: Path) -> None:
    home = shelf.home_of(tmp_path)
    (home / FILE).write_bytes(b"These are not the bytes of a database." * 100)
    with pytest.raises(StoreError, match="damaged or not a database"):
        open_store(home)


def test_a_file_damaged_further_down_says_so(tmp_path: Path) -> None:
    home = shelf.home_of(tmp_path)
    store = open_store(home)
    store.put_source(*shelf.source_of("a.txt", ["word " * 200 for _ in range(200)]))
    store.close()
    whole = (home / FILE).read_bytes()
    (home / FILE).write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    with pytest.raises(StoreError, match="damaged"):
        open_store(home).chunks()


def test_a_home_that_is_a_file_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(StoreError, match="home"):
        create_person(tmp_path / "home", shelf.MAYA)


def test_a_file_of_a_later_ipse_is_left_alone(tmp_path: Path) -> None:
    home = shelf.home_of(tmp_path)
    later = sqlite3.connect(home / FILE)
    later.execute(f"PRAGMA user_version = {VERSION + 1}")
    later.close()
    with pytest.raises(StoreError, match="Upgrade ipse"):
        open_store(home)


# migrations and lock


def test_migrations_arrive_at_the_tables_of_the_schema(tmp_path: Path) -> None:
    store = shelf.store_of(tmp_path)

    def ours(_object: object, name: str | None, kind: str, *_: object) -> bool:
        return not (kind == "table" and str(name).startswith(("chunk_words", "alembic")))

    context = MigrationContext.configure(store.database.connection, opts={"include_object": ours})
    assert compare_metadata(context, metadata) == []


def test_opening_an_up_to_date_file_does_not_import_alembic(tmp_path: Path) -> None:
    home = shelf.home_of(tmp_path)
    code = (
        "from pathlib import Path\nfrom ipse.store.sqlite import open_store\n"
        "open_store(Path(sys.argv[1])).facts()\nsys.exit('alembic' in sys.modules)"
    )
    assert child(code, home).wait() == 0


HOLDER = """
from pathlib import Path
from ipse.store.database import Database
from ipse.store.lock import at_work
from ipse.store.sqlite import open_store

with at_work(open_store(Path(sys.argv[1]))):
    print("at work", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_told_who_is_at_work(tmp_path: Path) -> None:
    home = shelf.home_of(tmp_path)
    store = open_store(home)
    holder = child(HOLDER, home)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "at work\n"
    with pytest.raises(Busy, match=f"process {holder.pid} is at work on Maya Okafor"), at_work(store):
        pass
    store.add_private_topic("reading and small writes go on")
    holder.kill()
    holder.wait()
    with at_work(store), at_work(store):
        pass
    with at_work(store):
        pass
