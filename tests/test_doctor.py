"""The doctor on real folders, files and a server on loopback."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ipse.config import load
from ipse.doctor import Check, examine
from ipse.store.sqlite import create_person
from ipse.types import Person


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "IPSE_BASE", "IPSE_TEACHER", "IPSE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


class Models(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        model = b'{"id": "small", "object": "model", "created": 0, "owned_by": "me"}'
        body = b'{"object": "list", "data": [' + model + b"]}"
        self.send_response(200 if self.path == "/v1/models" else 404)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    running = ThreadingHTTPServer(("127.0.0.1", 0), Models)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}/v1"
    running.shutdown()
    running.server_close()


def found(home: Path, **given: object) -> dict[str, Check]:
    return {check.name: check for check in examine(load(home, **given))}


def a_base(folder: Path) -> Path:
    folder.mkdir()
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (folder / name).write_text(name)
    return folder


def test_an_empty_folder_is_examined_and_left_empty(tmp_path: Path) -> None:
    home = tmp_path / "home"
    checks = found(home)
    assert list(tmp_path.iterdir()) == []
    assert all(checks[name].ok for name in ("python", "torch", "peft", "embeddings", "sqlite", "home"))
    assert not checks["person"].ok
    assert "ipse init" in checks["person"].next_step
    assert "model server" not in checks
    assert "IPSE_BASE" in checks["step up: base"].next_step
    assert "IPSE_TEACHER" in checks["step up: teacher"].next_step


def test_what_is_not_ok_says_what_to_do(tmp_path: Path) -> None:
    checks = found(tmp_path, base=str(tmp_path / "nowhere"))
    assert not checks["base model"].ok
    assert all(check.next_step for check in checks.values() if not check.ok)


def test_people_are_named(tmp_path: Path) -> None:
    create_person(tmp_path, Person("Nora Linde"))
    assert found(tmp_path)["person"] == Check("person", True, "Nora Linde")


def test_a_damaged_database_is_a_finding_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "ipse.db").write_bytes(b"no database at all" * 100)
    check = found(tmp_path)["person"]
    assert not check.ok
    assert "backup" in check.next_step


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    check = found(tmp_path / "file" / "home", teacher="offline")["home"]
    assert not check.ok
    assert "--home" in check.next_step


def test_a_base_is_held_against_its_list(tmp_path: Path) -> None:
    base = a_base(tmp_path / "base")
    digest = hashlib.sha256(b"model.safetensors").hexdigest()
    assert digest[:12] in found(tmp_path, base=str(base))["base model"].detail
    (base / "SHA256SUMS").write_text(f"{digest}  model.safetensors\n")
    assert found(tmp_path, base=str(base))["base model"].ok
    (base / "model.safetensors").write_text("something else")
    check = found(tmp_path, base=str(base))["base model"]
    assert not check.ok
    assert "model.safetensors" in check.detail
    assert "step up: base" not in found(tmp_path, base=str(base))


def test_a_base_that_lacks_what_its_list_names_is_a_finding(tmp_path: Path) -> None:
    base = a_base(tmp_path / "base")
    (base / "SHA256SUMS").write_text(f"{'0' * 64}  gone.safetensors\n")
    assert not found(tmp_path, base=str(base))["base model"].ok


def test_a_configured_server_is_asked_for_its_models(tmp_path: Path, server: str) -> None:
    assert found(tmp_path, openai_base_url=server)["model server"].ok
    strange = found(tmp_path, openai_base_url=server, teacher="llm", teacher_model="huge")
    assert not strange["model server"].ok
    assert "small" in strange["model server"].next_step
    assert "step up: teacher" not in strange


def test_a_server_that_is_down_is_a_finding(tmp_path: Path, server: str) -> None:
    check = found(tmp_path, openai_base_url=server.replace("/v1", "/elsewhere"))["model server"]
    assert not check.ok
    assert check.next_step
