"""What was written about a thing that is named: "What did I write about the felt?" looks for words, not for an answer.

No likelihood tells such a sentence from others; that it names the thing does. Knows nothing of sentences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ipse.keyphrases import content_words, stem
from ipse.llm.sense import neutral

_ASKED = re.compile(
    r"^(?:and |so )?(?:what about"
    r"|(?:(?:what|anything) )?(?:(?:did|do|does|has|have) )?(?:this person|I|we|he|she|they) (?:ever )?"
    r"(?:writes?|wrote|written|says?|said|tells?|told|mention(?:s|ed)?)(?: (?:you|me|us|anyone))?(?: anything)? about"
    r"|(?:did|do|does|has|have) (?:this person|I|we|he|she|they) (?:ever )?mention(?:ed)?) (?P<thing>[^?]+)\?*$",
    re.I,
)


def named_in(question: str, names: Sequence[str]) -> frozenset[str]:
    """Stems of the words that name the thing asked for; none if the question asks otherwise."""
    match = _ASKED.match(neutral(question.strip(), names))
    return frozenset(stem(word) for word in content_words(match["thing"])) if match else frozenset()
