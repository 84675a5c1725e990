"""Chats and assistants: who said what and when, in every format and locale."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from reader_kit import (
    BRANCHED,
    IDA,
    TELEGRAM,
    WHATSAPP,
    days,
    message,
    said,
    take,
    verbatim,
)

from ipse.errors import NoSpeakerMatch
from ipse.raw import speakers
from ipse.types import Person

# --- who is the person


@pytest.mark.parametrize("name", ["ida brondum", " ~ Ida Brøndum 🌻", "IDA", "\u200eIda\u200f", "Ida@Brondum.example"])
def test_names_match_whatever_their_dress(name: str) -> None:
    assert speakers.is_person(IDA, name)


@pytest.mark.parametrize("name", ["Ida B", "Brøndum", "Idar", "", "ida@other.example", "🌻"])
def test_parts_of_names_do_not_match(name: str) -> None:
    assert not speakers.is_person(IDA, name)


def test_a_name_of_emoji_and_a_phone_number_can_be_aliases() -> None:
    assert speakers.is_person(Person("X", aliases=("🐝",)), "🐝")
    assert speakers.is_person(Person("X", aliases=("+45 12 34 56",)), "+45 12-34-56")


def test_nobody_matches_lists_who_was_found() -> None:
    with pytest.raises(NoSpeakerMatch) as caught:
        take("c.txt", "01/02/2025, 10:00 - Bo: hi there\n01/02/2025, 10:01 - Liv: hello")
    assert caught.value.found == ("Bo", "Liv")


# --- phone chats


@pytest.mark.parametrize(("text", "at"), WHATSAPP)
def test_whatsapp_in_many_locales(text: str, at: str) -> None:
    reading = take("chat.txt", text)
    assert (reading.format, reading.failures) == ("whatsapp", [])
    assert said(reading) == ["the oven is in"]
    assert said(reading, "other") == ["good"]
    assert str(reading.turns[0].at) == f"{at}+00:00"
    assert verbatim(reading, text.removeprefix("\ufeff"))


def test_whatsapp_takes_day_and_month_from_the_whole_file() -> None:
    by_time = take("c.txt", "03/04/25, 10:00 - Ida: one\n03/05/25, 10:00 - Ida: two\n04/01/25, 10:00 - Ida: three")
    assert days(by_time) == ["2025-03-04", "2025-03-05", "2025-04-01"]
    by_number = take("c.txt", "03/04/25, 10:00 - Ida: one\n05/31/25, 10:00 - Ida: two")
    assert days(by_number) == ["2025-03-04", "2025-05-31"]
    undecided = take("c.txt", "03/04/25, 10:00 - Ida: one")
    assert days(undecided) == ["2025-04-03"]
    assert "day before month" in undecided.failures[0].reason


def test_whatsapp_media_notices_and_captions() -> None:
    text = (
        "13/02/2025, 13:40 - Messages and calls are end-to-end encrypted. No one can read them.\n"
        "13/02/2025, 13:41 - Ida: <Media omitted>\n"
        "13/02/2025, 13:42 - Ida: IMG-2025-WA1.jpg (file attached)\nmy new boat\n"
        "13/02/2025, 13:43 - Bo: This message was deleted\n"
        '13/02/2025, 13:44 - Bo changed the subject to "Boats: all"\n'
        "13/02/2025, 13:45 - Ida: I sold it <This message was edited>\n"
        "13/02/2025, 13:46 - Ida: line one\nline two: still me\n"
    )
    reading = take("chat.txt", text)
    assert said(reading) == ["my new boat", "I sold it", "line one\nline two: still me"]
    assert len(said(reading, "system")) == 5
    assert {turn.speaker for turn in reading.turns} == {"", "Ida", "Bo"}
    assert verbatim(reading, text)


def test_quoted_lines_in_a_chat_are_not_the_persons() -> None:
    text = "13/02/2025, 13:41 - Ida: > I hate rain\nI love rain"
    reading = take("chat.txt", text)
    assert said(reading) == ["I love rain"]
    assert next((turn.role, turn.speaker, turn.text) for turn in reading.turns) == (
        "other",
        "quoted",
        "> I hate rain",
    )
    assert verbatim(reading, text)


def test_a_date_that_does_not_exist_is_a_failure_and_the_rest_goes_on() -> None:
    reading = take("c.txt", "31/02/2025, 10:00 - Ida: one\n13/03/2025, 10:00 - Ida: two")
    assert days(reading) == [None, "2025-03-13"]
    assert reading.failures[0].place == "line 1"


def test_signal_owner_is_the_person() -> None:
    reading = take("chat.txt", "[2025-02-13, 12:23] Bo: Hello\n[2025-02-13, 12:24] Me: Hi\nthere")
    assert reading.format == "signal"
    assert said(reading) == ["Hi\nthere"]


# --- messengers as JSON


def test_telegram_single_chat() -> None:
    reading = take("result.json", json.dumps({"name": "Bo", "type": "personal_chat", "messages": TELEGRAM}))
    assert reading.format == "telegram"
    assert said(reading) == ["see https://a.example soon", "I do not"]
    assert said(reading, "other") == ["I eat meat", "not my words", "gone"]
    assert said(reading, "system") == ["<photo>"]
    assert [failure.place for failure in reading.failures] == ["messages[5]"]
    assert reading.turns[0].at == datetime(2025, 2, 13, 13, 41, tzinfo=UTC)


def test_telegram_account() -> None:
    chats = [{"name": name, "messages": [message(text=f"to {name}")]} for name in ("Bo", "Liv")]
    reading = take("result.json", json.dumps({"about": "x", "chats": {"list": chats}}))
    assert said(reading) == ["to Bo", "to Liv"]
    assert [turn.thread for turn in reading.turns] == ["Bo", "Liv"]


def test_facebook_is_put_in_order_and_its_letters_mended() -> None:
    name = IDA.name.encode().decode("latin-1")
    messages = [
        {"sender_name": "Bo", "timestamp_ms": 1675597571851, "content": "later"},
        {"sender_name": name, "timestamp_ms": 1675577876645, "content": "blå".encode().decode("latin-1")},
        {"sender_name": name, "timestamp_ms": 1675577876000, "photos": [{}]},
    ]
    reading = take("message_1.json", json.dumps({"participants": [], "messages": messages, "title": "Bo"}))
    assert [turn.text for turn in reading.turns] == ["<photos>", "blå", "later"]
    assert said(reading) == ["blå"]


# --- assistants


def test_chatgpt_follows_the_current_branch() -> None:
    conversation = {"title": "Pets", "mapping": BRANCHED, "current_node": "e"}
    reading = take("conversations.json", json.dumps([conversation]))
    assert reading.format == "chatgpt"
    assert said(reading) == ["I like cats"]
    assert said(reading, "other") == ["> they say cats are bad"]
    assert said(reading, "assistant") == ["Fine"]
    assert {turn.speaker for turn in reading.turns} == {IDA.name, "quoted", "assistant"}


def test_chatgpt_without_a_current_node_takes_the_longest_branch() -> None:
    reading = take("one.json", json.dumps({"title": "Pets", "mapping": BRANCHED}))
    assert said(reading) == ["I like cats", "No, cats"]


def test_chatgpt_survives_loops_and_bad_messages() -> None:
    loop = {"x": {"parent": "y", "message": {"author": 3}}, "y": {"parent": "x", "message": None}}
    conversations = [{"mapping": loop, "current_node": "x"}, {"mapping": BRANCHED}, "nonsense"]
    reading = take("conversations.json", json.dumps(conversations))
    assert said(reading) == ["I like cats", "No, cats"]
    assert len(reading.failures) == 2


def test_chatgpt_custom_instructions_are_the_persons_and_come_once() -> None:
    about = "The user provided this:\n```I am a nurse```"
    content = {
        "content_type": "user_editable_context",
        "user_profile": about,
        "user_instructions": "Be short",
    }
    told = {"author": {"role": "user"}, "content": content}
    trees = [{"mapping": {"a": {"parent": None, "message": told}}} for _ in range(3)]
    assert said(take("c.json", json.dumps(trees))) == ["I am a nurse", "Be short"]


def test_claude_leaves_out_thinking_and_tools() -> None:
    blocks = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Sure"}, {"type": "tool_use"}]
    messages = [
        {"sender": "human", "created_at": "2025-02-13T13:41:00Z", "text": "I bake bread", "content": []},
        {"sender": "assistant", "created_at": "2025-02-13T13:41:09Z", "content": blocks},
        {"sender": "human"},
        "broken",
    ]
    reading = take("conversations.json", json.dumps([{"name": "Bread", "chat_messages": messages}]))
    assert reading.format == "claude"
    assert (said(reading), said(reading, "assistant")) == (["I bake bread"], ["Sure"])
    assert len(reading.failures) == 1


def test_openai_messages_in_every_form() -> None:
    user = {"role": "user", "content": [{"type": "text", "text": "I bake"}], "created_at": 1739454060}
    other = {"role": "user", "name": "Bo", "content": "I fish"}
    assistant = {"role": "assistant", "content": "Nice"}
    lines = "\n".join(map(json.dumps, [user, other, assistant, {"role": "assistant", "content": None}]))
    wrapped = "\n".join(json.dumps({"messages": [user, other, assistant]}) for _ in range(1))
    whole = json.dumps([user, other, assistant], indent=1)
    for text in (lines, wrapped, whole, json.dumps({"messages": [user, other, assistant]}, indent=1)):
        reading = take("log.jsonl", text)
        assert reading.format == "messages"
        assert (said(reading), said(reading, "other"), said(reading, "assistant")) == (
            ["I bake"],
            ["I fish"],
            ["Nice"],
        )
        assert days(reading)[0] == "2025-02-13"


def test_a_broken_line_of_json_lines_is_a_failure() -> None:
    good = json.dumps({"role": "user", "content": "I bake"})
    reading = take("log.jsonl", f'{good}\n{{"role": "user", \n{good}\n{{"content": 3}}')
    assert said(reading) == ["I bake", "I bake"]
    assert [failure.place for failure in reading.failures] == ["line 2", "line 4"]


def test_other_peoples_messages_alone_are_refused() -> None:
    with pytest.raises(NoSpeakerMatch):
        take("log.jsonl", json.dumps({"role": "user", "name": "Bo", "content": "I fish"}))
