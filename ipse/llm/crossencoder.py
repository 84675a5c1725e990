"""Reads a text beside a few lines and tells which of them answer it, or speak against it.

MiniLM with its upper layers trained further and small heads for each task; `pretrain/reading.py` makes them.
Where sentence vectors compare what two texts mean by themselves, here the text meets the lines word by
word, and the lines each other: who "she" is, what "the new one" stands for. It sees one window at a time
and knows no person's library.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from ipse.llm.minilm import bare_model

if TYPE_CHECKING:
    import torch

ME = "this person"
READS, JUDGES = "reader.safetensors", "judge.safetensors"
"""What answers questions, and what was trained further to tell what speaks against a draft."""
READER = Path(str(files("ipse") / "reader"))
"""What `pretrain/reading.py` made, and its model card."""
MARK = "[unused1]"
"""Stands before each line; its state tells about the line."""
MAX_TOKENS = 320
LONGEST_TEXT, LONGEST_LINE = 48, 64

Task = Literal["answers", "against"]
"""Which line answers a question; which speaks against a draft."""


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of a window. `speaker` is ME for the person."""

    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Window:
    """`text` is a question, or a sentence of a draft, which comes with the request it is `written_for`."""

    text: str
    lines: tuple[Line, ...]
    written_for: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """For each line the log-odds that it answers (or speaks against) against that none does.

    `answers` are the words each line would answer a question with.
    """

    scores: tuple[float, ...]
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids of a window, where each line is marked, and each line's (first, last) token with its characters."""

    ids: list[int]
    asked: int
    """How many of them are the text's."""
    marks: list[int]
    spans: list[tuple[int, int]]
    offsets: list[list[tuple[int, int]]]


def encode(window: Window, tokenizer: Any) -> Encoded:
    """Lines that no longer fit have neither mark nor span."""
    ids = list(tokenizer(window.text, truncation=True, max_length=LONGEST_TEXT)["input_ids"])
    asked = len(ids)
    mark = tokenizer.convert_tokens_to_ids(MARK)
    if window.written_for:
        ids += tokenizer(window.written_for, truncation=True, max_length=LONGEST_TEXT)["input_ids"][1:]
    marks, spans, offsets = [], [], []
    for line in window.lines:
        head = tokenizer(f"{line.speaker}:", add_special_tokens=False)["input_ids"]
        said = tokenizer(
            line.text, add_special_tokens=False, truncation=True, max_length=LONGEST_LINE, return_offsets_mapping=True
        )
        row = [mark, *head, *said["input_ids"]]
        if len(ids) + len(row) + 1 > MAX_TOKENS:
            break
        marks.append(len(ids))
        spans.append((len(ids) + 1 + len(head), len(ids) + len(row)))
        offsets.append([tuple(o) for o in said["offset_mapping"]])
        ids += row
    return Encoded([*ids, tokenizer.sep_token_id], asked, marks, spans, offsets)


def new_heads(width: int) -> Any:
    """Three for each task, and one for the words that answer.

    `alike` starts as a cosine times ten, and `line` adds nothing yet: so it begins with what MiniLM knows.
    """
    from torch import nn

    heads: Any = nn.ModuleDict({"span": nn.Linear(width, 2)})
    for task in get_args(Task):
        heads[task] = nn.ModuleDict(
            {
                "alike": nn.Linear(width, 1),
                "line": nn.Sequential(nn.Linear(3 * width, width), nn.GELU(), nn.Linear(width, 1)),
                "none": nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, 1)),
            }
        )
        nn.init.constant_(heads[task]["alike"].weight, 10.0)
        nn.init.constant_(heads[task]["alike"].bias, -5.0)
        for name in ("line", "none"):
            nn.init.zeros_(heads[task][name][2].weight)
    return heads


def line_scores(heads: Any, task: Task, out: torch.Tensor, one: Encoded) -> torch.Tensor:
    """Log-odds of each line that it is right, against that none is; shape (lines,)."""
    import torch
    from torch.nn import functional as F

    asked = F.normalize(out[: one.asked].mean(0), dim=0)
    pooled = [out[first:last].mean(0) if last > first else out[first - 1] for first, last in one.spans]
    lines = F.normalize(torch.stack(pooled), dim=1)
    both = asked * lines
    features = torch.cat([out[one.marks], both * len(asked) ** 0.5, (asked - lines).abs() * len(asked) ** 0.5], 1)
    own = heads[task]
    odds: torch.Tensor = (own["alike"](both) + own["line"](features) - own["none"](out[:1])).squeeze(1)
    return odds


