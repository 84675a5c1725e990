"""The base's own tokenizer: byte-level BPE, trained on the corpus it will read."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

from ipse.llm.template import CHAT_TEMPLATE, END, PAD, SPECIAL_TOKENS
from pretrain.corpus import Corpus, Dialogues


def train_tokenizer(dialogues: Dialogues, vocabulary: int, out: Path) -> Any:
    """Trains and saves a transformers fast tokenizer with the chat template in `out`."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = [m.content for d in islice(Corpus(dialogues, seed=1), 3000) for m in d.messages]
    tokenizer.train_from_iterator(texts + dialogues.sentences, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=PAD, eos_token=END, model_max_length=1024)
    fast.chat_template = CHAT_TEMPLATE
    fast.save_pretrained(out)
    return fast
