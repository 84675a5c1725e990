"""Archives, limits, encodings and damage: refused with a reason, never a crash."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reader_kit import (
    BRANCHED,
    IDA,
    MBOX,
    TELEGRAM,
    WHATSAPP,
    docx_bytes,
    pdf_bytes,
    said,
    take,
    verbatim,
    zipped,
)

from ipse.errors import BrokenInput, InputError, UnknownFormat
from ipse.raw.readers import archive, decode, read, read_bytes


def test_a_zip_is_one_source_with_named_places() -> None:
    chat = "13/02/2025, 13:41 - Ida: the oven is in"
    data = zipped(
        {
            "chat/_chat.txt": chat,
            "copy.txt": chat,
            "IMG.jpg": b"\xff\xd8\xff",
            "../x.txt": "no",
            "in.zip": zipped({}),
        }
    )
    reading = take("export.zip", data)
    assert said(reading) == ["the oven is in"] * 2
    assert [turn.place for turn in reading.turns] == ["chat/_chat.txt:line 1", "copy.txt:line 1"]
    assert len({turn.id for turn in reading.turns}) == 2
    assert len({turn.source_id for turn in reading.turns}) == 1
    assert [failure.place for failure in reading.failures] == ["IMG.jpg", "../x.txt", "in.zip"]


@pytest.mark.parametrize("name", ["a.zip", "a.docx"])
def test_bombs_are_refused_before_they_are_opened(name: str) -> None:
    with pytest.raises(BrokenInput, match="zip bomb"):
        take(name, zipped({"word/document.xml": b"0" * (64 * 1024 * 1024)}))


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", "C:\\x", "..\\x", "\\x"])
def test_no_member_leads_outside(name: str) -> None:
    assert not archive.is_inside(name)


def test_office_files_are_refused_by_name_of_their_kind() -> None:
    with pytest.raises(UnknownFormat, match="spreadsheet"):
        take("a.xlsx", zipped({"xl/workbook.xml": "<x/>"}))


def test_too_large_a_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "huge.txt"
    with path.open("wb") as opened:
        opened.truncate(decode.MAX_BYTES + 1)
    with pytest.raises(BrokenInput, match="over the limit"):
        read(path, IDA)


@pytest.mark.parametrize(
    ("name", "data", "error", "reason"),
    [
        ("a.txt", b"", BrokenInput, "empty"),
        ("a.txt", b"\xef\xbb\xbf \n", BrokenInput, "empty"),
        ("a.txt", b"abc\0\0\1\2def", BrokenInput, "binary"),
        ("a.txt", b"caf\x81 \x8d", BrokenInput, "unknown encoding"),
        ("a.json", b'[{"mapping": {"a": {"parent": nu', BrokenInput, "line 1 column 31"),
        ("a.json", b'{"x":\n{"y": 1', BrokenInput, "line 2 column 8"),
        ("a.json", b'{"chat_messages": [' + b"[" * 100_000, BrokenInput, "nested"),
        ("a.json", b'{"x": 1}', UnknownFormat, "JSON"),
        ("a.jsonl", b'{"x": 1}\n{"x": 2}', UnknownFormat, "JSON"),
        ("a.png", b"\x89PNG\r\n\x1a\n", UnknownFormat, "picture"),
        ("a.csv", b"a,b\n1,2", UnknownFormat, "table"),
        ("a.py", b"print(1)", UnknownFormat, "no kind of file"),
        ("a.vcf", b"BEGIN:VCARD\nEND:VCARD", UnknownFormat, "address book"),
        ("a.canvas", b'{"nodes": []}', UnknownFormat, "canvas"),
        ("a.html", b'<html><div class="message default clearfix">', UnknownFormat, "result.json"),
        ("a.xml", b"<?xml version='1.0'?><x/>", UnknownFormat, "XML"),
        ("db.txt", b"SQLite format 3\0", UnknownFormat, "database"),
    ],
)
def test_bad_input_says_what_is_wrong(name: str, data: bytes, error: type[InputError], reason: str) -> None:
    with pytest.raises(error, match=reason):
        take(name, data)


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(BrokenInput):
        read(tmp_path / "none.txt", IDA)
    with pytest.raises(UnknownFormat):
        read(tmp_path, IDA)


def test_encodings() -> None:
    assert said(take("a.txt", "\ufeffsmør og brød".encode())) == ["smør og brød"]
    assert said(take("a.txt", "smør og brød".encode("utf-16"))) == ["smør og brød"]
    guessed = take("a.txt", "one\nsmør og brød".encode("cp1252"))
    assert said(guessed) == ["one\nsmør og brød"]
    assert guessed.failures[0].place == "line 2"


def test_half_a_surrogate_pair_does_no_harm() -> None:
    reading = take("a.jsonl", '{"role": "user", "content": "I sail \\ud83d now"}')
    assert said(reading) == ["I sail ? now"]


def test_ids_depend_on_content_and_place_alone() -> None:
    text = "13/02/2025, 13:41 - Ida: one\n13/02/2025, 13:42 - Ida: two"
    first, again, moved = take("a.txt", text), take("a.txt", text), take("b.txt", text)
    assert first == again
    assert [turn.id for turn in first.turns] == [turn.id for turn in moved.turns]
    assert first.turns[0].source_id != moved.turns[0].source_id
    assert len({turn.id for turn in first.turns}) == 2


SEEDS = [
    WHATSAPP[0][0].encode(),
    WHATSAPP[5][0].encode(),
    MBOX.encode(),
    json.dumps({"name": "Bo", "messages": TELEGRAM}).encode(),
    json.dumps([{"mapping": BRANCHED, "current_node": "e"}]).encode(),
    b"---\ndate: 2024-01-01\n---\n# Log\n## Jan 5\nCold [[x|y]]\n",
    b"<!DOCTYPE html><html><body><p>I sail</p></body></html>",
    docx_bytes(),
    pdf_bytes("I sail often."),
    zipped({"a.txt": "I sail", "b.md": "# x"}),
]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SEEDS), st.data(), st.sampled_from(["a.txt", "a.md", "a.json", "a"]))
def test_damaged_files_never_crash(seed: bytes, data: st.DataObject, name: str) -> None:
    start = data.draw(st.integers(0, len(seed)))
    end = data.draw(st.integers(start, min(len(seed), start + 40)))
    damaged = seed[:start] + data.draw(st.binary(max_size=20)) + seed[end:]
    try:
        reading = read_bytes(Path(name), damaged, IDA)
    except InputError:
        return
    assert all(turn.end - turn.start == len(turn.text) > 0 for turn in reading.turns)


@settings(max_examples=100, deadline=None)
@given(st.text(), st.sampled_from(["a.txt", "a.md", "a.json", "a.eml"]))
def test_any_text_is_read_or_refused(text: str, name: str) -> None:
    try:
        reading = take(name, text)
    except InputError:
        return
    if name in ("a.txt", "a.md") and reading.format in ("text", "markdown"):
        assert verbatim(reading, text.removeprefix("\ufeff"))


def test_a_name_in_a_charset_that_cannot_be_one_is_kept_as_it_stands() -> None:
    mail = MBOX.encode().replace(b"=?utf-8?q", b"=?\xff-8?q")
    reading = read_bytes(Path("a.mbox"), mail, IDA)
    assert [turn.text for turn in reading.turns if turn.role == "self"]
