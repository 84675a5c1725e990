"""Settings from arguments, environment and file; what a run over a paid model is told to cost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse import config
from ipse.errors import BrokenInput, UsageError
from ipse.llm.cost import estimate


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings from outside, and no proxy between us and loopback."""
    for name in [name for name in os.environ if name.startswith(("IPSE_", "OPENAI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_defaults_stay_offline(tmp_path: Path) -> None:
    settings = config.load(tmp_path)
    assert (settings.teacher, settings.cot, settings.concurrency) == ("offline", "none", 4)
    assert settings.base == Path(config.__file__).with_name("base")
    with pytest.raises(UsageError, match="OPENAI_BASE_URL"):
        settings.endpoint()
    with pytest.raises(UsageError, match="IPSE_AGENT_MODEL"):
        settings.model_for("agent")


def test_arguments_beat_environment_beats_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.toml").write_text('seed = 1\nconcurrency = 2\ncot = "weak"\nprice_in = 0.5\n')
    monkeypatch.setenv("IPSE_HOME", str(tmp_path))
    monkeypatch.setenv("IPSE_SEED", "5")
    monkeypatch.setenv("IPSE_CONCURRENCY", "6")
    settings = config.load(concurrency=7, timeout=None)
    assert (settings.home, settings.seed, settings.concurrency) == (tmp_path, 5, 7)
    assert (settings.cot, settings.price_in, settings.price_out) == ("weak", 0.5, None)


def test_the_usual_openai_names_are_honoured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("IPSE_TEACHER_MODEL", "big")
    settings = config.load(tmp_path)
    assert settings.endpoint().base_url == "https://api.openai.com/v1"
    assert settings.endpoint().api_key == "sk-very-secret"
    assert "sk-very-secret" not in f"{settings!r} {settings.endpoint()!r}"
    assert settings.model_for("judge") == "big"
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    assert config.load(tmp_path).endpoint().base_url == "http://127.0.0.1:1/v1"


def test_the_address_may_stand_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('openai_base_url = "http://localhost:8000/v1"\n')
    endpoint = config.load(tmp_path).endpoint()
    assert (endpoint.base_url, endpoint.api_key) == ("http://localhost:8000/v1", "none")


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("teacher = [", BrokenInput, "not valid TOML"),
        ("techer = 'llm'", UsageError, "techer"),
        ("teacher = 'magic'", UsageError, "teacher: Input should be 'offline' or 'llm'"),
        ("concurrency = 0", UsageError, "concurrency"),
        ("price_in = -1", UsageError, "price_in"),
    ],
)
def test_a_wrong_config_file_is_told_by_name(text: str, error: type[Exception], said: str, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(error, match=said) as caught:
        config.load(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_wrong_variable_is_told_by_name_and_not_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPSE_TIMEOUT", "a-private-slip")
    with pytest.raises(UsageError, match="timeout") as caught:
        config.load(tmp_path)
    assert "a-private-slip" not in str(caught.value)


# cost


def test_an_estimate_counts_four_characters_a_token() -> None:
    told = estimate(4_000_000, 10, 2.0, 8.0, answer_chars=400_000)
    assert (told.tokens_in, told.tokens_out, told.cost) == (1_000_000, 1_000_000, 10.0)
    assert str(told) == "10 calls, about 1,000,000 tokens in and 1,000,000 out; cost: about 10.00"


@pytest.mark.parametrize("prices", [(None, None), (1.0, None), (None, 1.0)])
def test_without_both_prices_the_cost_is_unknown(prices: tuple[float | None, float | None]) -> None:
    assert "cost: unknown" in str(estimate(100, 1, *prices))


@given(st.integers(0, 10**9), st.integers(0, 10**5), st.floats(0, 1e3), st.floats(0, 1e3))
def test_more_text_never_costs_less(chars: int, calls: int, price_in: float, price_out: float) -> None:
    less, more = estimate(chars, calls, price_in, price_out), estimate(chars + 1, calls, price_in, price_out)
    assert less.cost is not None
    assert more.cost is not None
    assert 0 <= less.cost <= more.cost


def test_negative_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        estimate(-1, 1, None, None)
