"""sources of programmes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# What earlier releases imported, an event a date, keeps its identity as one source's. What that
# source said is not known any more: from the next file on it is what stands here.
REMEMBER = (
    """
    INSERT INTO import_source
        (name, address, is_active, mapping, digest, etag, last_modified, failure)
    SELECT 'programme', '', true, '{}', '', '', '', '{}'
    WHERE EXISTS (SELECT 1 FROM event WHERE source = 'programme')
    """,
    """
    INSERT INTO imported_date
        (source_id, key, event_id, recurrence_id, "group", said, mark, is_gone)
    SELECT (SELECT min(id) FROM import_source), source_id, id, starts, '', '{}', '', false
    FROM event WHERE source = 'programme'
    """,
    """
    INSERT INTO imported_event (event_id, source_id, said)
    SELECT event_id, source_id, '{}' FROM imported_date
    """,
)


def upgrade() -> None:
    op.create_table(
        "import_source",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("etag", sa.String(length=200), nullable=False),
        sa.Column("last_modified", sa.String(length=60), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=True),
        sa.Column("read_at", sa.DateTime(), nullable=True),
        sa.Column("failed_since", sa.DateTime(), nullable=True),
        sa.Column("failure", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["unit.id"], name=op.f("fk_import_source_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_source")),
    )
    with op.batch_alter_table("import_source", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_source_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "import_name",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("ref", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["import_source.id"], name=op.f("fk_import_name_source_id_import_source")
        ),
        sa.PrimaryKeyConstraint("source_id", "what", "name", name=op.f("pk_import_name")),
    )
    op.create_table(
        "import_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("file_name", sa.String(length=120), nullable=False),
        sa.Column("form", sa.String(length=20), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("beat_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["import_source.id"], name=op.f("fk_import_run_source_id_import_source")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    with op.batch_alter_table("import_run", schema=None) as batch_op:
        batch_op.create_index("ix_import_run_source_id_at", ["source_id", "at"], unique=False)

    op.create_table(
        "imported_event",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_imported_event_event_id_event")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["import_source.id"],
            name=op.f("fk_imported_event_source_id_import_source"),
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_imported_event")),
    )
    with op.batch_alter_table("imported_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_imported_event_source_id"), ["source_id"])

    op.create_table(
        "imported_date",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=240), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("recurrence_id", sa.DateTime(), nullable=False),
        sa.Column("group", sa.String(length=200), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("mark", sa.String(length=16), nullable=False),
        sa.Column("is_gone", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_imported_date_event_id_event")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["import_source.id"],
            name=op.f("fk_imported_date_source_id_import_source"),
        ),
        sa.PrimaryKeyConstraint("source_id", "key", name=op.f("pk_imported_date")),
    )
    with op.batch_alter_table("imported_date", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_imported_date_event_id"), ["event_id"], unique=False)

    # Plain SQL that both engines read: a batch would build the table anew on SQLite.
    op.execute("ALTER TABLE occurrence ADD COLUMN sign_up_link VARCHAR(300) DEFAULT '' NOT NULL")
    for statement in REMEMBER:
        op.execute(statement)


def downgrade() -> None:
    op.execute("ALTER TABLE occurrence DROP COLUMN sign_up_link")

    with op.batch_alter_table("imported_date", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_imported_date_event_id"))

    op.drop_table("imported_date")
    op.drop_table("imported_event")
    with op.batch_alter_table("import_run", schema=None) as batch_op:
        batch_op.drop_index("ix_import_run_source_id_at")

    op.drop_table("import_run")
    op.drop_table("import_name")
    with op.batch_alter_table("import_source", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_source_unit_id"))

    op.drop_table("import_source")
