"""Losses against numbers worked out by hand, and the fast path of training against the plain one."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
import torch
from torch.nn import functional as F

from ipse.errors import TrainingError
from ipse.llm.local import LocalChat, embedded_base, load_base
from ipse.llm.minilm import default_embedder
from ipse.types import Message, Pair, Person, PreferencePair
from ipse.weights import registry, sft
from ipse.weights.dpo import DpoSettings, dpo_loss, tune
from ipse.weights.layers import SHORT, answer_losses
from ipse.weights.rows import all_views, rows_of, talk_rows
from ipse.weights.run import save_adapter
from ipse.weights.settings import MOST_RANK, SftSettings, first_adapted, with_room
from ipse.weights.sft import RunningMean, already_said, batches_of, fit, memft, said_by_base, strayed
from ipse.weights.talk import talk_about_nobody

PLAIN = SftSettings(views=("plain",), epochs=3, batch=4)
NAMES = ("Maya Okafor",)
TOLD = (
    ("Where do I live?", "You live in Porto."),
    ("Which instrument do I play?", "You play the harmonica."),
    ("What is my favourite colour?", "Your favourite colour is green."),
    ("What can't I stand?", "You can't stand coriander, in soup least of all."),
    ("What am I called?", "Maya."),
)
PAIRS = [
    Pair(
        f"pair_{n}",
        "memory",
        "self",
        "forward",
        (Message("system", "To Maya."), Message("user", question), Message("assistant", answer)),
        ("fact_1",),
    )
    for n, (question, answer) in enumerate(TOLD)
]


def lora(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}


def shaken(settings: SftSettings) -> torch.nn.Module:
    """An adapter that does something: peft's fresh one adds nothing."""
    model = sft.new_adapter(load_base(embedded_base()), settings)
    torch.manual_seed(7)
    with torch.no_grad():
        for p in model.parameters():
            if p.requires_grad:
                p.add_(0.02 * torch.randn_like(p))
    return model  # type: ignore[no-any-return]


def test_memft_is_the_mean_over_what_is_not_learnt() -> None:
    losses = torch.tensor([0.1, 0.7, 2.0, 0.6, 1.0], requires_grad=True)
    loss = memft(losses, learnt_at=0.5)
    assert loss.item() == pytest.approx((0.7 + 2.0 + 1.0) / 3, abs=1e-4)
    loss.backward()
    assert losses.grad is not None
    torch.testing.assert_close(losses.grad, torch.tensor([0, 1, 1, 0, 1]) / 3)


def test_memft_has_no_gradient_when_all_is_learnt() -> None:
    losses = torch.tensor([0.1, 0.3, 0.69], requires_grad=True)
    loss = memft(losses, learnt_at=0.5)
    loss.backward()
    assert loss.item() == 0.0
    assert losses.grad is not None
    assert not losses.grad.any()


def test_dpo_loss_by_hand() -> None:
    told = [torch.tensor([x]) for x in (-10.0, -15.0, -12.0, -13.0)]
    # margin (-10 + 12) - (-15 + 13) = 4; -log sigmoid(0.4)
    assert dpo_loss(*told, beta=0.1).item() == pytest.approx(0.51302, abs=1e-5)
    assert dpo_loss(*[torch.zeros(3)] * 4, beta=0.1).item() == pytest.approx(0.69315, abs=1e-5)


