"""Does the paragraph foretell what the person approves of? If not, one sentence that would.

Every `EVERY` replies up to `SAMPLED` of those with a thumb are looked at. Where how they are written is far from what
the paragraph stands for, an amendment is drawn up with its evidence. What becomes of it is decided elsewhere: it is
folded into what evolves by itself, and only ever proposed to somebody's own words.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import fmean

from ipse.types import Amendment, Dimension, Preference, Profile, Reply, Vector, new_id
from ipse.words.personality import sentence_for
from ipse.words.preferences import number

EVERY, SAMPLED = 20, 5
LEAST_APPROVED = 3
FAR = 0.2
"""How far off the approved replies' mean has to be, of a range of one."""
UNSAID = 0.5
"""What a pinned paragraph is taken to mean by a dimension of which nothing was known when it was pinned."""
MEASURED: tuple[Dimension, ...] = ("length", "density", "tone")


def is_due(profile: Profile) -> bool:
    return profile.replies > 0 and profile.replies % EVERY == 0


def stands_for(preferences: Mapping[str, Preference]) -> Vector:
    """What a paragraph made now would say of the dimensions that a reply can be measured by."""
    return {name: number(preferences[name]) for name in MEASURED if name in preferences}


def sample(replies: Sequence[Reply], seed: int) -> list[Reply]:
    """Of the last `EVERY` replies `SAMPLED` that were judged; the same ones for the same seed."""
    judged = [reply for reply in replies[-EVERY:] if reply.thumb]
    return random.Random(seed).sample(judged, min(SAMPLED, len(judged)))


def amendment(expected: Vector, sampled: Sequence[Reply], at: datetime) -> Amendment | None:
    """For the dimension whose approved replies are farthest from what is expected, if they are far."""
    approved = [reply for reply in sampled if reply.thumb == "up"]
    if len(approved) < LEAST_APPROVED:
        return None
    means = {name: fmean(known) for name in MEASURED if (known := _measured(approved, name))}
    off = {name: abs(means[name] - expected[name]) for name in means if name in expected}
    worst = max(off, key=off.__getitem__, default=None)
    if worst is None or off[worst] < FAR:
        return None
    refs = tuple(reply.id for reply in approved)
    sentence = sentence_for(worst, means[worst])
    made = new_id("amendment", worst, sentence, *refs)
    return Amendment(made, worst, sentence, expected[worst], means[worst], at, "proposed", refs)


def _measured(replies: Sequence[Reply], name: Dimension) -> list[float]:
    return [value for reply in replies if (value := getattr(reply, name)) is not None]
