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
from dataclasses import dataclass, field, replace
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


@dataclass(frozen=True, slots=True)
class _Asked:
    """Prompts as tokens, and the sense of each."""

    prompts: list[list[int]]
    senses: list[torch.Tensor] | None


@dataclass(slots=True)
class _Said:
    """Tokens so far, without the end's, how likely each of them was (the end's too), and what else stood to choice."""

    tokens: list[int] = field(default_factory=list)
    sure: list[float] = field(default_factory=list)
    others: list[list[tuple[int, float]]] = field(default_factory=list)

    def add(self, token: int, sure: float, others: list[tuple[int, float]], *, ends: bool) -> None:
        if not ends:
            self.tokens.append(token)
        self.sure.append(sure)
        self.others.append(others)

    def branches(self, count: int) -> list[_Said]:
        """The same up to the least sure token, then one of those that stood to choice there."""
        at = min(range(len(self.others)), key=self.sure.__getitem__)
        return [_Said([*self.tokens[:at], t], [*self.sure[:at], p]) for t, p in self.others[at][:count]]


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

    def plain(self) -> LocalChat:
        """The same model as a plain causal LM, without the sense of the question."""
        return LocalChat.around(self.base, self.model, None, self.names)

    def chat(self, prompts: Sequence[Sequence[Message]], max_tokens: int = 64) -> list[Reply]:
        """Replies in order; prompts of like length run together."""
        return [drafts[0] for drafts in self.drafts(prompts, 0, max_tokens)]

    def drafts(self, prompts: Sequence[Sequence[Message]], branches: int, max_tokens: int = 64) -> list[list[Reply]]:
        """For each prompt the greedy reply and, where it chose its least sure token, `branches` others."""
        order = sorted(range(len(prompts)), key=lambda i: sum(len(m.content) for m in prompts[i]))
        found: dict[int, list[Reply]] = {}
        for start in range(0, len(order), 32):
            group = order[start : start + 32]
            found.update(zip(group, self._drafts([prompts[i] for i in group], branches, max_tokens), strict=True))
        return [found[i] for i in range(len(prompts))]

    def _drafts(self, prompts: Sequence[Sequence[Message]], branches: int, max_tokens: int) -> list[list[Reply]]:
        asked = _Asked([self.base.tokens(p, open_reply=True) for p in prompts], self._senses(prompts))
        greedy = self._continued(asked, [(i, _Said()) for i in range(len(prompts))], branches, max_tokens)
        others = [(i, other) for i, said in enumerate(greedy) for other in said.branches(branches)] if branches else []
        drafts = [[self._reply(said)] for said in greedy]
        for (i, _), said in zip(others, self._continued(asked, others, 0, max_tokens), strict=True):
            drafts[i].append(self._reply(said))
        return drafts

    def openings(
        self, prompts: Sequence[Sequence[Message]], opened: Sequence[str], ways: int, max_tokens: int = 64
    ) -> list[list[Reply]]:
        """For each prompt at most `ways` replies that begin as `opened`, by the likeliest words to go on with; the
        confidence is how likely that word was."""
        found: list[list[Reply]] = []
        for start in range(0, len(prompts), 16):
            group = slice(start, start + 16)
            found += self._openings(prompts[group], opened[group], ways, max_tokens)
        return found

    def _openings(
        self, prompts: Sequence[Sequence[Message]], opened: Sequence[str], ways: int, max_tokens: int
    ) -> list[list[Reply]]:
        asked = _Asked([self.base.tokens(p, open_reply=True) for p in prompts], self._senses(prompts))
        begun = [_Said(self.base.tokenizer.encode(text, add_special_tokens=False)) for text in opened]
        next_words = self._continued(asked, list(enumerate(begun)), ways - 1, 1)
        each = [
            (i, _Said([*begun[i].tokens, token], [likely]))
            for i, said in enumerate(next_words)
            for token, likely in [*zip(said.tokens[len(begun[i].tokens) :], said.sure, strict=False), *said.others[0]]
        ]
        replies: list[list[Reply]] = [[] for _ in prompts]
        for (i, _), said in zip(each, self._continued(asked, each, 0, max_tokens), strict=True):
            replies[i].append(replace(self._reply(said), confidence=said.sure[0]))
        return replies

    def _reply(self, said: _Said) -> Reply:
        return Reply(
            self.base.tokenizer.decode(said.tokens, skip_special_tokens=True).strip(), min(said.sure, default=None)
        )

    def _senses(self, prompts: Sequence[Sequence[Message]]) -> list[torch.Tensor] | None:
        """Of each prompt, shape (user messages, dims)."""
        if self.embedder is None:
            return None
        import torch

        texts = [[neutral(m.content, self.names) for m in p if m.role == "user"] for p in prompts]
        vectors = torch.from_numpy(self.embedder.embed([t for own in texts for t in own]))
        return list(torch.split(vectors, [len(own) for own in texts]))

    def _continued(
        self, asked: _Asked, begun: Sequence[tuple[int, _Said]], branches: int, max_tokens: int
    ) -> list[_Said]:
        """What was begun in reply to the prompts of those numbers, said to its end."""
        import torch

        if not begun:
            return []
        rows = [asked.prompts[i] + said.tokens for i, said in begun]
        longest = max(map(len, rows))
        pads = [longest - len(row) for row in rows]
        pad, device = self.base.tokenizer.pad_token_id or 0, self.base.device
        ids = torch.tensor([[pad] * n + row for n, row in zip(pads, rows, strict=True)], device=device)
        mask = torch.tensor([[0] * n + [1] * len(row) for n, row in zip(pads, rows, strict=True)], device=device)
        slots = [
            (row, pads[row] + p) for row, (i, _) in enumerate(begun) for p in self.base.sense_slots(asked.prompts[i])
        ]
        senses = None if asked.senses is None else torch.cat([asked.senses[i] for i, _ in begun])
        with torch.inference_mode():
            embedded = embed_prompts(self.base, ids, slots, senses)
            return self._greedy(embedded, mask, [said for _, said in begun], branches, max_tokens)

    def _greedy(
        self, embedded: torch.Tensor, mask: torch.Tensor, begun: Sequence[_Said], branches: int, max_tokens: int
    ) -> list[_Said]:
        """Continues every row until it ends, or by `max_tokens`."""
        import torch

        end = self.base.end_id()
        special = set(self.base.tokenizer.all_special_ids) | {end}
        looked_at = 1 + branches + len(special) if branches else 1
        said = [_Said([*b.tokens], [*b.sure]) for b in begun]
        alive = [True] * len(said)
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        out = self.model(inputs_embeds=embedded, attention_mask=mask, position_ids=positions, use_cache=True)
        for _ in range(max_tokens):
            sure, tokens = torch.softmax(out.logits[:, -1].float(), dim=1).topk(looked_at)
            for i, (row, odds) in enumerate(zip(tokens.tolist(), sure.tolist(), strict=True)):
                if alive[i]:
                    alive[i] = row[0] != end
                    others = [(t, p) for t, p in zip(row[1:], odds[1:], strict=True) if t not in special]
                    said[i].add(row[0], odds[0], others[:branches], ends=not alive[i])
            if not any(alive):
                break
            mask = torch.cat([mask, mask.new_ones(len(said), 1)], 1)
            positions = positions[:, -1:] + 1
            out = self.model(
                input_ids=tokens[:, :1],
                attention_mask=mask,
                position_ids=positions,
                past_key_values=out.past_key_values,
                use_cache=True,
            )
        return said
