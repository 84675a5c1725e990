"""The OpenAI-compatible chat client over a real loopback server: order, bounds, faults, waiting."""

from __future__ import annotations

import email.utils
import socket

import pytest
from llm_server import NOW, Clock, HangUp, LLMServer, Raw, Say, Stall, Status, ask, chat_over

from ipse.errors import BadOutput, LLMUnavailable
from ipse.llm.endpoint import Endpoint, Rejected


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_replies_come_in_order_and_the_request_says_what_it_should(clock: Clock) -> None:
    with LLMServer(answer=lambda body: body["messages"][-1]["content"].upper()) as server:
        replies = chat_over(server.endpoint(), clock).chat([ask(f"q{n}") for n in range(9)], max_tokens=7)
    assert [reply.text for reply in replies] == [f"Q{n}" for n in range(9)]
    seen = server.seen[0]
    assert seen.path == "/v1/chat/completions"
    assert seen.authorization == "Bearer key-for-tests"
    assert seen.body["model"] == "small-model"
    assert seen.body["max_tokens"] == 7
    assert seen.body["temperature"] == 0
    assert clock.slept == []


def test_exactly_as_many_requests_are_open_as_allowed(clock: Clock) -> None:
    with LLMServer(meet=3) as server:
        chat_over(server.endpoint(concurrency=3), clock).chat([ask(str(n)) for n in range(12)])
    assert server.peak == 3


def test_no_prompts_no_requests(clock: Clock) -> None:
    with LLMServer() as server:
        assert chat_over(server.endpoint(), clock).chat([]) == []
    assert server.seen == []


@pytest.mark.parametrize("fault", [Status(500), Status(503), Status(429), Status(408), HangUp()])
def test_a_passing_fault_is_retried_with_growing_waits(fault: Status | HangUp, clock: Clock) -> None:
    with LLMServer([fault, fault, Say("there")]) as server:
        (reply,) = chat_over(server.endpoint(), clock).chat([ask("hello")])
    assert reply.text == "there"
    first, second = clock.slept
    assert 0.25 <= first <= 0.5 <= second <= 1.0


def test_retry_after_in_seconds_is_honoured(clock: Clock) -> None:
    with LLMServer([Status(429, {"Retry-After": "7"}), Say("ok")]) as server:
        chat_over(server.endpoint(), clock).chat([ask("hello")])
    assert 7 <= clock.slept[0] <= 7.5


def test_retry_after_in_milliseconds_is_honoured(clock: Clock) -> None:
    with LLMServer([Status(429, {"Retry-After-Ms": "2500", "Retry-After": "9"}), Say("ok")]) as server:
        chat_over(server.endpoint(), clock).chat([ask("hello")])
    assert 2.5 <= clock.slept[0] <= 3.0


def test_retry_after_as_a_date_is_honoured(clock: Clock) -> None:
    date = email.utils.formatdate(NOW + 20, usegmt=True)
    with LLMServer([Status(503, {"Retry-After": date}), Say("ok")]) as server:
        chat_over(server.endpoint(), clock).chat([ask("hello")])
    assert 20 <= clock.slept[0] <= 20.5


@pytest.mark.parametrize("header", ["soon", "nan", "-3", "Someday, 99 Foo 2020"])
def test_a_senseless_retry_after_falls_back_to_back_off(header: str, clock: Clock) -> None:
    with LLMServer([Status(429, {"Retry-After": header}), Say("ok")]) as server:
        chat_over(server.endpoint(), clock).chat([ask("hello")])
    assert 0 < clock.slept[0] <= 0.5


