"""What a run over a paid model is going to cost, told before it starts.

Approximate on purpose: no tokenizer is loaded and no price is known but those the person set.
"""

from __future__ import annotations

from dataclasses import dataclass

CHARS_A_TOKEN = 4
_TOKENS_A_PRICE = 1_000_000
_ANSWER_CHARS = 1200


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """`cost` is in the currency the prices are in, or None when a price isn't set."""

    calls: int
    tokens_in: int
    tokens_out: int
    cost: float | None

    def __str__(self) -> str:
        cost = "unknown (set IPSE_PRICE_IN and IPSE_PRICE_OUT)"
        if self.cost is not None:
            cost = f"about {_money(self.cost)}"
        tokens = f"{self.tokens_in:,} tokens in and {self.tokens_out:,} out"
        return f"{self.calls:,} calls, about {tokens}; cost: {cost}"


def estimate(
    prompt_chars: int,
    calls: int,
    price_in: float | None,
    price_out: float | None,
    *,
    answer_chars: int = _ANSWER_CHARS,
) -> CostEstimate:
    """Approximates a run: 4 characters a token, prices for a million tokens.

    `prompt_chars` counts all calls together, `answer_chars` is for one call. Repairs and retries
    come on top. Raises ValueError on a negative number.
    """
    if min(prompt_chars, calls, answer_chars, price_in or 0, price_out or 0) < 0:
        raise ValueError("an estimate takes no negative numbers")
    tokens_in = _tokens(prompt_chars)
    tokens_out = _tokens(calls * answer_chars)
    cost: float | None = None
    if price_in is not None and price_out is not None:
        cost = (tokens_in * price_in + tokens_out * price_out) / _TOKENS_A_PRICE
    return CostEstimate(calls, tokens_in, tokens_out, cost)


def _tokens(chars: int) -> int:
    return -(-chars // CHARS_A_TOKEN)


def _money(cost: float) -> str:
    """Two places, or as many as a small sum takes to show anything."""
    return f"{cost:.2f}" if cost >= 0.01 or cost == 0 else f"{cost:.2g}"