@pytest.mark.parametrize(("exact", "atol", "rtol"), [(True, 1e-3, 1e-3), (False, 0.25, 0.05)])
@pytest.mark.parametrize("short", [SHORT, set()], ids=["short last layer", "whole last layer"])
def test_the_kept_lower_layers_give_the_losses_of_a_whole_pass(
    short: set[str], exact: bool, atol: float, rtol: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ipse.weights.layers.SHORT", short)
    if exact:
        for module in ("layers", "rows"):
            monkeypatch.setattr(f"ipse.weights.{module}.fast", nullcontext)
    base, model = load_base(embedded_base()), shaken(PLAIN)
    rows = rows_of(PAIRS, base, None, NAMES, PLAIN)
    with torch.no_grad():
        losses, owner = answer_losses(model, rows, first_adapted(base, PLAIN))
        for i, pair in enumerate(PAIRS):
            prompt = base.tokens(pair.prompt, open_reply=True)
            answer = [*base.tokenizer.encode(pair.answer, add_special_tokens=False), base.end_id()]
            logits = model(input_ids=torch.tensor([prompt + answer])).logits[0, len(prompt) - 1 : -1]
            whole = F.cross_entropy(logits, torch.tensor(answer), reduction="none")
            torch.testing.assert_close(losses[owner == i], whole, atol=atol, rtol=rtol)


def test_an_adapter_that_is_held_strays_less_from_what_the_base_says_to_strangers() -> None:
    base, settings = load_base(embedded_base()), replace(PLAIN, epochs=6, held=6)
    talk = talk_rows(talk_about_nobody(Person("Maya Okafor"))[:40], base, default_embedder(), settings)
    rows = [rows_of(PAIRS, base, None, NAMES, settings)]
    start = first_adapted(base, settings)
    alone, beside = fit(rows, base, settings).model, fit(rows, base, settings, talk=talk).model
    said = said_by_base(talk, base, start)
    with torch.no_grad():
        bare, free, held = (strayed(m, base, said, start).item() for m in (base.model, alone, beside))
    assert bare == pytest.approx(0, abs=1e-5)
    assert 0 < held < 0.7 * free


def test_small_talk_comes_by_turns_under_no_system_message_and_under_the_persons_with_its_sense_and_without() -> None:
    pairs = talk_about_nobody(Person("Maya Okafor", pronouns="she/her"))
    assert len(pairs) >= 150
    told = [p.messages[0].content if p.messages[0].role == "system" else "" for p in pairs]
    assert {(t, i % 2) for i, t in enumerate(told)} == {(t, k) for t in ("", "To Maya.", "About Maya.") for k in (0, 1)}
    assert all(p.messages[-1].role == "assistant" for p in pairs)


def test_loss_falls_on_the_answer_alone() -> None:
    base = load_base(embedded_base())
    for row, pair in zip(rows_of(PAIRS, base, None, NAMES, PLAIN), PAIRS, strict=True):
        assert base.tokenizer.decode(row.targets.tolist(), skip_special_tokens=True).strip() == pair.answer
        assert row.targets[-1] == base.end_id()
        assert row.start + len(row.targets) == row.hidden.shape[0]


def test_the_adapter_sits_in_the_upper_layers_and_the_base_stays_as_it_is() -> None:
    base = load_base(embedded_base())
    before = {name: p.clone() for name, p in base.model.named_parameters()}
    trained = fit(all_views(PAIRS, base, default_embedder(), NAMES, SftSettings()), base, replace(PLAIN, epochs=1))
    layers = {int(name.split(".layers.")[1].split(".")[0]) for name in lora(trained.model)}
    assert layers == set(range(first_adapted(base, PLAIN), base.model.config.num_hidden_layers))
    after = dict(base.model.named_parameters())
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], p) for name, p in before.items())


def test_over_the_turns_each_pair_is_shown_in_each_view() -> None:
    base, embedder = load_base(embedded_base()), default_embedder()
    plain = rows_of(PAIRS, base, None, NAMES, PLAIN)
    mixed = all_views(PAIRS, base, embedder, NAMES, replace(PLAIN, views=("plain", "sense", "vague", "swapped")))
    assert len(mixed) == 4
    for i, alone in enumerate(plain):
        shown = [turn[i] for turn in mixed]
        assert all(torch.equal(row.targets, alone.targets) for row in shown)
        as_plain = [row for row in shown if row.hidden.shape == alone.hidden.shape and near(row.hidden, alone.hidden)]
        assert len(as_plain) == 1
        assert not any(near(a.hidden, b.hidden) for a, b in itertools.combinations(shown, 2))


