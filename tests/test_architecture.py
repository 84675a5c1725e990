"""What holds of the code as a whole; the directions of imports are import-linter's to check."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ipse"
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = frozenset({"torch", "transformers", "peft", "trl", "datasets", "openai", "matplotlib", "sqlalchemy", "alembic"})
DATABASE = frozenset({"sqlalchemy", "alembic"})
"""Heavy too, but the store's own: whoever imports the store wants it."""

SHOW_WHAT_HELP_IMPORTS = """
import json, sys
from ipse.cli import main
sys.argv = ["ipse", "--help"]
try:
    main()
except SystemExit as end:
    code = end.code or 0
else:
    code = 0
print()
print(json.dumps({"code": code, "modules": sorted({name.partition(".")[0] for name in sys.modules})}))
"""


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported_at_once(tree: ast.Module) -> Iterator[str]:
    """Top-level packages a module imports when it is itself imported."""
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            waiting += node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
            for handler in getattr(node, "handlers", []):
                waiting += handler.body


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHOW_WHAT_HELP_IMPORTS],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    shown, _, told = done.stdout.rstrip().rpartition("\n")
    found = json.loads(told)
    assert found["code"] == 0
    assert "ask" in shown
    assert sorted(HEAVY & set(found["modules"])) == []


def test_importing_a_module_imports_nothing_heavy() -> None:
    found = {
        named(path): sorted(heavy)
        for path in MODULES
        if (heavy := HEAVY.intersection(imported_at_once(ast.parse(path.read_text(encoding="utf-8")))))
        and not (heavy <= DATABASE and path.is_relative_to(PACKAGE / "store"))
    }
    assert found == {}


def test_the_scan_sees_what_runs_and_only_that() -> None:
    source = """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import torch
try:
    import openai.types
except ImportError:
    import alembic
class A:
    import trl
    def f(self):
        import peft
def g():
    from transformers import x
"""
    assert set(imported_at_once(ast.parse(source))) == {"typing", "openai", "alembic", "trl"}


def test_the_environment_is_read_in_one_place() -> None:
    reading = [
        named(path)
        for path in MODULES
        if any(word in path.read_text(encoding="utf-8") for word in ("os.environ", "getenv"))
    ]
    assert reading in ([], ["ipse/config.py"])


@pytest.mark.parametrize("caught", ["Exception", "BaseException", None])
def test_no_error_is_swallowed_wholesale(caught: str | None) -> None:
    """A handler this broad has to raise again."""
    broad = [
        f"{named(path)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (ast.unparse(node.type) if node.type else None) == caught
        and not any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
    ]
    assert broad == []
