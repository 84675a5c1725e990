"""A causal LM on this machine, with or without an adapter, behind the ChatModel protocol.

Any transformers folder will do. If the folder holds `sense.safetensors` (the embedded base does),
each user message's sense token is given the message's projected sentence vector. Nobody outside
this module knows of that. It knows nothing of facts, persons' ledgers or training.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ipse.llm.protocol import Embedder, Reply
from ipse.llm.sense import Projector, neutral
from ipse.llm.template import END, SENSE, render
from ipse.types import Message

if TYPE_CHECKING:
    import torch


def embedded_base() -> Path:
    """Where the base that ships with ipse lies."""
    return Path(str(files("ipse") / "base"))


class LocalBase:
    """A base model in memory: weights, tokenizer and, for the embedded one, its sense projector."""

    def __init__(self, path: Path) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()
        self.path = path
        self.tokenizer: Any = AutoTokenizer.from_pretrained(path)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        dtype = torch.float32 if self.device.type == "cpu" else torch.bfloat16
        self.model: Any = AutoModelForCausalLM.from_pretrained(path, dtype=dtype).to(self.device).eval()
        self.model.requires_grad_(False)
        sense = path / "sense.safetensors"
        self.projector = Projector.load(sense) if sense.exists() else None
        if self.projector is not None:
            self.projector.module.to(self.device)

    @property
    def width(self) -> int:
        return int(self.model.config.hidden_size)

    def tokens(self, messages: Sequence[Message], *, open_reply: bool) -> list[int]:
        """Token ids in the base's own chat format."""
        if self.projector is not None:
            text = render(messages, open_reply=open_reply)
            return list(self.tokenizer.encode(text, add_special_tokens=False))
        turns = [{"role": m.role, "content": m.content} for m in messages]
        encoded = self.tokenizer.apply_chat_template(turns, add_generation_prompt=open_reply, return_dict=True)
        return list(encoded["input_ids"])

    def twin(self) -> Any:
        """The model's modules anew around the very same weights: an adapter put on a twin is on no other."""
        shared = {id(t): t for t in (*self.model.parameters(), *self.model.buffers())}
        return copy.deepcopy(self.model, shared)

    def end_id(self) -> int:
        return int(self.tokenizer.convert_tokens_to_ids(END) if self.projector else self.tokenizer.eos_token_id)

    def sense_slots(self, ids: Sequence[int]) -> list[int]:
        if self.projector is None:
            return []
        marker = self.tokenizer.convert_tokens_to_ids(SENSE)
        return [i for i, token in enumerate(ids) if token == marker]


@lru_cache(maxsize=2)
def load_base(path: Path) -> LocalBase:
    return LocalBase(path)


def embed_prompts(
    base: LocalBase, ids: torch.Tensor, slots: Sequence[tuple[int, int]], vectors: torch.Tensor | None
) -> torch.Tensor:
    """Token embeddings, shape (rows, length, width), with the sense vectors put into their slots.

    `slots` are (row, position); `vectors` has one sentence vector for each, or is None for none.
    """
    embedded: torch.Tensor = base.model.get_input_embeddings()(ids)
    if vectors is None or not slots or base.projector is None:
        return embedded
    rows, columns = zip(*slots, strict=True)
    import torch

    where = (torch.tensor(rows), torch.tensor(columns))
    return embedded.index_put(where, base.projector(vectors.to(base.device)).to(embedded.dtype))


