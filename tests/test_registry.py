"""The life of an adapter, on real files and a real store."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ipse.errors import BrokenInput, StoreError, UsageError
from ipse.store.sqlite import SqliteStore, create_person, open_store
from ipse.types import Adapter, Person
from ipse.weights import recipe as recipes
from ipse.weights import registry
from ipse.weights.recipe import Recipe

WHEN = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
RECIPE = Recipe("base", "ab" * 32, "3:feed", "cafe", 7, {"rank": 8, "targets": ["q_proj"]}, "0.1.0")
SCORES = {"memory": 0.8, "absence": 0.9, "leak": 0.0, "base_memory": 0.1}


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    create_person(tmp_path, Person("Nora Linde"))
    return open_store(tmp_path)


def trained(store: SqliteStore, name: str, weights: bytes = b"weights") -> Path:
    folder = registry.adapters_folder(store) / name
    folder.mkdir()
    (folder / "adapter_config.json").write_text("{}")
    (folder / "adapter_model.safetensors").write_bytes(weights)
    return folder


def enter(store: SqliteStore, name: str, parent: str | None = None) -> Adapter:
    return registry.register(store, trained(store, name), RECIPE, SCORES, parent, ("fact_1",), lambda: WHEN)


def statuses(store: SqliteStore) -> dict[str, str]:
    return {Path(each.path).name: each.status for each in store.adapters()}


def live_name(store: SqliteStore) -> str | None:
    adapter = registry.live(store)
    return Path(adapter.path).name if adapter else None


def test_a_registered_adapter_is_a_candidate_with_recipe_and_scores_beside_it(store: SqliteStore) -> None:
    adapter = enter(store, "one", parent="adapter_before")
    folder = Path(adapter.path)
    assert store.adapters() == [adapter]
    assert (adapter.status, adapter.made_at, adapter.parent) == ("candidate", WHEN, "adapter_before")
    assert recipes.read_recipe(folder) == RECIPE
    assert recipes.read_scores(folder) == adapter.scores == SCORES
    assert sorted(path.name for path in folder.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "recipe.json",
        "scores.json",
    ]
    assert store.descendants("fact_1") == {adapter.id}
    assert registry.live(store) is None


def test_registering_again_changes_scores_and_nothing_else(store: SqliteStore) -> None:
    adapter = enter(store, "one")
    registry.promote(store, adapter.id)
    later = datetime(2027, 1, 1, tzinfo=UTC)
    again = registry.register(store, Path(adapter.path), RECIPE, {"memory": 0.9}, None, ("fact_1",), lambda: later)
    assert again == replace(adapter, status="live", scores={"memory": 0.9})
    assert store.adapters() == [again]


def test_equal_weights_in_two_folders_are_two_adapters(store: SqliteStore) -> None:
    assert enter(store, "one").id != enter(store, "two").id


def test_a_folder_without_weights_or_outside_is_refused(store: SqliteStore, tmp_path: Path) -> None:
    half = trained(store, "half")
    (half / "adapter_model.safetensors").unlink()
    with pytest.raises(UsageError, match=r"lacks adapter_model\.safetensors"):
        registry.register(store, half, RECIPE, SCORES, None, (), lambda: WHEN)
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    for folder in (outside, registry.adapters_folder(store), registry.adapters_folder(store) / ".." / ".."):
        with pytest.raises(UsageError, match="is not in"):
            registry.register(store, folder, RECIPE, SCORES, None, (), lambda: WHEN)
    assert store.adapters() == []


def test_one_is_live_and_rollback_walks_back(store: SqliteStore) -> None:
    one, two, three = (enter(store, name) for name in ("one", "two", "three"))
    for adapter in (one, two, three):
        assert registry.promote(store, adapter.id).status == "live"
    assert statuses(store) == {"one": "retired", "two": "retired", "three": "live"}
    assert registry.rollback(store).id == two.id
    assert registry.rollback(store) == replace(one, status="live")
    assert statuses(store) == {"one": "live", "two": "retired", "three": "retired"}
    with pytest.raises(UsageError, match="no adapter was live before"):
        registry.rollback(store)
    assert live_name(store) == "one"


def test_rollback_goes_to_what_was_live_not_to_what_is_newest(store: SqliteStore) -> None:
    one, two, three = (enter(store, name) for name in ("one", "two", "three"))
    for adapter in (one, two, one, three):
        registry.promote(store, adapter.id)
    assert registry.rollback(store).id == one.id


def test_promoting_the_live_one_changes_nothing(store: SqliteStore) -> None:
    one, two = enter(store, "one"), enter(store, "two")
    for adapter in (one, two, two):
        registry.promote(store, adapter.id)
    assert registry.rollback(store).id == one.id


def test_a_note_whose_change_never_came_is_passed_over(store: SqliteStore) -> None:
    one, two = enter(store, "one"), enter(store, "two")
    registry.promote(store, one.id)
    registry.promote(store, two.id)
    note = registry.adapters_folder(store) / registry.REPLACED
    note.write_text(note.read_text() + f"{two.id}\nadapter_gone\n")
    assert registry.rollback(store).id == one.id


@pytest.mark.parametrize("act", [registry.promote, registry.destroy])
def test_an_unknown_adapter_is_named_with_the_known_ones(store: SqliteStore, act: object) -> None:
    one = enter(store, "one")
    with pytest.raises(UsageError, match=f"no adapter nope; there are: {one.id}"):
        act(store, "nope")  # type: ignore[operator]


def test_destroy_overwrites_before_it_deletes(store: SqliteStore, tmp_path: Path) -> None:
    adapter = registry.register(store, trained(store, "one", b"secret" * 500_000), RECIPE, {}, None, (), lambda: WHEN)
    folder = Path(adapter.path)
    (folder / "checkpoint-1").mkdir()
    (folder / "checkpoint-1" / "state.bin").write_bytes(b"secret")
    kept = tmp_path / "kept.txt"
    kept.write_text("mine")
    (folder / "link").symlink_to(kept)
    second_name = tmp_path / "same-file"  # a second name for the file shows what became of its bytes
    os.link(folder / "adapter_model.safetensors", second_name)
    registry.destroy(store, adapter.id)
    assert not folder.exists()
    assert store.adapters() == []
    assert second_name.stat().st_size == 3_000_000
    assert b"secret" not in second_name.read_bytes()
    assert kept.read_text() == "mine"


def test_destroy_ends_what_was_broken_off_and_leaves_others_alone(store: SqliteStore) -> None:
    one, two = enter(store, "one"), enter(store, "two")
    for path in Path(one.path).iterdir():
        path.unlink()
    registry.destroy(store, one.id)
    assert statuses(store) == {"two": "candidate"}
    assert Path(two.path, "adapter_model.safetensors").read_bytes() == b"weights"


def test_destroy_touches_nothing_outside_the_persons_adapters(store: SqliteStore, tmp_path: Path) -> None:
    outside = tmp_path / "photos"
    outside.mkdir()
    (outside / "a.jpg").write_bytes(b"picture")
    store.put_adapter(Adapter("adapter_x", str(outside), "candidate", WHEN))
    with pytest.raises(UsageError, match="is not in"):
        registry.destroy(store, "adapter_x")
    assert (outside / "a.jpg").read_bytes() == b"picture"
    assert [each.id for each in store.adapters()] == ["adapter_x"]


def test_a_destroyed_live_adapter_can_be_followed_by_the_one_before(store: SqliteStore) -> None:
    one, two = enter(store, "one"), enter(store, "two")
    registry.promote(store, one.id)
    registry.promote(store, two.id)
    registry.destroy(store, two.id)
    assert registry.live(store) is None
    assert registry.rollback(store).id == one.id
    assert live_name(store) == "one"


GOOD = {"memory": 0.80, "absence": 0.90, "leak": 0.05}
MANY = {"memory": 100_000, "absence": 100_000, "leak": 100_000}


@pytest.mark.parametrize(
    ("change", "passes", "said"),
    [
        ({}, True, "no worse than"),
        ({"memory": 0.78, "absence": 0.88, "leak": 0.07}, True, "no worse than"),
        ({"memory": 0.77}, False, "memory 0.77 against 0.80"),
        ({"memory": 0.99, "absence": 0.80}, False, "absence 0.80 against 0.90"),
        ({"memory": 0.99, "leak": 0.10}, False, "leak 0.10 against 0.05"),
        ({"leak": 0.0}, True, "no worse than"),
    ],
)
def test_a_candidate_may_not_be_worse_than_live(change: dict[str, float], passes: bool, said: str) -> None:
    passed, reason = registry.gate({**GOOD, **change}, GOOD, MANY)
    assert passed is passes
    assert said in reason


@pytest.mark.parametrize(
    ("absence", "asked", "passes"),
    [(0.85, 67, True), (0.85, 1000, False), (0.70, 67, False), (0.88, 1, True), (0.0, 1, False)],
)
def test_what_is_lost_by_chance_doesnt_keep_a_candidate_back(absence: float, asked: int, passes: bool) -> None:
    assert registry.gate({**GOOD, "absence": absence}, GOOD, {**MANY, "absence": asked})[0] is passes


def test_a_secret_more_is_never_put_down_to_chance() -> None:
    few = {**MANY, "leak": 4}
    assert registry.gate({**GOOD, "leak": 1.0}, {**GOOD, "leak": 0.75}, few)[0] is False
    assert registry.gate({**GOOD, "leak": 0.75}, {**GOOD, "leak": 0.75}, few)[0] is True


def test_what_was_not_measured_does_not_pass() -> None:
    assert registry.gate({"memory": 0.9}, GOOD, MANY) == (
        False,
        "absence, leak was measured on the live adapter, but not on this one",
    )


@pytest.mark.parametrize(
    ("scores", "passes"),
    [
        ({"memory": 0.3, "base_memory": 0.1}, True),
        ({"memory": 0.1, "base_memory": 0.1}, False),
        ({"memory": 1.0}, False),
    ],
)
def test_the_first_one_has_to_beat_the_bare_base(scores: dict[str, float], passes: bool) -> None:
    assert registry.gate(scores, None, {})[0] is passes


def test_an_adapter_fits_the_base_it_was_trained_on_and_no_other(store: SqliteStore, tmp_path: Path) -> None:
    adapter = enter(store, "one")
    for name, weights in (("its", b"abc"), ("another", b"abd")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.safetensors").write_bytes(weights)
    recipes.write_recipe(Path(adapter.path), recipes.recipe_for(tmp_path / "its", "1:aa", "bb", 3, {}))
    assert registry.fits(adapter, tmp_path / "its")
    assert not registry.fits(adapter, tmp_path / "another")


def test_a_recipe_tells_its_base_and_its_ipse(tmp_path: Path) -> None:
    base = tmp_path / "tiny"
    base.mkdir()
    (base / "model.safetensors").write_bytes(b"abc")
    made = recipes.recipe_for(base, "1:aa", "bb", 3, {"rank": 4})
    assert made.base == "tiny"
    assert made.base_sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert made.ipse_version
    recipes.write_recipe(tmp_path, made)
    assert recipes.read_recipe(tmp_path) == made
    assert json.loads((tmp_path / "recipe.json").read_text())["settings"] == {"rank": 4}


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"base": "x"}'])
def test_a_broken_recipe_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "recipe.json").write_text(text)
    with pytest.raises(BrokenInput, match=r"recipe\.json"):
        recipes.read_recipe(tmp_path)


def test_what_is_missing_or_unwritable_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="can't be read"):
        recipes.read_scores(tmp_path)
    with pytest.raises(StoreError, match="can't be written"):
        recipes.write_scores(tmp_path / "nowhere", {})


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    recipes.write_scores(tmp_path, {"memory": 0.5})
    with pytest.raises(ValueError, match="JSON"):
        recipes.write_scores(tmp_path, {"memory": float("nan")})
    assert recipes.read_scores(tmp_path) == {"memory": 0.5}
    assert [path.name for path in tmp_path.iterdir()] == ["scores.json"]
