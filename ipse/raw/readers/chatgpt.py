"""ChatGPT's conversations.json: each conversation is a tree of which one branch is current.

The user's turns are the person's. Branches that were edited away are left out; custom
instructions are the person's words and are taken once. Tool output and hidden notes are system.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ipse.errors import BrokenInput
from ipse.raw.readers import decode, instants
from ipse.raw.readers.reading import Origin, Reader, Reading, Said
from ipse.types import Failure, Person, Role

_MAPPING = re.compile(r'"mapping"\s*:\s*\{')
_ROLES: dict[str, Role] = {"user": "self", "assistant": "assistant", "system": "system", "tool": "system"}
_FENCED = re.compile(r"```\s*(.*?)\s*```", re.DOTALL)
_SPOKEN = ("text", "multimodal_text", "code", "")

Tree = dict[str, dict[str, Any]]


def sniff(_path: Path, head: bytes) -> bool:
    text = decode.peek(head)
    return text.lstrip().startswith(("[", "{")) and _MAPPING.search(text) is not None


def read(path: Path, data: bytes, person: Person) -> Reading:
    """Offsets are characters in a message's own text. Raises BrokenInput."""
    document, failures = decode.loads(path, data)
    origin = Origin.of(path, data)
    said: dict[tuple[str, str], Said] = {}
    for where, conversation in _conversations(path, document):
        mapping = conversation.get("mapping") if isinstance(conversation, dict) else None
        if not isinstance(mapping, dict):
            failures.append(Failure(where, "holds no conversation (no mapping)"))
            continue
        tree = {key: node for key, node in mapping.items() if isinstance(node, dict)}
        thread = str(conversation.get("title") or where)
        for key in branch(tree, conversation.get("current_node")):
            place = f"{where}.{key}"
            try:
                for once, item in _said(tree[key].get("message"), place, thread, person):
                    said.setdefault((once or item.place, item.text), item)
            except (KeyError, TypeError, AttributeError) as error:
                failures.append(Failure(place, f"is no message that could be read ({error!r})"))
    turns = [turn for item in said.values() for turn in origin.turns(item, item.role or "system")]
    return Reading("chatgpt", turns, failures)


def branch(tree: Tree, current: object) -> list[str]:
    """The keys from the root to the current node; without one, of the longest branch, the last of equals."""
    if isinstance(current, str) and current in tree:
        return _path_to(tree, current)
    depths: dict[str, int] = {}
    for key in tree:
        climb = list(_climb(tree, key, depths))
        below = tree[climb[-1]].get("parent") if climb else None
        base = depths.get(below, 0) if isinstance(below, str) else 0
        depths |= {step: base + rise for rise, step in enumerate(reversed(climb), 1)}
    deepest = max(reversed(depths), key=depths.__getitem__, default=None)
    return _path_to(tree, deepest) if deepest else []


def _path_to(tree: Tree, key: str) -> list[str]:
    return list(_climb(tree, key, {}))[::-1]


def _climb(tree: Tree, key: str, known: Mapping[str, int]) -> Iterator[str]:
    """From a node towards the root, up to where `known` begins; a loop ends where it closes."""
    seen: set[str] = set()
    node: object = key
    while isinstance(node, str) and node in tree and node not in seen and node not in known:
        seen.add(node)
        yield node
        node = tree[node].get("parent")


def _conversations(path: Path, document: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(document, dict) and "mapping" in document:
        yield "conversation", document
        return
    listed = document.get("conversations") if isinstance(document, dict) else document
    if not isinstance(listed, list):
        raise BrokenInput(str(path), "is no ChatGPT export: a list of conversations was expected")
    for index, conversation in enumerate(listed):
        yield f"conversations[{index}]", conversation


def _said(message: Any, place: str, thread: str, person: Person) -> Iterator[tuple[str, Said]]:
    """(key, message); messages with the same key and text are the same message told again."""
    if message is None:
        return
    content, at = message["content"], instants.from_unix(message.get("create_time"))
    author = str(message["author"]["role"])
    if content.get("content_type") == "user_editable_context":
        for key in ("user_profile", "user_instructions"):
            text = _unfenced(str(content.get(key) or ""))
            yield key, Said(person.name, text, at, f"{place}.{key}", thread=thread, role="self")
        return
    role = _ROLES.get(author, "system")
    hidden = (message.get("metadata") or {}).get("is_visually_hidden_from_conversation")
    if hidden or content.get("content_type", "") not in _SPOKEN:
        role = "system"
    speaker = person.name if role == "self" else author
    yield "", Said(speaker, _text(content), at, place, thread=thread, role=role)


def _text(content: dict[str, Any]) -> str:
    parts = content.get("parts")
    if not isinstance(parts, list):
        return str(content.get("text") or content.get("result") or "")
    texts = (part if isinstance(part, str) else _spoken(part) for part in parts)
    return "\n".join(text for text in texts if text)


def _spoken(part: Any) -> str:
    """What was said aloud is text too; pictures and files are not."""
    is_speech = isinstance(part, dict) and part.get("content_type") in ("audio_transcription", "text")
    return str(part.get("text") or "") if is_speech else ""


def _unfenced(text: str) -> str:
    """Custom instructions come wrapped in a sentence of the program's; the fence holds the person's."""
    fenced = _FENCED.search(text)
    return fenced[1] if fenced else text


READER = Reader("chatgpt", sniff, read)
