"""Invents people: names, values and the facts they have. Nothing here is about anybody real.

Open vocabulary is the point: most values are made of syllables, so the base can't learn what
people usually say and has to learn to copy what this person said.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from ipse.teacher.grammar import Attribute, attributes
from ipse.types import Person

_ONSETS = (
    "b c d f g h j k l m n p r s t v w y z " * 2 + "br ch dr fl gr kh kl ng ny ph pr q sh sk st th tr ts x zh"
).split()
_VOWELS = ("a e i o u " * 5 + "aa ai ao ee ei ia ie io oo ou ue y á é ö ü").split()
_CODAS = ["", "", "", "n", "r", "l", "s", "m", "k", "t", "nd", "sh", "ng", "x", "v", "rt", "ck"]
_ADJECTIVES = """
    old red small quiet broken green second-hand wooden blue heavy cheap sweet cold tiny loud grey
    smoked wild
    """.split()
_THINGS = """
    lantern kettle violin ladder bicycle jacket radio boat stove lamp drum knife clock basket tent bench
    soup stew pie bread noodles dumplings pickles tea beans cake rice salad chess pottery fencing
    weaving archery
    """.split()
_CURRENCIES = ["euros", "dollars", "pesos", "rupees", "kroner", "naira", "pounds"]
_MONTHS = """
    January February March April May June July August September October November December
    """.split()
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_FIRST = """
    Maya Liam Noor Chen Ava Otto Ines Ravi Tara Hugo Lena Omar Yuki Sana Eli Zoe Finn Mira Jonas Priya
    Kofi Elena Marco Dana Amir Ruth Bea Cyrus Nadia Felix Greta Ivan Jade Karim Lola Mateo Nia Oscar Pia
    Quinn Aroha Bjarne Chidi Dilnoza Emeka Farida Goran Hana Isolde Jorge Kwame Leilani Minh Nkechi
    Olamide Petra Qiang Rosa Sipho Thandi Uma Viktor Wanjiru Ximena Yusuf Zainab Anders Beatriz Casimir
    Deniz Esi Fatou Gio Hye-jin Ilse Jun
    """.split()


def syllables(rng: random.Random, low: int = 2, high: int = 3) -> str:
    word = "".join(
        rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS) for _ in range(rng.randint(low, high))
    )
    return word[:12]


def invented_name(rng: random.Random) -> str:
    return syllables(rng).capitalize()


def invented_value(attribute: Attribute, rng: random.Random) -> str:
    """A made-up value of the attribute's type."""
    match attribute.value:
        case "number":
            return str(rng.choice([rng.randint(2, 99), rng.randint(100, 9999)]))
        case "year":
            return str(rng.randint(1935, 2026))
        case "date":
            return f"{rng.choice(_MONTHS)} {rng.randint(1, 28)}"
        case "time":
            return f"{rng.randint(0, 23)}:{rng.randint(0, 59):02d}"
        case "weekday":
            return rng.choice(_DAYS)
        case "money":
            return f"{rng.randint(5, 90000)} {rng.choice(_CURRENCIES)}"
        case "name" | "person" | "place":
            return " ".join(invented_name(rng) for _ in range(rng.choice([1, 1, 1, 2])))
        case _:
            return rng.choice(
                [
                    f"{syllables(rng)} {rng.choice(_THINGS)}",
                    f"{rng.choice(_ADJECTIVES)} {syllables(rng)}",
                    f"{rng.choice(_ADJECTIVES)} {rng.choice(_THINGS)} from {invented_name(rng)}",
                    syllables(rng, 2, 4),
                ]
            )


def any_value(attribute: Attribute, rng: random.Random) -> str:
    return rng.choice(attribute.examples) if rng.random() < 0.35 else invented_value(attribute, rng)


def person(rng: random.Random) -> Person:
    name = rng.choice(_FIRST) if rng.random() < 0.6 else invented_name(rng)
    return Person(name=name, pronouns=rng.choice(["she/her", "he/him", "they/them"]))


@dataclass(frozen=True, slots=True)
class Told:
    """One fact as this person says it."""

    attribute: Attribute
    value: str
    statement: str


def tell(attribute: Attribute, rng: random.Random) -> Told:
    value = any_value(attribute, rng)
    return Told(attribute, value, attribute.state(value, rng.choice(attribute.statements)))


def life(rng: random.Random, count: int) -> list[Told]:
    """`count` facts on different attributes."""
    return [tell(a, rng) for a in rng.sample(list(attributes().values()), count)]
