"""The way in over HTTP: every verb, who is turned away, and the sweep beside it."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import shelf
from fastapi.testclient import TestClient
from profile_kit import LONG, SHORT, at, is_mirrored, kept, signal

from ipse.errors import StoreError
from ipse.serve import run
from ipse.serve.app import HEADERS, HISTORY, MOST_AT_ONCE, UI, create_app
from ipse.store.sqlite import SqliteStore, create_person
from ipse.types import DIMENSIONS, NUMERIC
from ipse.words.onboarding import preview
from ipse.words.profile import edit, observe


@pytest.fixture
def client(home: Path) -> Iterator[TestClient]:
    minutes = iter(range(10_000))
    with TestClient(create_app(home, clock=lambda: at(next(minutes))), base_url="http://localhost") as found:
        yield found


def ok(response: Any) -> Any:
    assert response.status_code == 200, response.text
    return response.json()


def refused(response: Any, status: int) -> str:
    assert response.status_code == status, response.text
    told = response.json()["error"]
    assert told
    assert "\n" not in told
    return str(told)


# the verbs


def test_the_profile_begins_empty_and_invents_nothing(client: TestClient) -> None:
    shown = ok(client.get("/api/profile"))
    assert shown["person"] == "Maya Okafor"
    assert (shown["paragraph"], shown["provenance"], shown["preferences"]) == (None, "empty", [])
    assert ok(client.get("/api/context")) == {"preamble": "", "context": ""}
    assert ok(client.get("/api/profile/history")) == {"history": []}
    assert ok(client.get("/api/profile/amendments")) == {"amendments": []}
    empty = {"dimension": "tone", "kind": "number", "points": [], "drifts": []}
    assert ok(client.get("/api/dimensions/tone")) == empty


def test_signals_come_one_by_one_or_many_at_once(client: TestClient, store: SqliteStore) -> None:
    shown = ok(client.post("/api/signals", json={"dimension": "tone", "value": 0.1}))
    assert shown["paragraph"]["text"] == "The tone should be dry, without pleasantries."
    assert shown["paragraph"]["sentences"] == [{"text": shown["paragraph"]["text"], "refs": ["tone"]}]
    many = [{"dimension": "domain", "value": "Value"}, {"dimension": "length", "value": "0.9", "source": "preview"}]
    shown = ok(client.post("/api/signals", json=many))
    found = {each["dimension"]: each for each in shown["preferences"]}
    assert (found["length"]["fused"], found["length"]["kind"]) == (pytest.approx(0.9), "number")
    assert (found["domain"]["fused"], found["domain"]["kind"]) == ({"value": 1.0}, "category")
    assert [(each.source, each.value) for each in store.signals()] == [
        *(("nudge", 0.1), ("nudge", "value"), ("preview", 0.9))
    ]
    assert is_mirrored(store)
    series = ok(client.get("/api/dimensions/length"))
    assert [(point["value"], point["fused"], point["source"]) for point in series["points"]] == [(0.9, 0.9, "preview")]


def test_of_many_signals_with_a_bad_one_none_is_kept(client: TestClient, store: SqliteStore) -> None:
    many = [{"dimension": "tone", "value": 0.5}, {"dimension": "tone", "value": 7}]
    assert "from 0 to 1" in refused(client.post("/api/signals", json=many), 400)
    assert store.signals() == []
    assert ok(client.post("/api/signals", json=[]))["preferences"] == []
    many = [{"dimension": "tone", "value": 0.5}] * (MOST_AT_ONCE + 1)
    assert str(MOST_AT_ONCE) in refused(client.post("/api/signals", json=many), 400)
    assert store.signals() == []


def test_many_signals_are_one_change(client: TestClient, store: SqliteStore) -> None:
    many = [{"dimension": "tone", "value": 0.1 if i % 2 else 0.9} for i in range(MOST_AT_ONCE)]
    shown = ok(client.post("/api/signals", json=many))
    assert (shown["nudges"], shown["preferences"][0]["count"]) == (MOST_AT_ONCE, MOST_AT_ONCE)
    assert len(store.paragraphs()) == 1


def test_the_person_writes_pins_unpins_and_restores(client: TestClient) -> None:
    assert "no paragraph to pin" in refused(client.post("/api/profile/pin", json={}), 400)
    assert ok(client.put("/api/profile/about", json={"text": "I bake."}))["about_me"] == "I bake."
    first = ok(client.post("/api/profile/pin", json={}))["paragraph"]
    assert (first["text"], first["provenance"]) == ("You bake.", "user_authored")
    edited = ok(client.put("/api/profile/paragraph", json={"text": "Rhymes!", "base": first["id"]}))["paragraph"]
    assert edited["text"] == ok(client.get("/api/context"))["preamble"] == "Rhymes!"
    assert ok(client.post("/api/profile/unpin", json={}))["provenance"] == "evolved"
    restored = ok(client.post("/api/profile/restore", json={"id": edited["id"]}))
    assert (restored["paragraph"]["text"], restored["provenance"]) == ("Rhymes!", "user_authored")
    history = ok(client.get("/api/profile/history"))["history"]
    assert [each["text"] for each in history] == ["Rhymes!", "You bake.", "Rhymes!", "You bake.", "You bake."]
    assert history[0]["diff"] == [["gone", "You bake."], ["added", "Rhymes!"]]
    assert "no paragraph" in refused(client.post("/api/profile/restore", json={"id": "paragraph_0"}), 400)


def test_saving_over_a_paragraph_that_has_changed_is_a_conflict_and_shows_it(client: TestClient) -> None:
    first = ok(client.put("/api/profile/paragraph", json={"text": "One.", "base": ""}))["paragraph"]
    ok(client.put("/api/profile/paragraph", json={"text": "Two.", "base": first["id"]}))
    late = client.put("/api/profile/paragraph", json={"text": "Three.", "base": first["id"]})
    assert "changed meanwhile" in refused(late, 409)
    assert late.json()["profile"]["paragraph"]["text"] == "Two."
    late = client.post("/api/profile/pin", json={"base": first["id"]})
    assert "changed meanwhile" in refused(late, 409)
    seen = ok(client.get("/api/profile"))["paragraph"]["id"]
    assert ok(client.post("/api/profile/pin", json={"base": seen}))["paragraph"]["text"] == "Two."


def test_saving_over_about_me_that_has_changed_is_a_conflict_and_shows_it(client: TestClient) -> None:
    ok(client.put("/api/profile/about", json={"text": "I bake.\r\nI sail.", "base": ""}))
    late = client.put("/api/profile/about", json={"text": "I knit.", "base": ""})
    assert "changed meanwhile" in refused(late, 409)
    seen = late.json()["profile"]["about_me"]
    assert seen == "I bake.\nI sail."
    assert ok(client.put("/api/profile/about", json={"text": "I knit.", "base": seen}))["about_me"] == "I knit."
    assert ok(client.put("/api/profile/about", json={"text": ""}))["about_me"] == ""  # who saw nothing asks nothing


def test_the_history_is_told_as_far_as_it_is_asked_for(client: TestClient, store: SqliteStore) -> None:
    for number in range(HISTORY + 2):
        edit(store, f"Version {number}.", at(number))
    whole = ok(client.get("/api/profile/history"))["history"]
    assert [each["text"] for each in whole] == [f"Version {number}." for number in range(HISTORY + 1, 1, -1)]
    assert ok(client.get("/api/profile/history?last=2"))["history"] == whole[:2]
    assert ["gone", "1."] in whole[-1]["diff"]  # held against the one before, told or not
    assert len(ok(client.get("/api/profile/history?last=9999"))["history"]) == HISTORY + 2
    for odd in ("0", "-1", "all"):
        refused(client.get(f"/api/profile/history?last={odd}"), 400)


def test_the_quiz_is_asked_and_answered(client: TestClient) -> None:
    questions = ok(client.get("/api/quiz"))["questions"]
    assert sorted(each["dimension"] for each in questions) == sorted(DIMENSIONS)
    first = {each["dimension"]: each["choices"][0]["value"] for each in questions}
    shown = ok(client.post("/api/quiz", json={"answers": first}))
    assert shown["provenance"] == "onboarding"
    assert {each["dimension"] for each in shown["preferences"]} == set(DIMENSIONS)
    assert "no question" in refused(client.post("/api/quiz", json={"answers": {}}), 400)
    refused(client.post("/api/quiz", json={"answers": {"mood": 0.5}}), 400)


@pytest.mark.parametrize("name", NUMERIC)
def test_a_preview_shows_what_a_number_changes(client: TestClient, name: str) -> None:
    low, high = (ok(client.post("/api/preview", json={"values": {name: value}}))["text"] for value in (0.0, 1.0))
    assert low != high
    assert high == preview({name: 1.0}) == preview({name: 99.0})
    for odd in ("-1e308", "NaN", "Infinity"):
        content = f'{{"values": {{"{name}": {odd}}}}}'
        ok(client.post("/api/preview", content=content, headers={"Content-Type": "application/json"}))


def test_replies_are_judged_and_amendments_decided(client: TestClient, store: SqliteStore) -> None:
    assert ok(client.post("/api/replies", json={"text": "Yes."})) == {"id": None}
    reply = ok(client.post("/api/replies", json={"text": SHORT}))["id"]
    shown = ok(client.post(f"/api/replies/{reply}/thumb", json={"thumb": "up"}))
    assert (shown["thumbs"], shown["replies"], len(shown["preferences"])) == (1, 1, 3)
    assert "no reply" in refused(client.post("/api/replies/reply_0/thumb", json={"thumb": "up"}), 400)
    refused(client.post(f"/api/replies/{reply}/thumb", json={"thumb": "sideways"}), 400)
    observe(store, [signal(minute, "length", 0.9) for minute in range(20)], at(20))
    edit(store, "Tell me everything.", at(21))
    for number in range(1, 20):
        noted = ok(client.post("/api/replies", json={"text": SHORT if number % 4 else LONG}))["id"]
        if number % 4:
            ok(client.post(f"/api/replies/{noted}/thumb", json={"thumb": "up"}))
    (proposed,) = ok(client.get("/api/profile"))["amendments"]
    decide = f"/api/profile/amendments/{proposed['id']}"
    refused(client.post(decide, json={"action": "ponder"}), 400)
    shown = ok(client.post(decide, json={"action": "accept", "sentence": "But briefly."}))
    assert (shown["paragraph"]["text"], shown["amendments"]) == ("Tell me everything. But briefly.", [])
    assert "nothing is proposed" in refused(client.post(decide, json={"action": "dismiss"}), 400)
    assert [each["status"] for each in ok(client.get("/api/profile/amendments"))["amendments"]] == ["accepted"]


def test_a_home_of_several_needs_a_name(client: TestClient, home: Path) -> None:
    assert ok(client.get("/api/people")) == {"people": ["Maya Okafor"], "person": "Maya Okafor"}
    create_person(home, shelf.JUN)
    assert ok(client.get("/api/people")) == {"people": ["Maya Okafor", "Jun Tanaka"], "person": None}
    assert "Maya Okafor, Jun Tanaka" in refused(client.get("/api/profile"), 404)
    assert "nobody" in refused(client.get("/api/profile?person=Otto"), 404)
    ok(client.put("/api/profile/about?person=Jun", json={"text": "I sail."}))
    assert ok(client.get("/api/context?person=Jun"))["preamble"] == "You sail."
    assert ok(client.get("/api/context?person=Maya"))["preamble"] == ""
    named = TestClient(create_app(home, "Jun"), base_url="http://localhost")
    assert ok(named.get("/api/profile"))["about_me"] == "I sail."
    late = client.put("/api/profile/paragraph?person=Jun", json={"text": "x", "base": "paragraph_0"})
    assert (late.status_code, late.json()["profile"]["person"]) == (409, "Jun Tanaka")


def test_the_context_is_cut_to_what_is_asked_for(client: TestClient) -> None:
    ok(client.put("/api/profile/about", json={"text": "I bake bread. I sail."}))
    told = "You bake bread. You sail."
    assert ok(client.get("/api/context?max_tokens=6")) == {"preamble": told, "context": ""}
    assert ok(client.get("/api/context?max_tokens=7"))["context"] == told
    assert ok(client.get("/api/context?max_tokens=-1"))["context"] == ""
    refused(client.get("/api/context?max_tokens=many"), 400)


# who is turned away

WRITES: list[tuple[str, str, Any]] = [
    ("POST", "/api/signals", {"dimension": "tone", "value": 0.5}),
    ("PUT", "/api/profile/paragraph", {"text": "Rhymes!"}),
    ("PUT", "/api/profile/about", {"text": "I bake."}),
    ("POST", "/api/profile/pin", {}),
    ("POST", "/api/profile/unpin", {}),
    ("POST", "/api/profile/consult", {}),
    ("POST", "/api/profile/restore", {"id": "paragraph_0"}),
    ("POST", "/api/profile/amendments/amendment_0", {"action": "dismiss"}),
    ("POST", "/api/quiz", {"answers": {"tone": 0.5}}),
    ("POST", "/api/preview", {"values": {}}),
    ("POST", "/api/replies", {"text": SHORT}),
    ("POST", "/api/replies/reply_0/thumb", {"thumb": "up"}),
]
READS = ["/", "/api/people", "/api/profile", "/api/dimensions/tone", "/api/quiz", "/api/context", "/ui/index.html"]


def test_the_list_of_writes_and_reads_is_whole(client: TestClient) -> None:
    paths = ok(client.get("/api/openapi.json"))["paths"]
    writing = {(method.upper(), path) for path, methods in paths.items() for method in methods if method != "get"}
    named = {"amendment_0": "{amendment_id}", "reply_0": "{reply_id}"}
    known = {(method, "/".join(named.get(each, each) for each in path.split("/"))) for method, path, _ in WRITES}
    assert writing == known


@pytest.mark.parametrize(("method", "path", "body"), WRITES, ids=[path for _, path, _ in WRITES])
def test_a_page_of_another_site_changes_nothing(
    client: TestClient, store: SqliteStore, method: str, path: str, body: Any
) -> None:
    before = kept(store)
    for origin in (
        "https://evil.example",
        "http://localhost:9999",
        "http://localhost.evil.example",
        "null",
        "http://[",
    ):
        assert "another site" in refused(client.request(method, path, json=body, headers={"Origin": origin}), 403)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        sent = client.request(method, path, content=json.dumps(body), headers={"Content-Type": kind})
        assert "send JSON" in refused(sent, 403)
    assert kept(store) == before


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "192.168.0.7:8765", "[::2]", "", "["])
def test_only_this_machine_may_ask(client: TestClient, host: str) -> None:
    for path in READS:
        assert "only this machine" in refused(client.get(path, headers={"Host": host}), 403)
    assert client.post("/api/signals", json=WRITES[0][2], headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost", "localhost:8765", "127.0.0.1:8765", "[::1]:8765", "LOCALHOST"])
def test_this_machine_goes_by_several_names(client: TestClient, host: str) -> None:
    assert client.get("/api/profile", headers={"Host": host}).status_code == 200
    own = {"Host": host, "Origin": f"http://{host}"}
    assert client.post("/api/signals", json=WRITES[0][2], headers=own).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/signals", {"dimension": "tone"}),
        ("/api/signals", {"dimension": "mood", "value": 0.5}),
        ("/api/signals", {"dimension": "tone", "value": 0.5, "source": "rumour"}),
        ("/api/signals", {"dimension": "tone", "value": None}),
        ("/api/signals", {"dimension": "tone", "value": True}),
        ("/api/signals", "tone"),
        ("/api/profile/restore", {}),
        ("/api/quiz", {"answers": []}),
        ("/api/preview", {"values": {"tone": "warm"}}),
        ("/api/replies", {"text": 7}),
    ],
)
def test_what_is_no_request_is_told_why(client: TestClient, store: SqliteStore, path: str, body: Any) -> None:
    before = kept(store)
    refused(client.post(path, json=body), 400)
    refused(client.post(path, content="{", headers={"Content-Type": "application/json"}), 400)
    assert kept(store) == before


def test_texts_are_of_bounded_length(client: TestClient) -> None:
    for path in ("/api/profile/paragraph", "/api/profile/about"):
        assert "characters long" in refused(client.put(path, json={"text": "x" * 4001}), 400)
    refused(client.get("/api/dimensions/mood"), 400)


def test_a_broken_store_is_said_to_be_one(client: TestClient, home: Path) -> None:
    (home / "ipse.db").write_bytes(b"not a database at all, but long enough to be read as one" * 9)
    assert "damaged" in refused(client.get("/api/profile"), 503)


# the page


def test_the_page_and_its_parts_are_served_with_the_headers_that_guard_them(client: TestClient) -> None:
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert page.text == (UI / "index.html").read_text(encoding="utf-8")
    assert client.get("/ui/page.js").status_code == 200
    answers = [page, *(client.get(f"/ui/{path}") for path in ("page.js", "../app.py", "%2e%2e/app.py", "nothing.js"))]
    answers += [client.get("/api/profile"), client.get("/api/nothing"), client.get("/", headers={"Host": "evil"})]
    assert [answer.status_code for answer in answers] == [200, 200, 404, 404, 404, 200, 404, 403]
    for answer in answers:
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "access-control-allow-origin" not in page.headers


# the process


def test_a_port_that_is_taken_is_an_error_that_says_what_to_do(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind((run.HOST, 0))
        taken.listen()
        with pytest.raises(StoreError, match="--port"):
            run.serve(home, None, taken.getsockname()[1], ready=lambda _: None)


class Turns(threading.Event):
    """Stops after so many turns, without a wait."""

    def __init__(self, turns: int, between: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self.left, self.between, self.waited = turns, between, list[float | None]()

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout)
        self.between()
        self.left -= 1
        return self.left == 0


def test_the_sweep_goes_on_every_fifteen_minutes_until_it_is_stopped(home: Path, store: SqliteStore) -> None:
    def move() -> None:
        values = [*[0.3, 0.34, 0.28] * 10, *[0.8] * 6]
        observe(store, [signal(minute, "tone", value) for minute, value in enumerate(values)], at(40))

    turns = Turns(3, move)
    run.sweep_on(home, turns, lambda: at(60))
    assert turns.waited == [15 * 60.0] * 3
    assert [each.dimension for each in store.drifts()] == ["tone"]


def test_a_sweep_that_fails_is_tried_again_at_the_next_turn(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    database = home / "ipse.db"
    whole = database.read_bytes()
    database.write_bytes(b"damaged" * 100)
    turns = Turns(2, lambda: database.write_bytes(whole))
    with caplog.at_level(logging.INFO):
        run.sweep_on(home, turns, lambda: at(60))
    assert [record.levelname for record in caplog.records if record.name == "ipse.serve.run"] == ["WARNING", "INFO"]


def test_it_serves_until_it_is_stopped(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import uvicorn

    swept, told = threading.Event(), list[str]()
    monkeypatch.setattr(run, "sweep_on", lambda _home, stopped: (stopped.wait(10), swept.set()))
    monkeypatch.setattr(uvicorn.Server, "run", lambda _server, sockets: told.append(sockets[0].getsockname()[0]))
    run.serve(home, None, 0, told.append)
    assert told[0].startswith(f"http://{run.HOST}:")
    assert told[1] == run.HOST
    assert swept.wait(10)
