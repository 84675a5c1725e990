"""Mail: own words, quotations, tails and signatures; broken headers and encodings."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from reader_kit import (
    MBOX,
    said,
    take,
)

from ipse.errors import NoSpeakerMatch


def test_mbox_tells_own_words_from_quotes_and_signatures() -> None:
    reading = take("mail.mbox", MBOX)
    assert reading.format == "mail"
    assert said(reading) == ["I sail.", "Still?"]
    assert said(reading, "system") == ["--\x20\nIda, harbour office"]
    others = said(reading, "other")
    assert others[0] == "I fish.\nFrom the pier, mostly."
    assert others[1:] == ["> I fish.", "On Wed, 2 Apr 2025 at 07:20, Bo\n<bo@b.example> wrote:\n> I fish."]
    assert {turn.thread for turn in reading.turns} == {"Nets"}
    assert reading.turns[-1].at == datetime(2025, 4, 2, 10, 45, 31, tzinfo=UTC)


HEAD = "From: Ida <ida@brondum.example>\nTo: bo@b.example\nDate: Wed, 02 Apr 2025 12:45:31 +0200\n"


def test_older_mail_without_marks_is_not_the_senders() -> None:
    german = "Ich segle.\n\nAm 02.04.2025 um 07:20 schrieb Bo <bo@b.example>:\nIch angle.\n"
    assert said(take("a.eml", f"{HEAD}\n{german}")) == ["Ich segle."]
    outlook = "I sail.\n\n-----Original Message-----\nFrom: Bo\n\nI fish.\n"
    assert said(take("a.eml", f"{HEAD}\n{outlook}")) == ["I sail."]


def test_html_only_mail() -> None:
    html = "<p>I <b>sail</b>.</p><style>x</style><p>A lot.</p><blockquote>I fish.</blockquote>"
    reading = take("a.eml", f"{HEAD}Content-Type: text/html; charset=utf-8\n\n{html}")
    assert said(reading) == ["I sail.\n\nA lot."]
    assert said(reading, "other") == ["> I fish."]


def test_mail_in_a_broken_encoding_and_with_broken_headers() -> None:
    head = HEAD.replace("From:", "From  :").replace("Date", "stray line\nDate")
    data = f"{head}Content-Type: text/plain; charset=nonsense\n\nsmørrebrød".encode("cp1252")
    reading = take("a.eml", data)
    assert said(reading) == ["smørrebrød"]
    assert len(reading.failures) == 2


def test_attached_mails_are_not_the_mail() -> None:
    body = (
        "Content-Type: multipart/mixed; boundary=xx\n\n--xx\nContent-Type: message/rfc822\n\n"
        "From: Bo <bo@b.example>\n\nI fish.\n--xx\nContent-Type: text/plain\n\nI sail.\n--xx--\n"
    )
    assert said(take("a.eml", HEAD + body)) == ["I sail."]


def test_a_received_mail_is_the_others_and_a_strangers_is_refused() -> None:
    received = "From: bo@b.example\nTo: ida@brondum.example\nSubject: x\n\nI fish."
    reading = take("a.eml", received)
    assert (said(reading), said(reading, "other")) == ([], ["I fish."])
    with pytest.raises(NoSpeakerMatch):
        take("a.eml", received.replace("ida@", "liv@"))