def test_a_server_that_asks_for_an_hour_is_left_alone(clock: Clock) -> None:
    with (
        LLMServer([Status(429, {"Retry-After": "3600"})]) as server,
        pytest.raises(LLMUnavailable, match="3600 s of rest"),
    ):
        chat_over(server.endpoint(), clock).chat([ask("hello")])
    assert clock.slept == []
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("fault", "tries", "said"),
    [
        (Status(500), 3, "server error .500. after 3 tries; .*log"),
        (Status(429), 3, "IPSE_CONCURRENCY"),
        (HangUp(), 3, "OPENAI_BASE_URL"),
        (Status(401), 1, "OPENAI_API_KEY"),
        (Status(404), 1, "model's name"),
        (Status(429, {}, {"message": "pay", "code": "insufficient_quota"}), 1, "credit"),
    ],
)
def test_giving_up_says_what_to_check_on_one_line(fault: Status | HangUp, tries: int, said: str, clock: Clock) -> None:
    with LLMServer(answer=lambda _: fault) as server, pytest.raises(LLMUnavailable, match=said) as caught:
        chat_over(server.endpoint(retries=2), clock).chat([ask("hello")])
    assert len(server.seen) == tries
    assert "\n" not in str(caught.value)
    assert "key-for-tests" not in str(caught.value)


def test_a_server_that_stalls_runs_into_the_timeout(clock: Clock) -> None:
    with LLMServer([Stall(), Say("late")]) as server:
        (reply,) = chat_over(server.endpoint(timeout=0.3), clock).chat([ask("hello")])
        assert reply.text == "late"
        server.script.extend([Stall(), Stall()])
        with pytest.raises(LLMUnavailable, match="IPSE_TIMEOUT"):
            chat_over(server.endpoint(timeout=0.2, retries=1), clock).chat([ask("hello")])


def test_nobody_listening(clock: Clock) -> None:
    with socket.socket() as taken:  # bound, never listening: the port is surely dead
        taken.bind(("127.0.0.1", 0))
        url = f"http://someone:secret@127.0.0.1:{taken.getsockname()[1]}/v1"
        with pytest.raises(LLMUnavailable, match="no connection after 2 tries") as caught:
            chat_over(Endpoint(url, retries=1), clock).chat([ask("hello")])
    assert "secret" not in str(caught.value)


def test_a_dead_server_is_not_asked_on_and_on_but_again_after_a_minute(clock: Clock) -> None:
    with LLMServer(answer=lambda _: Status(500)) as server:
        chat = chat_over(server.endpoint(retries=0), clock)
        for _ in range(3):
            with pytest.raises(LLMUnavailable, match="server error"):
                chat.chat([ask("hello")])
        with pytest.raises(LLMUnavailable, match="not asked"):
            chat.chat([ask("hello")])
        assert len(server.seen) == 3
        clock.now += 61
        server.answer = lambda _: "back"
        assert chat.chat([ask("hello")])[0].text == "back"


@pytest.mark.parametrize(
    "raw",
    [
        Raw(b"<html>welcome</html>", "text/html"),
        Raw(b'{"choices": [', "application/json"),
        Raw(b'{"hello": 1}', "application/json"),
        Raw(b'{"choices": []}', "application/json"),
        Raw(b'{"choices": [{"index": 0}]}', "application/json"),
    ],
)
def test_something_else_than_a_model_server(raw: Raw, clock: Clock) -> None:
    with LLMServer([raw]) as server, pytest.raises(BadOutput, match="OPENAI_BASE_URL"):
        chat_over(server.endpoint(), clock).chat([ask("hello")])


def test_a_refused_request_is_not_repeated_and_told_briefly(clock: Clock) -> None:
    refusal = Status(400, {}, {"message": "context\nlength exceeded: " + "x" * 500})
    with LLMServer(answer=lambda _: refusal) as server, pytest.raises(Rejected) as caught:
        chat_over(server.endpoint(), clock).chat([ask("hello")])
    assert len(server.seen) == 1
    assert "context length exceeded" in str(caught.value)
    assert len(str(caught.value)) < 250


def test_options_a_model_does_not_know_are_left_out_from_then_on(clock: Clock) -> None:
    def picky(body: dict[str, object]) -> str | Status:
        for option in ("max_tokens", "temperature"):
            if option in body:
                return Status(400, {}, {"message": f"Unsupported: {option}", "param": option})
        return "fine"

    with LLMServer(answer=picky) as server:
        chat = chat_over(server.endpoint(concurrency=1), clock)
        assert [reply.text for reply in chat.chat([ask("a"), ask("b")], max_tokens=9)] == ["fine", "fine"]
    assert len(server.seen) == 4
    assert server.seen[-1].body["max_completion_tokens"] == 9
