"""The first shape: people, what they added, what was understood, what was trained.

Written out in full and never changed afterwards: a migration must do the same thing for ever,
whatever becomes of `schema.py`.
"""

from alembic import op

revision = "0001"
down_revision = None

PERSON = "FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE CASCADE"

# table: (columns, further constraints)
OWNED = {
    "sources": (
        "id TEXT NOT NULL, path TEXT NOT NULL, format TEXT NOT NULL, sha256 TEXT NOT NULL,"
        " added_at TEXT NOT NULL, first_at TEXT, last_at TEXT",
        "UNIQUE (person_id, id), UNIQUE (person_id, path)",
    ),
    "turns": (
        "id TEXT NOT NULL, source_id TEXT NOT NULL, speaker TEXT NOT NULL, role TEXT NOT NULL,"
        ' text TEXT NOT NULL, at TEXT, place TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,'
        " thread TEXT NOT NULL",
        "UNIQUE (person_id, id),"
        " FOREIGN KEY (person_id, source_id) REFERENCES sources (person_id, id) ON DELETE CASCADE",
    ),
    "chunks": (
        "id TEXT NOT NULL, source_id TEXT NOT NULL, turn_id TEXT NOT NULL, role TEXT NOT NULL,"
        " speaker TEXT NOT NULL, text TEXT NOT NULL, at TEXT, start INTEGER NOT NULL,"
        ' "end" INTEGER NOT NULL, ordinal INTEGER NOT NULL',
        "UNIQUE (person_id, id),"
        " FOREIGN KEY (person_id, source_id) REFERENCES sources (person_id, id) ON DELETE CASCADE,"
        " FOREIGN KEY (person_id, turn_id) REFERENCES turns (person_id, id) ON DELETE CASCADE",
    ),
    "vectors": (
        "chunk_id TEXT NOT NULL, vector BLOB NOT NULL",
        "UNIQUE (person_id, chunk_id),"
        " FOREIGN KEY (person_id, chunk_id) REFERENCES chunks (person_id, id) ON DELETE CASCADE",
    ),
    "facts": (
        "id TEXT NOT NULL, statement TEXT NOT NULL, refs TEXT NOT NULL, kind TEXT NOT NULL,"
        " subject TEXT NOT NULL, attribute TEXT, value TEXT, key_phrases TEXT NOT NULL, valid_from TEXT,"
        " valid_to TEXT, stance TEXT NOT NULL, confidence FLOAT NOT NULL, sensitivity TEXT NOT NULL,"
        " status TEXT NOT NULL, made_by TEXT NOT NULL",
        "UNIQUE (person_id, id)",
    ),
    "entities": (
        "id TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, count INTEGER NOT NULL, refs TEXT NOT NULL",
        "UNIQUE (person_id, id)",
    ),
    "relations": (
        "id TEXT NOT NULL, subject TEXT NOT NULL, relation TEXT NOT NULL, object TEXT NOT NULL,"
        " count INTEGER NOT NULL, refs TEXT NOT NULL",
        "UNIQUE (person_id, id)",
    ),
    "topics": (
        "id TEXT NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL, refs TEXT NOT NULL",
        "UNIQUE (person_id, id)",
    ),
    "biographies": (
        "id TEXT NOT NULL, first TEXT NOT NULL, second TEXT NOT NULL, third TEXT NOT NULL,"
        " refs TEXT NOT NULL, made_by TEXT NOT NULL",
        "UNIQUE (person_id, id)",
    ),
    "failures": ("place TEXT NOT NULL, reason TEXT NOT NULL", ""),
    "private_topics": ("text TEXT NOT NULL", "UNIQUE (person_id, text)"),
    "corrections": ("fact_id TEXT NOT NULL, statement TEXT NOT NULL", "UNIQUE (person_id, fact_id)"),
    "forgotten": ("sha256 TEXT NOT NULL", "UNIQUE (person_id, sha256)"),
    "pairs": (
        "id TEXT NOT NULL, task TEXT NOT NULL, perspective TEXT NOT NULL, form TEXT NOT NULL,"
        " messages TEXT NOT NULL, refs TEXT NOT NULL, made_by TEXT NOT NULL",
        "UNIQUE (person_id, id)",
    ),
    "preference_pairs": (
        "id TEXT NOT NULL, prompt TEXT NOT NULL, chosen TEXT NOT NULL, rejected TEXT NOT NULL, refs TEXT NOT NULL",
        "UNIQUE (person_id, id)",
    ),
    "adapters": (
        "id TEXT NOT NULL, path TEXT NOT NULL, status TEXT NOT NULL, made_at TEXT NOT NULL,"
        " parent TEXT, scores TEXT NOT NULL, refs TEXT NOT NULL",
        "UNIQUE (person_id, id)",
    ),
    "receipts": (
        "id TEXT NOT NULL, request TEXT NOT NULL, at TEXT NOT NULL, removed TEXT NOT NULL,"
        " destroyed_adapters TEXT NOT NULL, new_adapter TEXT",
        "UNIQUE (person_id, id)",
    ),
    "versions": (
        "layer TEXT NOT NULL, number INTEGER NOT NULL, hash TEXT NOT NULL",
        "UNIQUE (person_id, layer)",
    ),
}

# Words of a chunk are found without keeping its text twice; triggers hold index and rows together.
SEARCH = (
    "CREATE VIRTUAL TABLE chunk_words USING fts5(text, content='chunks', content_rowid='position',"
    " tokenize='unicode61 remove_diacritics 2')",
    "CREATE TRIGGER chunk_words_in AFTER INSERT ON chunks BEGIN"
    " INSERT INTO chunk_words(rowid, text) VALUES (new.position, new.text); END",
    "CREATE TRIGGER chunk_words_out AFTER DELETE ON chunks BEGIN"
    " INSERT INTO chunk_words(chunk_words, rowid, text) VALUES ('delete', old.position, old.text); END",
)


def upgrade() -> None:
    op.execute(
        "CREATE TABLE people (position INTEGER NOT NULL PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
        " name TEXT NOT NULL, pronouns TEXT NOT NULL, aliases TEXT NOT NULL, language TEXT NOT NULL,"
        " birth_year INTEGER)"
    )
    for table, (columns, constraints) in OWNED.items():
        key = "position INTEGER NOT NULL PRIMARY KEY, person_id TEXT NOT NULL"
        parts = [key, columns, constraints, PERSON]
        op.execute(f"CREATE TABLE {table} ({', '.join(filter(None, parts))})")
    op.execute(
        "CREATE TABLE rests_on (person_id TEXT NOT NULL, child TEXT NOT NULL, parent TEXT NOT NULL,"
        f" PRIMARY KEY (person_id, child, parent), {PERSON}) WITHOUT ROWID"
    )
    op.execute("CREATE INDEX turns_by_source ON turns (person_id, source_id)")
    op.execute("CREATE INDEX chunks_by_source ON chunks (person_id, source_id)")
    op.execute("CREATE INDEX chunks_by_turn ON chunks (person_id, turn_id)")
    op.execute("CREATE INDEX rests_on_by_parent ON rests_on (person_id, parent)")
    for statement in SEARCH:
        op.execute(statement)
