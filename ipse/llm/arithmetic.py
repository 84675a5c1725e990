"""How matrices are multiplied: bfloat16 where the processor has it natively, float32 elsewhere.

Same machine, same numbers; between machines results differ in the third digit. Training and
embedding use it; generation stays in float32.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


@cache
def _native_bf16() -> bool:
    import torch

    return bool(torch.cpu._is_avx512_bf16_supported())


def fast(device: str = "cpu") -> Any:
    """A context in which matrix products run in bfloat16 if that is native."""
    import torch

    return torch.autocast(device, dtype=torch.bfloat16, enabled=device != "cpu" or _native_bf16())


@contextmanager
def one_thread() -> Iterator[None]:
    """Every sum in one order. Several threads may share out a sum if there are few rows, so that a row's last bits
    would depend on how many others stand beside it."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
