"""How a database of an earlier ipse, or an empty one, comes into today's shape.

Alembic takes a moment to import, so it is imported only when `PRAGMA user_version` says that
there is something to do. A new migration is a file in `versions/` and one more in `schema.VERSION`.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from ipse.errors import StoreError
from ipse.store.schema import VERSION


def version_of(connection: Connection) -> int:
    """What the file says of its own shape; 0 for an empty one."""
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())


def is_behind(connection: Connection) -> bool:
    """Raises StoreError for a file of a later ipse, which this one could only damage."""
    found = version_of(connection)
    if found > VERSION:
        raise StoreError(
            f"this home was written by a later ipse (its database has version {found}, "
            f"this ipse knows {VERSION}). Upgrade ipse, or choose another --home."
        )
    return found < VERSION


def bring_up_to_date(connection: Connection) -> None:
    """Runs what is missing, inside the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.exec_driver_sql(f"PRAGMA user_version = {VERSION}")
