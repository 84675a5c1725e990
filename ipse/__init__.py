"""ipse keeps a person as a model.

import ipse
me = ipse.open("~/.ipse", person="Maya")
me.add("exports/")
me.learn()
me.ask("Which days can I not work late?")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ipse.me import Me

__version__ = "0.1.0"
__all__ = ["init", "open"]


def open(home: str | None = None, person: str | None = None, **settings: Any) -> Me:
    """The self kept in `home`; `person` may be left out when there is one. Raises NoSuchPerson."""
    from ipse.me import Me

    return Me.open(home, person, **settings)


def init(home: str | None, name: str, **details: Any) -> Me:
    """Sets up a person (pronouns, aliases, birth_year, language) and opens their self."""
    from ipse.me import Me

    return Me.init(home, name, **details)
