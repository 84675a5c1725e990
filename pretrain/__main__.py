"""Makes the embedded base from nothing: `python -m pretrain DIALOGUES [--out ipse/base] [--minutes 70]`.

DIALOGUES is a folder holding `spc/valid.csv` and `memorybank/memory_bank_en.json`; see the model card.
"""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

from ipse.llm.minilm import default_embedder
from pretrain.corpus import Corpus, match_questions, read_dialogues
from pretrain.tokenizer import train_tokenizer
from pretrain.train import Plan, train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dialogues", type=Path)
    parser.add_argument("--out", type=Path, default=Path("ipse/base"))
    parser.add_argument("--start", type=Path, help="go on from this folder of an earlier run")
    for entry in fields(Plan):
        parser.add_argument(f"--{entry.name.replace('_', '-')}", type=type(entry.default), default=entry.default)
    args = parser.parse_args()
    from transformers import AutoTokenizer

    plan = Plan(**{entry.name: getattr(args, entry.name) for entry in fields(Plan)})
    args.out.mkdir(parents=True, exist_ok=True)
    dialogues = read_dialogues(args.dialogues)
    if args.start is None:
        tokenizer = train_tokenizer(dialogues, plan.vocabulary, args.out)
    else:
        tokenizer = AutoTokenizer.from_pretrained(args.start)
        tokenizer.save_pretrained(args.out)
    embedder = default_embedder()
    match_questions(dialogues, embedder)
    train(Corpus(dialogues, plan.seed), tokenizer, embedder, plan, args.out, args.start)


if __name__ == "__main__":
    main()
