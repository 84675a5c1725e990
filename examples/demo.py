"""The whole story on an invented person: read, learn, ask, enhance, criticise, measure.

    python examples/demo.py [HOME]        HOME is ./demo-home if it isn't given, and stays for you to look at

Nadia Haddad, a piano tuner, and everybody around her are made up. Nothing leaves this machine.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import ipse
from ipse.cli import show
from ipse.cli.converse import said_by
from ipse.cli.teach import show_learnt
from ipse.me import Me
from ipse.types import Perspective

HERE = Path(__file__).parent / "nadia"
PRIVATE = (
    "my application to the opera in Gothenburg; nobody else must hear of it",
    "the money I owe my brother Karim",
)
ASKED = ("n01", "n03", "n05", "n08", "n09", "n12", "n14", "n15")
"""What changed, what was said once, what was never said, and what belongs to somebody else."""
SECRET: tuple[tuple[str, Perspective], ...] = (
    ("What job have I applied for?", "self"),
    ("What job has Nadia applied for?", "third"),
)

REQUEST = "Find a cake for my birthday, and a time when the baker can call me about it."
DRAFT = "Fly to Lisbon on Friday, have hazelnut cake with a coffee on arrival, and take your van to the coast."


def main() -> None:
    home = Path(sys.argv[1] if len(sys.argv) > 1 else "demo-home").absolute()
    began = time.monotonic()
    me = ipse.init(
        str(home),
        "Nadia Haddad",
        pronouns="she/her",
        aliases=["Nadia", "nadia@haddad-pianos.example"],
        birth_year=1987,
    )
    read(me)
    learn(me)
    ask(me)
    advise(me)
    measure(me)
    next_steps(home, time.monotonic() - began)


def read(me: Me) -> None:
    title("add: a diary, a chat, mails and talks with an assistant")
    with show.Bars() as progress:
        report = me.add(HERE / "raw", progress=progress.under("add"))
    show.some([Path(path).name for path in (*report.added, *report.unchanged)])
    show.warn(report.failures)
    for topic in PRIVATE:
        me.private(topic)
        show.say(f"  private: {topic}")


def learn(me: Me) -> None:
    title("learn: facts, then an adapter that remembers them")
    began = time.monotonic()
    with show.Bars() as progress:
        learnt = me.learn(progress)
    show_learnt(learnt, time.monotonic() - began)


def ask(me: Me) -> None:
    title("ask: as Nadia (self) and as somebody else (third)")
    lines = (HERE / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = {each["id"]: each for each in map(json.loads, lines)}
    for each in (questions[name] for name in ASKED):
        put(me, each["question"], each["perspective"])
    for question, perspective in SECRET:
        put(me, question, perspective)


def put(me: Me, question: str, perspective: Perspective) -> None:
    answer = me.ask(question, perspective)
    show.say(f"[{perspective}] {question}", f"  {answer.text}", said_by(answer))


def advise(me: Me) -> None:
    title("enhance: a request, with what matters for it")
    show.say(me.enhance(REQUEST).text)
    title("critique: a draft, read as she would")
    found = me.critique("Plan a weekend for me.", DRAFT)
    show.say(f"Draft: {DRAFT}", f"{found.verdict}: {found.feedback}")


def measure(me: Me) -> None:
    title("evaluate: the adapter beside the systems it has to beat")
    with show.Bars() as progress:
        measured = me.evaluate(progress)
    show.score_table(measured.systems)
    show.say(f"{show.counted(measured.questions, 'question')} each.")


def next_steps(home: Path, seconds: float) -> None:
    title(f"done in {seconds:.0f} s")
    show.say(
        "Go on with Nadia:",
        f'  ipse --home {home} ask "Which day is soup day?"',
        f"  ipse --home {home} facts",
        f'  ipse --home {home} forget "the van I sold"',
        "Or with yourself:",
        '  ipse init --person "YOUR NAME" --alias you@example.org',
        "  ipse add ~/exports && ipse learn",
    )


def title(text: str) -> None:
    show.say("", f"== {text}")


if __name__ == "__main__":
    main()