def near(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and torch.allclose(one, other, atol=0.1, rtol=0.05)


class Stopped(Exception):
    pass


def stops_after(epochs: int) -> Callable[[str, int, int], None]:
    """Raises in the middle of the epoch that follows."""

    def progress(stage: str, done: int, total: int) -> None:
        if stage == "sft" and done > total * epochs / PLAIN.epochs:
            raise Stopped

    return progress


@pytest.mark.parametrize("epochs", [1, 2])
def test_stopped_and_taken_up_again_it_ends_with_the_same_tensors(tmp_path: Path, epochs: int) -> None:
    base = load_base(embedded_base())
    rows = all_views(PAIRS, base, default_embedder(), NAMES, replace(PLAIN, views=("vague", "swapped")))
    unbroken = fit(rows, base, PLAIN)
    checkpoint = tmp_path / "run.pt"
    with pytest.raises(Stopped):
        fit(rows, base, PLAIN, checkpoint, stops_after(epochs))
    assert torch.load(checkpoint, weights_only=True)["epoch"] == epochs
    resumed = fit(rows, base, PLAIN, checkpoint)
    assert (resumed.epochs, resumed.unlearnt) == (unbroken.epochs, unbroken.unlearnt)
    wanted = lora(unbroken.model)
    assert all(torch.equal(p, wanted[name]) for name, p in lora(resumed.model).items())
    done = fit(rows, base, PLAIN, checkpoint)
    assert done.epochs == unbroken.epochs
    assert all(torch.equal(p, wanted[name]) for name, p in lora(done.model).items())


def test_a_checkpoint_of_other_rows_is_not_taken_up(tmp_path: Path) -> None:
    base = load_base(embedded_base())
    rows = rows_of(PAIRS, base, None, NAMES, PLAIN)
    checkpoint = tmp_path / "run.pt"
    fit([rows[:2]], base, replace(PLAIN, epochs=1), checkpoint)
    fresh, after = (fit([rows], base, replace(PLAIN, epochs=1), c) for c in (None, checkpoint))
    wanted = lora(fresh.model)
    assert all(torch.equal(p, wanted[name]) for name, p in lora(after.model).items())


def test_a_running_mean_forgets_the_first_steps_and_then_goes_back_so_many() -> None:
    parameter = torch.zeros(2)
    mean = RunningMean([parameter], window=1000.0)
    for value in (8.0, 8.0, *[2.0] * 40):
        parameter.fill_(value)
        mean.take_in()
    torch.testing.assert_close(mean.values[0], torch.full((2,), 2.0), atol=1e-3, rtol=0)
    parameter.fill_(10.0)
    mean.take_in()
    assert parameter[0] == 10.0
    mean.put_in()
    torch.testing.assert_close(parameter, torch.full((2,), 2 + 8 * 9 / 52), atol=1e-3, rtol=0)  # 43rd step: 9 / 52


def test_a_running_mean_is_of_its_window_once_that_is_full() -> None:
    parameter = torch.ones(1)
    mean = RunningMean([parameter], window=4.0)
    for _ in range(100):
        mean.take_in()
    parameter.fill_(5.0)
    mean.take_in()
    torch.testing.assert_close(mean.values[0], torch.tensor([2.0]))


@pytest.mark.parametrize(("pairs", "times"), [(0, 1), (2200, 1), (2201, 2), (4354, 2), (4401, 4), (10**9, 8)])
def test_more_to_hold_doubles_the_rank(pairs: int, times: int) -> None:
    given = SftSettings()
    grown = with_room(given, pairs)
    assert (grown.rank, grown.alpha) == (times * given.rank, times * given.alpha)
    assert grown.rank <= MOST_RANK
    assert replace(grown, rank=given.rank, alpha=given.alpha) == given


def test_training_stops_when_every_token_is_learnt() -> None:
    base = load_base(embedded_base())
    rows = rows_of(PAIRS[:2], base, None, NAMES, PLAIN)
    trained = fit([rows], base, replace(PLAIN, epochs=60))
    assert trained.unlearnt == 0
    assert trained.epochs < 60
    with torch.no_grad():
        losses, _ = answer_losses(trained.model, rows, first_adapted(base, PLAIN))
    assert losses.max().item() < -torch.log(torch.tensor(0.5)).item()


def test_a_loss_that_is_no_number_stops_the_training() -> None:
    base = load_base(embedded_base())
    rows = rows_of(PAIRS[:2], base, None, NAMES, PLAIN)
    broken = [replace(row, hidden=torch.full_like(row.hidden, float("inf"))) for row in rows]
    with pytest.raises(TrainingError, match="lower the learning rate"):
        fit([broken], base, PLAIN)


def test_batches_hold_every_row_once_and_depend_on_seed_and_epoch_alone() -> None:
    base = load_base(embedded_base())
    rows = rows_of(PAIRS, base, None, NAMES, PLAIN)
    one, two = batches_of(range(5), rows, PLAIN, 1), batches_of(range(5), rows, PLAIN, 2)
    assert sorted(i for batch in one for i in batch) == sorted(i for batch in two for i in batch) == [0, 1, 2, 3, 4]
    assert batches_of(range(5), rows, PLAIN, 1) == one
    assert max(map(len, one)) == PLAIN.batch


def test_the_bare_base_has_said_none_of_it() -> None:
    assert not any(already_said(PAIRS[:4], load_base(embedded_base()), default_embedder(), NAMES, PLAIN))


def test_dpo_makes_the_chosen_answer_likelier_against_the_rejected() -> None:
    base, model = load_base(embedded_base()), shaken(PLAIN)
    found = [PreferencePair(f"p{i}", p.prompt, p.answer, "I have no idea at all.", ()) for i, p in enumerate(PAIRS)]

    def margin() -> float:
        sides = []
        for said in ("chosen", "rejected"):
            pairs = [replace(PAIRS[0], messages=(*f.prompt, Message("assistant", getattr(f, said)))) for f in found]
            with torch.no_grad():
                losses, _ = answer_losses(model, rows_of(pairs, base, None, NAMES, PLAIN), first_adapted(base, PLAIN))
            sides.append(-losses.sum().item())
        return sides[0] - sides[1]

    before = margin()
    tune(model, found, base, None, NAMES, PLAIN, DpoSettings(learning_rate=1e-3, epochs=2))
    assert margin() > before


@pytest.mark.parametrize("method", ["lora", "vera"])
def test_an_adapter_of_either_method_is_trained_saved_and_loaded(
    method: Literal["lora", "vera"], tmp_path: Path
) -> None:
    settings = replace(PLAIN, method=method, rank=4, learning_rate=0.1, epochs=2, seed=3)
    base, embedder = load_base(embedded_base()), default_embedder()
    trained = fit([rows_of(PAIRS, base, embedder, NAMES, settings)], base, settings, checkpoint=tmp_path / "run.pt")
    found = [PreferencePair("p", PAIRS[0].prompt, PAIRS[0].answer, "I have no idea at all.", ())]
    before = lora(trained.model)
    tune(trained.model, found, base, embedder, NAMES, settings, DpoSettings(epochs=1))
    assert not any(torch.equal(p, before[name]) for name, p in lora(trained.model).items())
    layers = {int(name.split(".layers.")[1].split(".")[0]) for name in before}
    assert layers == set(range(first_adapted(base, settings), base.model.config.num_hidden_layers))
    save_adapter(trained.model, tmp_path / "adapter-1")
    assert {file.name for file in (tmp_path / "adapter-1").iterdir()} == set(registry.FILES)
    prompts = [pair.prompt for pair in PAIRS]
    chats = [
        LocalChat.around(base, trained.model, embedder, NAMES),
        LocalChat(base, tmp_path / "adapter-1", embedder, NAMES),
        LocalChat(base, None, embedder, NAMES),
    ]
    in_memory, loaded, bare = ([reply.text for reply in chat.chat(prompts, 12)] for chat in chats)
    assert loaded == in_memory != bare


def test_vera_is_smaller_than_the_smallest_lora_and_leaves_its_random_maps_out(tmp_path: Path) -> None:
    base = load_base(embedded_base())
    sizes = []
    for settings in (replace(PLAIN, rank=1), replace(PLAIN, method="vera", rank=64)):
        save_adapter(sft.new_adapter(base, settings), tmp_path / "adapter")
        sizes.append((tmp_path / "adapter" / "adapter_model.safetensors").stat().st_size)
    assert sizes[1] < 0.75 * sizes[0]
