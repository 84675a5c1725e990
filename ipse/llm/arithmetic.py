"""How matrices are multiplied: bfloat16 where the processor has it natively, float32 elsewhere.

Same machine, same numbers; between machines results differ in the third digit. Training and
embedding use it; generation stays in float32.
"""

from __future__ import annotations

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
