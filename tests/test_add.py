"""Adding files, messages and text: what is read, what is left alone, what goes wrong by itself."""

from __future__ import annotations

import hashlib
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import shelf
from hypothesis import given
from hypothesis import strategies as st

from ipse.errors import BrokenInput, StoreError, UsageError
from ipse.raw.readers.reading import Origin, Reading, Said
from ipse.raw.run import AddReport, add, add_messages, add_text, plan
from ipse.store.sqlite import open_store
from ipse.types import Failure, Person, Source

PORTO = "I moved to Porto in the spring."
BREAD = "My sister Ana bakes rye bread on Sundays."
LATE = "I never work late on Tuesdays."


def read_lines(path: Path, person: Person) -> Reading:
    """The smallest reader there can be: a line is a turn; "broken" lines and files fail."""
    data = path.read_bytes()
    if data.startswith(b"broken"):
        raise BrokenInput(f"{path}:line 1", "is broken")
    origin = Origin.of(path, data)
    turns, failures, start = [], [], 0
    for number, line in enumerate(data.decode().splitlines(), start=1):
        if line == "bad line":
            failures.append(Failure(f"line {number}", "is bad"))
        else:
            turns += origin.turns(Said(person.name, line, shelf.NOON, f"line {number}", start), "self")
        start += len(line) + 1
    return Reading("lines", turns, failures)


class Desk:
    """A home beside a folder of files, and the one verb."""

    def __init__(self, folder: Path) -> None:
        self.home = shelf.home_of(folder)
        self.store = open_store(self.home)
        self.files = folder / "files"
        self.files.mkdir()
        self.embedder = shelf.WordEmbedder()

    def write(self, name: str, *lines: str) -> str:
        path = self.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines))
        return str(path.resolve())

    def add(self, *paths: Path) -> AddReport:
        return add(self.store, paths or [self.files], self.embedder, shelf.clock, read=read_lines)

    def texts(self) -> list[str]:
        return [chunk.text for chunk in self.store.chunks()]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_folder_is_read_file_by_file(desk: Desk) -> None:
    a, b = desk.write("a.txt", PORTO, BREAD), desk.write("sub/b.txt", LATE)
    seen: list[tuple[str, int, int]] = []
    report = add(
        desk.store,
        [desk.files],
        desk.embedder,
        shelf.clock,
        progress=lambda *step: seen.append(step),
        read=read_lines,
    )
    assert report == AddReport(added=(a, b), chunks=3)
    assert seen == [(a, 1, 2), (b, 2, 2)]
    assert desk.texts() == [PORTO, BREAD, LATE]
    source = desk.store.sources()[0]
    assert (source.path, source.format, source.added_at) == (a, "lines", shelf.NOON)
    assert (source.first_at, source.last_at) == (shelf.NOON, shelf.NOON)
    assert source.sha256 == hashlib.sha256(Path(a).read_bytes()).hexdigest()


def test_adding_the_same_again_does_nothing(desk: Desk) -> None:
    a = desk.write("a.txt", PORTO)
    desk.add()
    before, embedded = desk.store.database.stamp(), len(desk.embedder.seen)
    assert desk.add() == AddReport(unchanged=(a,))
    assert desk.add(Path(a), Path(a)) == AddReport(unchanged=(a,))
    assert (desk.store.database.stamp(), len(desk.embedder.seen)) == (before, embedded)


def test_a_changed_file_replaces_its_own_chunks_only(desk: Desk) -> None:
    a, b = desk.write("a.txt", PORTO), desk.write("b.txt", BREAD)
    desk.add()
    kept = desk.store.chunks()[1]
    desk.write("a.txt", PORTO, LATE)
    assert desk.add() == AddReport(changed=(a,), unchanged=(b,), chunks=2)
    assert sorted(desk.texts()) == sorted([PORTO, LATE, BREAD])
    assert kept in desk.store.chunks()


def test_the_same_bytes_under_another_path_are_kept_once(desk: Desk) -> None:
    a, b = desk.write("a.txt", PORTO), desk.write("b.txt", PORTO)
    assert desk.add() == AddReport(added=(a,), duplicates=(b,), chunks=1)
    assert desk.add() == AddReport(unchanged=(a,), duplicates=(b,))
    desk.write("a.txt", LATE)
    assert desk.add() == AddReport(changed=(a,), added=(b,), chunks=2)
    desk.write("b.txt", LATE)
    assert desk.add() == AddReport(unchanged=(a,), duplicates=(b,))
    assert desk.texts() == [LATE]


