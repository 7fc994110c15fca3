"""changes, quiet feeds, observances"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

EVENT_COLUMNS = (
    "continues_id INTEGER CONSTRAINT fk_event_continues_id_event REFERENCES event (id)",
    "observance_id INTEGER CONSTRAINT fk_event_observance_id_observance REFERENCES observance (id)",
)
OCCURRENCE_COLUMNS = (
    "place_id INTEGER CONSTRAINT fk_occurrence_place_id_place REFERENCES place (id)",
    "elsewhere VARCHAR(200) DEFAULT '' NOT NULL",
    "titles JSON DEFAULT '{}' NOT NULL",
)


def upgrade() -> None:
    op.create_table(
        "feed_fetch",
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("scope", sa.String(length=120), nullable=False),
        sa.Column("client", sa.String(length=20), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("on", "scope", "client", name=op.f("pk_feed_fetch")),
    )
    op.create_table(
        "quiet_feed",
        sa.Column("scope", sa.String(length=120), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("scope", "language", name=op.f("pk_quiet_feed")),
        sa.UniqueConstraint("token", name=op.f("uq_quiet_feed_token")),
    )
    op.create_table(
        "editor_feed",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_editor_feed_account_id_account")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_editor_feed")),
        sa.UniqueConstraint("digest", name=op.f("uq_editor_feed_digest")),
    )
    op.create_table(
        "observance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("uid", sa.String(length=120), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("link", sa.String(length=300), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("is_annual", sa.Boolean(), nullable=False),
        sa.Column("is_flag_day", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("answer_note", sa.String(length=300), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("revised_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_observance_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observance")),
        sa.UniqueConstraint("slug", name=op.f("uq_observance_slug")),
        sa.UniqueConstraint("uid", name=op.f("uq_observance_uid")),
    )
    op.create_table(
        "event_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("dates", sa.Integer(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("undone_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_event_change_event_id_event")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_change")),
    )
    with op.batch_alter_table("event_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_change_event_id"), ["event_id"], unique=False)

    op.create_table(
        "event_former_scope",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("ref_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_event_former_scope_event_id_event")
        ),
        sa.PrimaryKeyConstraint("event_id", "what", "ref_id", name=op.f("pk_event_former_scope")),
    )
    op.create_table(
        "attendance",
        sa.Column("occurrence_id", sa.Integer(), nullable=False),
        sa.Column("adults", sa.Integer(), nullable=True),
        sa.Column("children", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["occurrence_id"],
            ["occurrence.id"],
            name=op.f("fk_attendance_occurrence_id_occurrence"),
        ),
        sa.PrimaryKeyConstraint("occurrence_id", name=op.f("pk_attendance")),
    )
    op.create_table(
        "drop_in_state",
        sa.Column("occurrence_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["occurrence_id"],
            ["occurrence.id"],
            name=op.f("fk_drop_in_state_occurrence_id_occurrence"),
        ),
        sa.PrimaryKeyConstraint("occurrence_id", name=op.f("pk_drop_in_state")),
    )
    # Plain SQL that both engines read: a batch would build the tables anew on SQLite, and dropping
    # the old ones would take the rows that refer to them along.
    for column in EVENT_COLUMNS:
        op.execute(f"ALTER TABLE event ADD COLUMN {column}")
    op.create_index("ix_event_continues_id", "event", ["continues_id"])
    op.execute("ALTER TABLE occurrence RENAME COLUMN is_moved TO is_override")
    for column in OCCURRENCE_COLUMNS:
        op.execute(f"ALTER TABLE occurrence ADD COLUMN {column}")
    op.create_index("ix_occurrence_place_id", "occurrence", ["place_id"])


def downgrade() -> None:
    op.drop_index("ix_occurrence_place_id", "occurrence")
    for name in ("titles", "elsewhere", "place_id"):
        _drop("occurrence", name)
    op.execute("ALTER TABLE occurrence RENAME COLUMN is_override TO is_moved")
    op.drop_index("ix_event_continues_id", "event")
    for name in ("observance_id", "continues_id"):
        _drop("event", name)
    op.drop_table("drop_in_state")
    op.drop_table("attendance")
    op.drop_table("event_former_scope")
    with op.batch_alter_table("event_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_change_event_id"))

    op.drop_table("event_change")
    op.drop_table("observance")
    op.drop_table("editor_feed")
    op.drop_table("quiet_feed")
    op.drop_table("feed_fetch")


def _drop(table: str, column: str) -> None:
    """A column with a foreign key goes only with its table on SQLite; with rows that refer to
    it, that is refused: an older release wants the backup that belongs to it."""
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)
    else:
        op.drop_column(table, column)