class LocalChat:
    """Greedy generation from a base, optionally through a peft adapter.

    `names` are the person's names, taken out of a question before its sense is computed.
    Without an `embedder` the model runs as a plain causal LM.
    """

    def __init__(
        self,
        base: LocalBase,
        adapter: Path | None = None,
        embedder: Embedder | None = None,
        names: Sequence[str] = (),
    ) -> None:
        self.base = base
        self.embedder = embedder if base.projector is not None else None
        self.names = tuple(names)
        self.name = base.path.name if adapter is None else adapter.name
        self.model: Any = base.model
        if adapter is not None:
            from peft import PeftModel

            warnings.filterwarnings("ignore", message="`is_gradient_checkpointing` is deprecated")
            self.model = PeftModel.from_pretrained(base.twin(), adapter, adapter_name=adapter.name).eval()

    @classmethod
    def around(cls, base: LocalBase, model: Any, embedder: Embedder | None, names: Sequence[str]) -> LocalChat:
        """Chats through a peft model that is already in memory, as training leaves it."""
        chat = cls(base, None, embedder, names)
        chat.model = model.eval()
        return chat

    @contextmanager
    def opened(self) -> Iterator[LocalChat]:
        """Lets go of the adapter when done."""
        try:
            yield self
        finally:
            self.close()

    def close(self) -> None:
        """From here on the bare base answers."""
        self.model = self.base.model

    def chat(self, prompts: Sequence[Sequence[Message]], max_tokens: int = 64) -> list[Reply]:
        """Replies in order; prompts of like length run together."""
        order = sorted(range(len(prompts)), key=lambda i: sum(len(m.content) for m in prompts[i]))
        replies: dict[int, Reply] = {}
        for start in range(0, len(order), 32):
            group = order[start : start + 32]
            replies.update(zip(group, self._batch([prompts[i] for i in group], max_tokens), strict=True))
        return [replies[i] for i in range(len(prompts))]

    def _senses(self, prompts: Sequence[Sequence[Message]]) -> torch.Tensor | None:
        if self.embedder is None:
            return None
        import torch

        texts = [neutral(m.content, self.names) for p in prompts for m in p if m.role == "user"]
        return torch.from_numpy(self.embedder.embed(texts)) if texts else None

    def _batch(self, prompts: Sequence[Sequence[Message]], max_tokens: int) -> list[Reply]:
        import torch

        encoded = [self.base.tokens(p, open_reply=True) for p in prompts]
        longest = max(map(len, encoded))
        pads = [longest - len(ids) for ids in encoded]
        pad = self.base.tokenizer.pad_token_id or 0
        device = self.base.device
        ids = torch.tensor([[pad] * n + row for n, row in zip(pads, encoded, strict=True)], device=device)
        mask = torch.tensor([[0] * n + [1] * len(row) for n, row in zip(pads, encoded, strict=True)], device=device)
        slots = [
            (i, n + p) for i, (n, row) in enumerate(zip(pads, encoded, strict=True)) for p in self.base.sense_slots(row)
        ]
        with torch.inference_mode():
            embedded = embed_prompts(self.base, ids, slots, self._senses(prompts))
            tokens, sure = self._greedy(embedded, mask, max_tokens)
        end = self.base.end_id()
        replies = []
        for row, confidence in zip(tokens, sure, strict=True):
            kept = row[: row.index(end)] if end in row else row
            replies.append(Reply(self.base.tokenizer.decode(kept, skip_special_tokens=True).strip(), confidence))
        return replies

    def _greedy(
        self, embedded: torch.Tensor, mask: torch.Tensor, max_tokens: int
    ) -> tuple[list[list[int]], list[float]]:
        """Token ids and, for each row, the least probability of a token it chose."""
        import torch

        end, rows = self.base.end_id(), embedded.shape[0]
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        out = self.model(inputs_embeds=embedded, attention_mask=mask, position_ids=positions, use_cache=True)
        chosen: list[list[int]] = [[] for _ in range(rows)]
        least, alive = [1.0] * rows, [True] * rows
        for _ in range(max_tokens):
            best, token = torch.softmax(out.logits[:, -1].float(), dim=1).max(1)
            for i, (t, p) in enumerate(zip(token.tolist(), best.tolist(), strict=True)):
                if alive[i]:
                    chosen[i].append(t)
                    least[i] = min(least[i], p)
                    alive[i] = t != end
            if not any(alive):
                break
            mask = torch.cat([mask, mask.new_ones(rows, 1)], 1)
            positions = positions[:, -1:] + 1
            out = self.model(
                input_ids=token[:, None],
                attention_mask=mask,
                position_ids=positions,
                past_key_values=out.past_key_values,
                use_cache=True,
            )
        return chosen, least
