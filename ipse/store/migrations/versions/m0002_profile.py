"""The living profile: signals and what is made of them."""

from alembic import op

revision = "0002"
down_revision = "0001"

KEY = "position INTEGER NOT NULL PRIMARY KEY, person_id TEXT NOT NULL"
PERSON = "FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE CASCADE"

# table: (columns, unique together with the person)
OWNED = {
    "signals": (
        "id TEXT NOT NULL, dimension TEXT NOT NULL, value TEXT NOT NULL, source TEXT NOT NULL,"
        " at TEXT NOT NULL, refs TEXT NOT NULL",
        ", id",
    ),
    "preferences": (
        'dimension TEXT NOT NULL, count INTEGER NOT NULL, "window" TEXT NOT NULL, ema TEXT NOT NULL,'
        " ema_variance FLOAT NOT NULL, outright BOOLEAN NOT NULL, detector TEXT NOT NULL, peak FLOAT NOT NULL",
        ", dimension",
    ),
    "profiles": (
        "about_me TEXT NOT NULL, pinned TEXT, stands_for TEXT NOT NULL, onboarded BOOLEAN NOT NULL,"
        " thumbs INTEGER NOT NULL, nudges INTEGER NOT NULL, replies INTEGER NOT NULL",
        "",
    ),
    "paragraphs": (
        "id TEXT NOT NULL, sentences TEXT NOT NULL, provenance TEXT NOT NULL, made_at TEXT NOT NULL,"
        " made_by TEXT NOT NULL",
        ", id",
    ),
    "drifts": (
        "id TEXT NOT NULL, dimension TEXT NOT NULL, at TEXT NOT NULL, statistic FLOAT NOT NULL,"
        " before TEXT NOT NULL, after TEXT NOT NULL",
        ", id",
    ),
    "replies": (
        "id TEXT NOT NULL, at TEXT NOT NULL, length FLOAT NOT NULL, density FLOAT, tone FLOAT, thumb TEXT",
        ", id",
    ),
    "amendments": (
        "id TEXT NOT NULL, dimension TEXT NOT NULL, sentence TEXT NOT NULL, expected FLOAT NOT NULL,"
        " approved FLOAT NOT NULL, at TEXT NOT NULL, status TEXT NOT NULL, refs TEXT NOT NULL",
        ", id",
    ),
}


def upgrade() -> None:
    for table, (columns, unique) in OWNED.items():
        op.execute(f"CREATE TABLE {table} ({KEY}, {columns}, UNIQUE (person_id{unique}), {PERSON})")
    op.execute("CREATE INDEX preferences_by_peak ON preferences (peak)")
    op.execute("CREATE INDEX paragraphs_by_person ON paragraphs (person_id, position)")
