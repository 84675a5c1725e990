"""What a language model made of the paragraph."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE profiles ADD COLUMN wording TEXT NOT NULL DEFAULT 'null'")