def states(model: Any, batch: Sequence[Encoded]) -> torch.Tensor:
    """Last hidden states, shape (windows, longest, width)."""
    import torch

    longest = max(len(e.ids) for e in batch)
    ids = torch.tensor([e.ids + [0] * (longest - len(e.ids)) for e in batch])
    mask = torch.tensor([[1] * len(e.ids) + [0] * (longest - len(e.ids)) for e in batch])
    out: torch.Tensor = model(input_ids=ids, attention_mask=mask).last_hidden_state
    return out


def load_weights(file: Path, model: Any, heads: Any) -> None:
    """Puts the trained layers and heads in place."""
    from safetensors.torch import load_file

    state = {k: v.float() for k, v in load_file(file).items()}
    tuned = {k.removeprefix("layers."): v for k, v in state.items() if k.startswith("layers.")}
    count = 1 + max(int(k.split(".")[0]) for k in tuned)
    model.encoder.layer[-count:].load_state_dict(tuned)
    heads.load_state_dict({k.removeprefix("heads."): v for k, v in state.items() if k.startswith("heads.")})


class CrossEncoder:
    """Ready to read. Loaded on first use; the same windows always give the same numbers on a machine."""

    def __init__(self, weights: Path) -> None:
        self.weights = weights

    @property
    def tokenizer(self) -> Any:
        return self._loaded[0]

    @cached_property
    def _loaded(self) -> tuple[Any, Any, Any]:
        """Tokenizer, model and heads, for who really reads."""
        tokenizer, model = bare_model()
        heads = new_heads(model.config.hidden_size)
        load_weights(self.weights, model, heads)
        return tokenizer, model.requires_grad_(False), heads.requires_grad_(False)

    def read(self, windows: Sequence[Window], task: Task = "answers", batch: int = 16) -> list[Reading]:
        """One reading a window, in order; lines beyond what fits score -inf and answer nothing."""
        import torch

        if not windows:
            return []
        tokenizer, model, heads = self._loaded
        encoded = [encode(w, tokenizer) for w in windows]
        order = sorted(range(len(windows)), key=lambda i: len(encoded[i].ids))
        found: dict[int, Reading] = {}
        for start in range(0, len(order), batch):
            group = order[start : start + batch]
            with torch.inference_mode():
                out = states(model, [encoded[i] for i in group]).float()
                for row, i in enumerate(group):
                    found[i] = _reading(heads, task, out[row], encoded[i], windows[i])
        return [found[i] for i in range(len(windows))]

    def alone(self, asked: Sequence[tuple[str, str]]) -> list[float]:
        """For each (question, sentence of the person's) the log-odds that the sentence by itself answers.

        What is asked twice is read once.
        """
        windows = {pair: Window(pair[0], (Line(ME, pair[1]),)) for pair in asked}
        read = self.read(list(windows.values()))
        odds = {pair: reading.scores[0] for pair, reading in zip(windows, read, strict=True)}
        return [odds[pair] for pair in asked]


def _reading(heads: Any, task: Task, out: torch.Tensor, one: Encoded, window: Window) -> Reading:
    missing = len(window.lines) - len(one.marks)
    scores = line_scores(heads, task, out, one).tolist() if one.marks else []
    if task != "answers":
        return Reading((*scores, *[-math.inf] * missing))
    answers = [
        _best_span(heads["span"](out[first:last]), offsets, line.text)
        for (first, last), offsets, line in zip(one.spans, one.offsets, window.lines, strict=False)
    ]
    return Reading((*scores, *[-math.inf] * missing), (*answers, *[""] * missing))


def _best_span(logits: torch.Tensor, offsets: Sequence[tuple[int, int]], text: str, longest: int = 12) -> str:
    """The likeliest stretch of at most `longest` tokens, as it stands in the text."""
    if not offsets:
        return ""
    total = logits[:, None, 0] + logits[None, :, 1]
    allowed = total.new_ones(total.shape).triu().tril(longest - 1) > 0
    best = int(total.masked_fill(~allowed, -math.inf).argmax())
    first, last = divmod(best, total.shape[1])
    return text[offsets[first][0] : offsets[last][1]]


@cache
def default_reader() -> CrossEncoder:
    """The one that ships with ipse, for what answers."""
    return CrossEncoder(READER / READS)


@cache
def default_judge() -> CrossEncoder:
    """The one that ships with ipse, for what speaks against."""
    return CrossEncoder(READER / JUDGES)
