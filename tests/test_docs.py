"""The docs hold: Python blocks run, command lines parse, links lead somewhere.

```python   is run, all of a page in one go, against Maya's home with facts and no weights
```py       needs a trained adapter, so it is only compiled
```bash     every `ipse ...` line must be understood by the command line
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from cli_kit import learnt_home, plain_environment

from ipse.cli import app

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(r"^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?P<to>[^)#\s]+)[^)]*\)")
FOREIGN = ("ipse/base/README.md",)
"""Made with the base, which a checkout may not have yet."""


def blocks(page: Path, kind: str) -> list[str]:
    return [found["text"] for found in BLOCK.finditer(page.read_text(encoding="utf-8")) if found["kind"] == kind]


def command_lines(page: Path) -> Iterator[list[str]]:
    """The arguments of every `ipse ...` command, pipes and variables taken off."""
    for block in blocks(page, "bash"):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            for number, word in enumerate(words):
                if word == "ipse" and (number == 0 or words[number - 1] in ("|", "&&")):
                    rest = words[number + 1 :]
                    ends = [rest.index(mark) for mark in ("|", "&&", ">") if mark in rest]
                    yield rest[: min(ends, default=len(rest))]


def understand(arguments: list[str]) -> None:
    """Parses as `ipse` would, without running anything. Raises what a wrong call raises."""
    command = typer.main.get_command(app)
    context = command.make_context("ipse", list(arguments))
    while hasattr(command, "resolve_command"):
        rest = [*context._protected_args, *context.args]
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)


COMMANDS = [(page.name, line) for page in PAGES for line in command_lines(page)]


@pytest.mark.parametrize(("page", "arguments"), COMMANDS, ids=[f"{p}: {' '.join(a)}" for p, a in COMMANDS])
def test_a_command_line_is_understood(page: str, arguments: list[str]) -> None:
    del page
    understand(arguments)


def test_a_wrong_command_line_is_not_understood() -> None:
    for wrong in (["aks", "Who?"], ["ask", "--form", "raw"], ["private", "hide", "x"], ["correct"]):
        with pytest.raises(typer.TyperException):
            understand(wrong)


def test_every_verb_is_documented() -> None:
    told = {arguments[0] for _, arguments in COMMANDS}
    verbs = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    assert verbs - told == set()


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=lambda page: page.name)
def test_python_in_the_docs_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain_environment(monkeypatch, tmp_path)
    learnt_home(tmp_path / ".ipse")
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "note.md").write_text("My bicycle is blue.", encoding="utf-8")
    space: dict[str, object] = {}
    for block in blocks(page, "python"):
        exec(compile(block, page.name, "exec"), space)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_rest_of_the_python_compiles(page: Path) -> None:
    for block in blocks(page, "py"):
        compile(block, page.name, "exec")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for found in LINK.finditer(page.read_text(encoding="utf-8")):
        to = found["to"]
        if not to.startswith(("http:", "https:")) and not to.endswith(FOREIGN):
            assert (page.parent / to).exists(), to
