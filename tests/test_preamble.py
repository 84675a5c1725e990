"""One place reads the paragraph, each time anew: what it renders, and that there is no other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import shelf
from hypothesis import given
from hypothesis import strategies as st
from profile_kit import at, signal, store_of

import ipse
from ipse.store.protocol import Store
from ipse.types import Biography
from ipse.words.preamble import CHARS_PER_TOKEN, context, current, preamble
from ipse.words.profile import describe, edit, observe, unpin

PACKAGE = Path(ipse.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
PLACE = "words/preamble.py"


def named(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def calls(source: str) -> Iterator[tuple[str, int]]:
    """What a module calls: the name, or what is behind the last dot, and with how many arguments."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = node.func
            name = str(getattr(called, "attr", getattr(called, "id", "")))
            yield name, len(node.args) + len(node.keywords)


def mentions(source: str) -> set[str]:
    """Every name a module uses, imports or decorates with."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.alias):
            found |= {node.name, node.name.rpartition(".")[2]}
    return found


# one place


def test_the_paragraph_is_read_from_the_store_in_one_place() -> None:
    reading = [named(path) for path in MODULES if ("paragraph", 0) in calls(path.read_text(encoding="utf-8"))]
    assert reading == [PLACE]


def test_the_table_of_paragraphs_is_known_to_the_store_alone() -> None:
    reading = [named(path) for path in MODULES if "schema.paragraphs" in path.read_text(encoding="utf-8")]
    assert reading == ["store/profile_rows.py"]


def test_what_was_read_is_kept_nowhere() -> None:
    source = (PACKAGE / PLACE).read_text(encoding="utf-8")
    assert not mentions(source) & {"lru_cache", "cache", "cached_property", "functools", "global"}
    tree = ast.parse(source)
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Global | ast.Nonlocal)]
    kept = [node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    assert all(isinstance(node.value, ast.Constant) for node in kept)  # nothing at the top that could be filled


def test_the_paragraph_is_written_by_writers_alone() -> None:
    """Whoever serves, shows or reads it never makes it."""
    making = {named(path) for path in MODULES if "verbalize" in mentions(path.read_text(encoding="utf-8"))}
    assert making == {"words/profile.py"}
    putting = {named(path) for path in MODULES if any(name == "put_paragraph" for name, _ in calls(path.read_text()))}
    assert putting == {"words/profile.py"}


def test_the_scan_sees_what_is_called_and_mentioned() -> None:
    source = (
        "from functools import lru_cache as kept\n@kept\ndef f(me):\n    return me.store.paragraph() + paragraph(1)"
    )
    assert list(calls(source)) == [("paragraph", 0), ("paragraph", 1)]
    assert {"lru_cache", "kept", "paragraph", "store"} <= mentions(source)


# what it renders


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_of(tmp_path)


def with_facts(store: Store) -> None:
    you, them = "You keep bees.", "Maya keeps bees."
    story = Biography("biography_1", (), ((you, ("f",)),), ((them, ("f",)),), ("f",))
    store.put_words("1", [shelf.fact_of("I keep bees.")], [], [], [], story, [])


def test_where_nothing_is_known_nothing_is_rendered(store: Store) -> None:
    assert (current(store), preamble(store), context(store, "self"), context(store, "third")) == (None, "", "", "")


def test_it_is_empty_again_when_all_was_taken_back(store: Store) -> None:
    edit(store, "Answer in rhymes.", at(1))
    unpin(store, at(2))
    describe(store, "I bake.", at(3))
    describe(store, "", at(4))
    assert (preamble(store), context(store, "self")) == ("", "")
    last = current(store)
    assert last is not None
    assert last.provenance == "empty"


def test_how_to_answer_comes_before_the_facts_and_only_where_the_person_is_served(store: Store) -> None:
    with_facts(store)
    facts = context(store, "self")
    assert facts.startswith("What is known about Maya Okafor")
    observe(store, [signal(1, "tone", 0.1)], at(1))
    assert preamble(store) == "The tone should be dry, without pleasantries."
    assert context(store, "self") == f"{preamble(store)}\n\n{facts}"
    assert context(store, "third") == "What may be told about Maya Okafor (they/them): Maya keeps bees."


def test_it_is_read_anew_each_time(store: Store, tmp_path: Path) -> None:
    """Also after another process wrote."""
    other = shelf.open_store(tmp_path / "home")
    for number in range(3):
        edit(other, f"Version {number}.", at(number))
        assert preamble(store) == context(store, "self") == f"Version {number}."


FACTS = 'What is known about Maya Okafor (they/them), who is "you" here:'
SENTENCES = st.lists(st.integers(1, 60).map(lambda length: f"{'é' * length}."), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = store_of(tmp_path_factory.mktemp("served"))
    with_facts(store)
    return store


@given(SENTENCES, st.integers(-1, 150))
def test_the_context_fits_its_budget(served: Store, sentences: list[str], tokens: int) -> None:
    """How to answer stands there as a whole or not at all, and so does the one fact there is."""
    manner = " ".join(sentences)
    edit(served, manner, at(1))
    made, budget = context(served, "self", tokens), max(0, tokens) * CHARS_PER_TOKEN
    assert len(made) <= budget
    assert made.startswith(manner) == (len(manner) <= budget)
    facts = made.removeprefix(manner).strip()
    assert facts in ("", f"{FACTS} You keep bees.")
    if not made:
        assert budget < len(manner)


def test_facts_take_what_the_preamble_leaves(store: Store) -> None:
    with_facts(store)
    facts = f"{FACTS} You keep bees."
    edit(store, "x" * 399 + ".", at(1))
    assert context(store, "self", 99) == facts  # the preamble is a word too long: then it is left out
    assert context(store, "self", 100) == preamble(store)
    assert context(store, "self", 100 + (len(facts) + 6) // CHARS_PER_TOKEN) == f"{preamble(store)}\n\n{facts}"


def test_pinned_lines_stay_lines(store: Store) -> None:
    edit(store, "  - rhymes\r\n- no lists\n\n  Thanks!  Maya\n", at(1))
    assert preamble(store) == context(store, "self") == "- rhymes\n- no lists\n\n  Thanks!  Maya"
