"""Structured replies and embeddings over a real loopback server."""

from __future__ import annotations

import json
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from llm_server import Clock, LLMServer, Raw, Say, Status, ask, chat_over
from pydantic import BaseModel

from ipse.errors import BadOutput
from ipse.llm.endpoint import Rejected
from ipse.llm.openai import OpenAIEmbedder
from ipse.llm.structured import Misfit, parse, response_format


class Pet(BaseModel):
    name: str
    kind: Literal["cat", "dog"]
    age: int | None = None


PET = json.dumps({"name": "Biscuit", "kind": "cat", "age": 4})


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_valid_reply_is_checked_and_the_schema_goes_along(clock: Clock) -> None:
    with LLMServer([Say(PET)]) as server:
        pet = chat_over(server.endpoint(), clock).structured(ask("which pet?"), Pet)
    assert pet == Pet(name="Biscuit", kind="cat", age=4)
    wire = server.seen[0].body["response_format"]
    assert wire["type"] == "json_schema"
    assert wire["json_schema"]["name"] == "Pet"
    assert wire["json_schema"]["schema"]["required"] == ["name", "kind", "age"]
    assert wire["json_schema"]["schema"]["additionalProperties"] is False


def test_one_misfit_is_shown_to_the_model_and_repaired(clock: Clock) -> None:
    wrong = json.dumps({"name": "Biscuit", "kind": "fish"})
    with LLMServer([Say(wrong), Say(PET)]) as server:
        assert chat_over(server.endpoint(), clock).structured(ask("which pet?"), Pet).kind == "cat"
    first, second = server.seen
    assert second.messages[:2] == first.messages
    assert second.messages[2] == {"role": "assistant", "content": wrong}
    assert "kind: Input should be 'cat' or 'dog'" in second.messages[3]["content"]


def test_always_invalid_is_bad_output_after_exactly_one_repair(clock: Clock) -> None:
    with (
        LLMServer(answer=lambda _: "a cat called Biscuit") as server,
        pytest.raises(BadOutput, match="no usable Pet") as caught,
    ):
        chat_over(server.endpoint(), clock).structured(ask("which pet?"), Pet)
    assert len(server.seen) == 2
    assert "Biscuit" not in str(caught.value)


def test_a_reply_that_was_cut_off_is_called_so(clock: Clock) -> None:
    with LLMServer([Say('{"name": "Bis', finish="length"), Say(PET)]) as server:
        chat_over(server.endpoint(), clock).structured(ask("which pet?"), Pet)
    assert "cut off" in server.seen[1].messages[3]["content"]


def test_a_model_that_declines_is_bad_output(clock: Clock) -> None:
    with LLMServer([Say("", refusal="no")]) as server, pytest.raises(BadOutput, match="declined"):
        chat_over(server.endpoint(), clock).structured(ask("which pet?"), Pet)


def test_without_response_format_the_schema_goes_into_the_prompt_and_is_not_tried_again(clock: Clock) -> None:
    with LLMServer(answer=lambda _: f"Sure!\n```json\n{PET}\n```", takes_schema=False) as server:
        chat = chat_over(server.endpoint(), clock)
        assert chat.structured(ask("which pet?"), Pet).name == "Biscuit"
        assert chat.structured(ask("and now?"), Pet).name == "Biscuit"
    assert ["response_format" in seen.body for seen in server.seen] == [True, False, False]
    assert server.seen[1].messages[-1]["content"].startswith("which pet?")
    assert '"enum": ["cat", "dog"]' in server.seen[1].messages[-1]["content"]


def test_a_400_for_another_reason_does_not_cost_the_schema(clock: Clock) -> None:
    with LLMServer([Status(400), Status(400), Say(PET)]) as server:
        chat = chat_over(server.endpoint(), clock)
        with pytest.raises(Rejected):
            chat.structured(ask("far too long"), Pet)
        chat.structured(ask("which pet?"), Pet)
    assert "response_format" in server.seen[-1].body


@pytest.mark.parametrize(
    "text",
    [
        PET,
        f"```json\n{PET}\n```",
        f"```\n{PET}\n```",
        f"<think>{{perhaps}} a dog?</think>\n{PET}",
        f"Here you are: {PET} Bye!",
    ],
)
def test_json_is_found_in_what_models_write(text: str) -> None:
    assert parse(text, Pet).name == "Biscuit"


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with pytest.raises(Misfit):
        parse(text, Pet)


@given(st.text(), st.sampled_from(["cat", "dog"]), st.none() | st.integers(-(2**53), 2**53))
def test_any_instance_survives_the_way_there_and_back(name: str, kind: Literal["cat", "dog"], age: int | None) -> None:
    pet = Pet(name=name, kind=kind, age=age)
    assert parse(pet.model_dump_json(), Pet) == pet


def test_a_property_called_default_stays_in_the_schema() -> None:
    class Option(BaseModel):
        default: str = "x"

    schema = response_format(Option)["json_schema"]["schema"]
    assert schema["required"] == ["default"]
    assert "default" not in schema["properties"]["default"]


# embeddings


def test_vectors_are_units_in_the_order_of_the_texts(clock: Clock) -> None:
    texts = [f"{'a' * (n % 7)} text {n}" for n in range(300)]
    with LLMServer() as server:
        embedder = OpenAIEmbedder("embed", 3, server.endpoint(), sleep=clock.sleep, clock=clock)
        vectors = embedder.embed(texts)
        alone = embedder.embed(texts[200:201])
    assert vectors.shape == (300, 3)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(vectors[200], alone[0])
    assert sorted(len(seen.body["input"]) for seen in server.seen) == [1, 44, 128, 128]


def test_empty_input_and_empty_texts(clock: Clock) -> None:
    with LLMServer([Status(500)]) as server:
        embedder = OpenAIEmbedder("embed", 3, server.endpoint(), sleep=clock.sleep, clock=clock)
        assert embedder.embed([]).shape == (0, 3)
        assert embedder.embed(["", "b"]).shape == (2, 3)
    assert all(text for text in server.seen[-1].body["input"])
    assert len(clock.slept) == 1


@pytest.mark.parametrize(
    ("dims", "body", "said"),
    [
        (4, None, "4 were expected"),
        (3, {"data": []}, "OPENAI_BASE_URL"),
        (3, {"data": [{"index": 0, "embedding": [0.0, 0.0, 0.0]}]}, "without a direction"),
        (3, {"data": [{"index": 1, "embedding": [1.0, 0.0, 0.0]}]}, "1 vectors for 1 texts"),
    ],
)
def test_vectors_that_can_not_be_right(dims: int, body: dict[str, object] | None, said: str, clock: Clock) -> None:
    script = [Raw(json.dumps({"object": "list", "model": "m", **body}).encode())] if body is not None else []
    with LLMServer(script) as server, pytest.raises(BadOutput, match=said):
        OpenAIEmbedder("embed", dims, server.endpoint(), sleep=clock.sleep, clock=clock).embed(["one"])