def test_rotated_files_give_their_contents_on(desk: Desk) -> None:
    newest, older = desk.write("log.txt", PORTO), desk.write("log.1.txt", BREAD)
    desk.add()
    desk.write("log.1.txt", PORTO)
    desk.write("log.txt", BREAD)
    report = desk.add()
    assert set(report.changed) == {newest, older}
    assert sorted(desk.texts()) == sorted([PORTO, BREAD])
    assert desk.add().unchanged == (older, newest)


def test_a_file_that_vanished_stays_known(desk: Desk) -> None:
    a = desk.write("a.txt", PORTO)
    desk.add()
    Path(a).unlink()
    assert desk.add() == AddReport()
    assert desk.texts() == [PORTO]


def test_a_bad_file_is_a_failure_and_the_rest_goes_on(desk: Desk) -> None:
    desk.write("a.txt", "broken from here")
    b = desk.write("b.txt", "bad line", PORTO)
    desk.write("c.txt", "bad line")
    report = desk.add(desk.files, desk.files / "nowhere.txt")
    assert report.added == (b,)
    assert {(Path(each.place).name, each.reason) for each in report.failures} == {
        ("a.txt:line 1", "is broken"),
        ("b.txt:line 1", "is bad"),
        ("c.txt:line 1", "is bad"),
        ("nowhere.txt", "there is no such file or folder"),
    }


def test_a_file_that_broke_later_leaves_what_was_read_before(desk: Desk) -> None:
    desk.write("a.txt", PORTO)
    desk.add()
    desk.write("a.txt", "broken from here")
    assert len(desk.add().failures) == 1
    assert desk.texts() == [PORTO]


def test_hidden_files_and_links_that_lead_outside_are_not_read(desk: Desk, tmp_path: Path) -> None:
    a = desk.write("a.txt", PORTO)
    desk.write(".hidden.txt", BREAD)
    desk.write(".git/notes.txt", BREAD)
    (tmp_path / "outside.txt").write_text(LATE)
    (desk.files / "leak.txt").symlink_to(tmp_path / "outside.txt")
    (desk.files / "same.txt").symlink_to(a)
    (desk.files / "nowhere.txt").symlink_to(tmp_path / "nowhere.txt")
    (desk.files / "round.txt").symlink_to(desk.files / "round.txt")
    (desk.files / "up").symlink_to(tmp_path)
    (desk.files / "again").symlink_to(desk.files)
    (desk.files / "photo.JPG").write_bytes(b"not looked at")
    desk.write("Templates/day.md", BREAD)
    report = desk.add()
    assert report.added == (a,)
    assert {Path(each.place).name: each.reason.split(" /")[0] for each in report.skipped} == {
        ".hidden.txt": "is hidden",
        ".git": "is hidden",
        "leak.txt": "is a link that leads out of",
        "up": "is a link that leads out of",
        "again": "is a link to a folder that is read in its own place",
        "nowhere.txt": "is a link that leads nowhere",
        "round.txt": "is a link that leads nowhere",
        "photo.JPG": "is a picture, sound, film or part of a web page",
        "Templates": "is a folder of templates",
    }
    assert desk.texts() == [PORTO]
    assert desk.add(desk.files / "leak.txt").added == (str((tmp_path / "outside.txt").resolve()),)


def test_a_name_that_is_no_text_is_a_failure(desk: Desk) -> None:
    (Path(os.fsdecode(os.fsencode(desk.files) + b"/caf\xe9.txt"))).write_text(PORTO)
    (failure,) = desk.add().failures
    assert "rename it" in failure.reason
    assert failure.place.endswith("caf\\udce9.txt")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes")
def test_a_pipe_is_not_waited_for(desk: Desk) -> None:
    os.mkfifo(desk.files / "pipe")
    assert "pipe" in desk.add().skipped[0].place
    assert "not a plain file" in desk.add(desk.files / "pipe").skipped[0].reason


def test_a_forgotten_sentence_does_not_come_back(desk: Desk) -> None:
    secret = "My old address is Zwetschgenweg 17."
    desk.write("a.txt", f"{PORTO} {secret} {LATE}", secret, BREAD)
    desk.store.put_forgotten([hashlib.sha256(secret.encode()).hexdigest()])
    report = desk.add()
    assert (report.chunks, report.forgotten) == (3, 2)
    assert desk.texts() == [PORTO, LATE, BREAD]
    assert b"zwetschgen" not in shelf.bytes_of(desk.home).lower()
    for chunk in desk.store.chunks():
        turn = next(turn for turn in desk.store.turns() if turn.id == chunk.turn_id)
        assert turn.text[chunk.start - turn.start : chunk.end - turn.start] == chunk.text


