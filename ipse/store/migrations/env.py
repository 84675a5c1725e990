"""Alembic's way in. `ipse.store.migrations.bring_up_to_date` hands over an open connection.

The transaction is the caller's: a process killed half way leaves the file as it was.
"""

from alembic import context

from ipse.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
