"""Talks written down in text and Markdown: who says what, and what is no talk at all."""

from __future__ import annotations

import pytest
from reader_kit import days, said, take, verbatim

from ipse.types import Person

INTERVIEW = """---
date: 2024-05-02
title: Portrait
---
# Portrait of a baker

**Interviewer:** Where did you grow up?

**Ida Brøndum:** On Fanø.
The house is gone now.

**Interviewer:** Do you go back?

**Ida Brøndum:** Every June.
"""
SESSION = """<!-- Generated -->

# 2026-01-30 18:58:14Z

_**User (2026-01-30 18:58:14Z)**_

Please name the commit after the ticket.

```python
Ida: int = 3
```

---

_**Agent (claude-4 2026-01-30 18:58:22Z)**_

I'll do that: done.

_**Agent (claude-4)**_

Anything else?

_**User (2026-01-31 09:00:00Z)**_

I prefer tabs.
"""


def test_an_interview_keeps_its_speakers_and_its_date() -> None:
    reading = take("talk.md", INTERVIEW)
    assert reading.format == "transcript"
    assert said(reading) == ["On Fanø.\nThe house is gone now.", "Every June."]
    assert said(reading, "other") == ["Where did you grow up?", "Do you go back?"]
    assert said(reading, "system") == ["# Portrait of a baker"]
    assert set(days(reading)) == {"2024-05-02"}
    assert verbatim(reading, INTERVIEW)
    assert [turn.place for turn in reading.turns if turn.role == "self"] == ["line 9", "line 14"]


def test_what_a_program_calls_user_beside_an_assistant_is_the_person() -> None:
    reading = take("session.md", SESSION)
    own = said(reading)
    assert own[-1] == "I prefer tabs."
    assert own[0].startswith("Please name the commit")
    assert "Ida: int = 3" in own[0]
    assert said(reading, "assistant") == ["I'll do that: done.", "Anything else?"]
    assert [d for d, t in zip(days(reading), reading.turns, strict=True) if t.role == "self"] == [
        "2026-01-30",
        "2026-01-31",
    ]


@pytest.mark.parametrize(
    ("name", "text", "own", "others"),
    [
        (
            "chat.txt",
            "Anna Maria: Are you in?\nIda: Yes, since six.\nAnna Maria: Shall I come?\nIda: Do.\n",
            ["Yes, since six.", "Do."],
            ["Are you in?", "Shall I come?"],
        ),
        (
            "pasted.txt",
            "You said:\nI bake rye.\n\nChatGPT said:\nNice.\n\nYou said:\nOn Mondays.\n\nChatGPT said:\nGood.\n",
            ["I bake rye.", "On Mondays."],
            [],
        ),
        (
            "export.md",
            "# A chat\n\n## User\n\nI want an oven.\n\n## Assistant\n\nWhich?\n\n## User\n\nA used one.\n",
            ["I want an oven.", "A used one."],
            [],
        ),
        (
            "minutes.md",
            "**Ida**\n\nI want an oven.\n\n**Bo**\n\nToo dear.\n\n**Ida**\n\nA used one.\n\n**Cy**\n\nI am ill.\n",
            ["I want an oven.", "A used one."],
            ["Too dear.", "I am ill."],
        ),
        (
            "mixed.txt",
            "Bo: Shall we?\nIda:\n- milk\n- rye\nBo: I have asthma.\nIda: Oh.\nCy: Me too.\n",
            ["- milk\n- rye", "Oh."],
            ["Shall we?", "I have asthma.", "Me too."],
        ),
        (
            "short.txt",
            "Interviewer: I have two kids, and you?\nIda: None.\nInterviewer: Thanks.\n",
            ["None."],
            ["I have two kids, and you?", "Thanks."],
        ),
        (
            "once.md",
            "- **Ida**: I bake.\n- **Bo**: I eat.\n- **Ida**: Always.\n- **Bo**: Often.\n- **Cy**: I watch.\n",
            ["I bake.", "Always."],
            ["I eat.", "Often.", "I watch."],
        ),
    ],
)
def test_names_stand_before_what_is_said_or_above_it(name: str, text: str, own: list[str], others: list[str]) -> None:
    reading = take(name, text)
    assert (said(reading), said(reading, "other")) == (own, others)


@pytest.mark.parametrize(
    "text",
    [
        "Mood: fine\nSleep: 7 h\n\nI baked.\n\nMood: poor\nSleep: 5 h\n\nI slept.\n",
        "# Bread\n\n**Flour**\n\nRye.\n\n**Water**\n\nWarm.\n\n**Flour**\n\nWheat.\n\n**Water**\n\nCold.\n",
        "Ida: that is my name.\n\nI bake bread on Mondays.\n\nNote: buy salt.\n\nNote: buy yeast.\n\nI swim.\n",
        "Interviewer: Who?\nSmith: Me.\nInterviewer: You?\nSmith: Yes.\n",
        "# Goals\n\n## Work\n\nA rise.\n\n## AI\n\nPyTorch.\n\n## Me\n\nSleep.\n\n## Home\n\nPaint.\n",
        "# One\n\n## Ida\n\nI swim.\n\n## Kids\n\nI lost my temper.\n\n# Two\n\n## Ida\n\nI ran.\n\n## Kids\n\nCalm.\n",
        "a" + "_" * 20_000 + "!\n\nI bake.\n",
    ],
)
def test_without_the_person_among_the_names_it_is_a_note_of_their_own(text: str) -> None:
    reading = take("note.md", text)
    assert reading.format == "markdown"
    assert said(reading)
    assert not said(reading, "other")


def test_what_an_assistant_marks_up_in_its_reply_is_no_speaker() -> None:
    reading = take(
        "session.md", SESSION.replace("Anything else?", "**You:**\n\nI have been fired twice.\n\n**Monday:** rest")
    )
    assert not any("fired" in own for own in said(reading))
    assert not said(reading, "other")


def test_a_program_and_a_person_may_share_a_name() -> None:
    text = "Bo: hi\nClaude: I bake.\nBo: x\nClaude: y\n"
    assert said(take("c.txt", text, Person("Claude Monet", aliases=("Claude",)))) == ["I bake.", "y"]
    assert said(take("c.txt", text, Person("Bo Ek", aliases=("Bo",))), "other") == ["I bake.", "y"]


def test_a_clipped_page_is_never_the_persons() -> None:
    page = "---\nsource: https://x.example/a\nauthor: Bo\n---\n**User:** I fly.\n\n**Assistant:** ok\n\n**User:** Bye."
    assert said(take("page.md", page)) == []


def test_names_may_be_written_in_any_script_and_a_fence_may_stay_open() -> None:
    text = "Andre\u0301: I smoke.\nIda: I bake.\nप्रिया: I drink.\nIda: y\n"
    reading = take("chat.txt", text)
    assert said(reading) == ["I bake.", "y"]
    opened = "**User:**\n\nfix\n\n```\nx = 1\n\n**Assistant:**\n\nI live in Rome.\n\n**User:** ok\n"
    assert said(take("s.md", opened), "assistant") == ["I live in Rome."]