def test_when_the_store_refuses_what_was_done_before_is_kept(desk: Desk) -> None:
    a = desk.write("a.txt", PORTO)
    desk.write("b.txt", *[f"Sentence number {n} goes on and on, {'on ' * 30}and on." for n in range(400)])
    store = open_store(desk.home)
    pages = store.database.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    store.database.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 20}")
    with pytest.raises(StoreError, match="full"):
        add(store, [desk.files], desk.embedder, shelf.clock, read=read_lines)
    assert [source.path for source in desk.store.sources()] == [a]
    assert len(desk.add().added) == 1


def test_the_readers_that_come_with_ipse_are_used(desk: Desk) -> None:
    desk.write("diary.md", "# 2025-02-03", "", PORTO)
    desk.write("program.exe", "\0\1\2")
    report = add(desk.store, [desk.files], desk.embedder, shelf.clock)
    assert [Path(path).name for path in report.added] == ["diary.md"]
    assert PORTO in desk.texts()
    assert len(report.failures) + len(report.skipped) == 1


def test_messages_are_added_as_they_stand_in_a_file(desk: Desk) -> None:
    messages: list[dict[str, object]] = [
        {"role": "user", "content": PORTO, "created_at": "2025-02-03T10:00:00Z"},
        {"role": "assistant", "content": "Porto is lovely in the spring."},
        {"role": "user", "name": "Ana", "content": "I like trains very much."},
        {"role": "user", "content": [{"type": "text", "text": f"{LATE} \ud800"}]},
        {"content": "nobody said this"},
    ]
    report = add_messages(desk.store, messages, desk.embedder, shelf.clock)
    assert len(report.added) == 1
    assert len(report.failures) == 1
    assert "messages[4]" in report.failures[0].place
    assert [(chunk.role, chunk.text) for chunk in desk.store.chunks()][:3] == [
        ("self", PORTO),
        ("assistant", "Porto is lovely in the spring."),
        ("other", "I like trains very much."),
    ]
    assert desk.store.chunks()[0].at == datetime(2025, 2, 3, 10, tzinfo=UTC)
    assert LATE in desk.texts()[3]
    assert add_messages(desk.store, messages, desk.embedder, shelf.clock).unchanged == report.added


@pytest.mark.parametrize("messages", [[], ["only text"], [{"role": "user", "content": ""}]])
def test_messages_with_nothing_in_them_are_a_failure(desk: Desk, messages: list[dict[str, object]]) -> None:
    report = add_messages(desk.store, messages, desk.embedder, shelf.clock)
    assert report.failures
    assert desk.store.sources() == []


def test_messages_that_are_no_data_are_refused(desk: Desk) -> None:
    with pytest.raises(UsageError, match="plain dicts"):
        add_messages(desk.store, [{"role": "user", "content": object()}], desk.embedder, shelf.clock)


def test_text_is_said_by_the_person_now_unless_told(desk: Desk) -> None:
    first = add_text(desk.store, PORTO, desk.embedder, shelf.clock)
    earlier = datetime(2020, 1, 1, tzinfo=UTC)
    add_text(desk.store, LATE, desk.embedder, shelf.clock, at=earlier)
    assert add_text(desk.store, PORTO, desk.embedder, shelf.clock).unchanged == first.added
    assert [(chunk.text, chunk.role, chunk.at) for chunk in desk.store.chunks()] == [
        (PORTO, "self", shelf.NOON),
        (LATE, "self", earlier),
    ]
    assert add_text(desk.store, " \n", desk.embedder, shelf.clock).failures


PATHS = st.sampled_from(["a", "b", "c", "d"])
HASHES = st.sampled_from(["1", "2", "3"])


@given(
    st.lists(st.tuples(PATHS, HASHES), unique_by=(lambda kept: kept[0], lambda kept: kept[1])),
    st.dictionaries(PATHS, HASHES),
)
def test_after_any_plan_each_content_is_kept_exactly_once(kept: list[tuple[str, str]], now: dict[str, str]) -> None:
    sources = [Source(f"{path} {sha}", path, "text", sha, shelf.NOON) for path, sha in kept]
    held = {source.id: source for source in sources}
    for item in plan(now, sources):
        if item.stale and item.verdict != "unchanged":
            held.pop(item.stale, None)
        if item.verdict in ("added", "changed"):
            held = {key: source for key, source in held.items() if source.path != item.path}
            assert item.sha256 not in {source.sha256 for source in held.values()}
            held[f"{item.path} {item.sha256}"] = Source("", item.path, "text", item.sha256, shelf.NOON)
    contents = sorted(source.sha256 for source in held.values())
    still = {path for path, sha in kept if now.get(path, sha) == sha}
    assert contents == sorted({sha for path, sha in kept if path in still} | set(now.values()))
