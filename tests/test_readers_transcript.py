"""Talks written down in text and Markdown: who says what, and what is no talk at all."""

from __future__ import annotations

import pytest
from reader_kit import days, said, take, verbatim

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
            "minutes.md",
            "## Ida\n\nI want a new oven.\n\n## Bo\n\nToo dear.\n\n## Ida\n\nThen a used one.\n\n## Bo\n\nFine.\n",
            ["I want a new oven.", "Then a used one."],
            ["Too dear.", "Fine."],
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
    ],
)
def test_without_the_person_among_the_names_it_is_a_note_of_their_own(text: str) -> None:
    reading = take("note.md", text)
    assert reading.format == "markdown"
    assert said(reading)
    assert not said(reading, "other")
