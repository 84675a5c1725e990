"""Diaries, notes and documents: dates, own words and quotations."""

from __future__ import annotations

from pathlib import Path

import pytest
from reader_kit import (
    IDA,
    days,
    docx_bytes,
    pdf_bytes,
    said,
    take,
    verbatim,
)

from ipse.errors import BrokenInput, UnknownFormat
from ipse.raw.readers import read


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "a.md",
            "# Log 2025\n\n### 9. Jan.\nIt froze.\n\n### 2. März\nIt thawed.",
            [None, "2025-01-09", "2025-03-02"],
        ),
        ("a.md", "---\ndate: 2024-05-01\n---\n# Log\n## June 3\nHot.", ["2024-05-01", "2024-06-03"]),
        ("Log 2023.md", "## Monday, 3rd of July\nHot.", ["2023-07-03"]),
        ("a.md", "# 2024\n## March\n### 5\nRain.\n### 6-7\nSun.", ["2024-03-05", "2024-03-06"]),
        ("a.md", "## 2024-12-30\nCold.\n## Jan 2\nColder.", ["2024-12-30", "2025-01-02"]),
        ("a.md", "## 31/01/2024\nA.\n## 02/02/2024\nB.", ["2024-01-31", "2024-02-02"]),
        ("a.md", "**5 janvier 2024**\nFroid.\n**6 janvier 2024**\nNeige.", ["2024-01-05", "2024-01-06"]),
        ("a.md", "## 5 января 2024\nХолодно.", ["2024-01-05"]),
        ("2024-03-05.md", "Rain all day.", ["2024-03-05"]),
        ("a.md", "# Five tips\n## 1\nSleep more.\n## 2\nEat less.", [None, None, None]),
        ("a.md", "## 2024-01-05 A walk\nFar.\n## Ideas\nNone.", ["2024-01-05", None]),
        (
            "b.txt",
            "MY BOOK\n\nJan 5, 2025. Cold.\n\nFeb 11. Six years now.",
            [None, "2025-01-05", "2025-02-11"],
        ),
        ("b.txt", "2025-01-05: Cold\n2025-01-06: Warm\n", ["2025-01-05", "2025-01-06"]),
        ("b.txt", "Date:\t5 January 2025 at 10:12\n\nCold.", ["2025-01-05"]),
        ("b.txt", "May 5 was warm.\nMarch 3, 2013, I sang.\n3. March on! Said I.", [None]),
        ("b.txt", "January 5, 2025\n===========\nCold.", ["2025-01-05"]),
    ],
)
def test_diary_dates(name: str, text: str, expected: list[str | None]) -> None:
    reading = take(name, text)
    assert days(reading) == expected
    assert {turn.role for turn in reading.turns} == {"self"}
    assert verbatim(reading, text)


def test_a_diary_entry_begins_after_its_date() -> None:
    text = "# Log 2025\n\n### 9. Jan.\nIt froze.\n\n### 10. Jan. – Linz\nIt thawed."
    assert said(take("a.md", text)) == ["# Log 2025", "It froze.", "Linz\nIt thawed."]
    assert said(take("b.txt", "Jan 5, 2025. Cold here.\nJan 6. Warm.")) == ["Cold here.", "Warm."]


def test_a_date_without_any_year_is_a_failure() -> None:
    reading = take("a.md", "## 9. Jan.\nIt froze.")
    assert days(reading) == [None]
    assert "no year" in reading.failures[0].reason
    assert said(reading) == ["## 9. Jan.\nIt froze."]


def test_quotations_and_code_in_notes() -> None:
    text = "> Be water.\n\nI liked that.\n\n> [!note] Mine\n> I wrote this.\n\n```\n# 2024-01-01\n```\n"
    reading = take("a.md", text)
    assert said(reading, "other") == ["> Be water."]
    assert "I wrote this." in " ".join(said(reading))
    assert days(reading) == [None, None]


def test_clipped_pages_are_not_the_persons() -> None:
    front = "---\nauthor: Bo Lund\nsource: https://a.example/b\n---\n"
    assert said(take("a.md", f"{front}I fish a lot."), "other") == ["I fish a lot."]
    own = front.replace("Bo Lund", IDA.name)
    assert said(take("a.md", f"{own}I sail a lot.")) == ["I sail a lot."]


def test_broken_front_matter_is_a_failure() -> None:
    reading = take("a.md", "---\na: [1\n---\nI sail.")
    assert said(reading) == ["I sail."]
    assert "YAML" in reading.failures[0].reason


def test_obsidian_links_become_their_text(tmp_path: Path) -> None:
    (tmp_path / ".obsidian").mkdir()
    note = tmp_path / "2024-03-05.md"
    note.write_text("![[boat.png]]\nMet [[People/Bo Lund|Bo]] and [[Liv#Now]] %%secret%% ^ab1\n", encoding="utf-8")
    reading = read(note, IDA)
    assert reading.format == "obsidian"
    assert said(reading) == ["Met Bo and Liv"]
    assert (days(reading), reading.turns[0].place) == (["2024-03-05"], "line 1")


@pytest.mark.parametrize("name", ["Templates/Day.md", "Day.md"])
def test_templates_are_refused(name: str) -> None:
    with pytest.raises(UnknownFormat, match="template"):
        take(name, "# {{date}}\n[[link]]")


def test_evernote() -> None:
    created = "<title>Sea</title><created>20250105T101112Z</created>"
    note = f"<note>{created}<content><![CDATA[<en-note>{{}}</en-note>]]></content>{{}}</note>"
    clip = "<note-attributes><source-url>https://a.example</source-url></note-attributes>"
    text = (
        "<?xml version='1.0'?><en-export>"
        + note.format("<div>I sail</div>", "")
        + note.format("Fish", clip)
        + "</en-export>"
    )
    reading = take("a.enex", text)
    assert (said(reading), said(reading, "other")) == (["I sail"], ["Fish"])
    assert days(reading)[0] == "2025-01-05"


def test_documents() -> None:
    word = take("a.docx", docx_bytes())
    assert (word.format, said(word), days(word)) == (
        "docx",
        ["# Log 2025", "It froze.\nice |"],
        [None, "2025-01-05"],
    )
    pdf = take("a.pdf", pdf_bytes("I sail often."))
    assert (pdf.format, said(pdf)) == ("pdf", ["I sail often."])
    assert pdf.turns[0].place.startswith("page 1")
    html = take(
        "a.html",
        "<!DOCTYPE html><html><head><title>t</title></head><body><h2>2025-01-05</h2><p>I sail.</p></body>",
    )
    assert (html.format, said(html), days(html)) == ("html", ["I sail."], ["2025-01-05"])


def test_damaged_documents_are_broken_input() -> None:
    for name, data in (("a.docx", docx_bytes()), ("a.pdf", pdf_bytes("I sail."))):
        with pytest.raises(BrokenInput):
            take(name, data[: len(data) // 3])
    with pytest.raises(BrokenInput, match="OCR"):
        take("a.pdf", pdf_bytes(""))
