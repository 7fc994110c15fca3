"""What may be wrong with an installation, in words that say what to do."""

from __future__ import annotations

import re
import stat

from sqlalchemy import URL, select, text
from sqlalchemy.exc import SQLAlchemyError

from portal.config import Settings
from portal.core import migrations
from portal.core.clock import now
from portal.core.extensions import db
from portal.core.languages import TRANSLATIONS
from portal.core.models import JobRun

LATE_HOURS = 2
OLD = "The database is older than the program. Run: portal db upgrade"
# How SQLite and PostgreSQL say that a table or a column is not there.
MISSING = re.compile(r'no such (table|column)|(relation|column) "?\S+ does not exist')


def examine(settings: Settings) -> list[str]:
    """Everything that wants mending, one line each; an empty list when all is well."""
    troubles = []
    if not migrations.is_current():
        return [OLD]
    if stat.S_IMODE(settings.key_file.stat().st_mode) & 0o077:
        troubles.append(f"{settings.key_file.name} can be read by others. Run: chmod 600 on it")
    if not list(TRANSLATIONS.glob("*/LC_MESSAGES/messages.mo")):
        troubles.append("The translations are not compiled. Run: make compile")
    if db.engine.dialect.name == "sqlite":
        with db.engine.connect() as connection:
            if connection.execute(text("PRAGMA quick_check")).scalar() != "ok":
                troubles.append("The database file is damaged. Restore a backup.")
    for run in db.session.scalars(select(JobRun)):
        if run.result.startswith("failed"):
            troubles.append(f"The job “{run.name}” failed: {run.result}")
        elif (now() - run.ran_at).total_seconds() > LATE_HOURS * 3600:
            since = f"{run.ran_at:%Y-%m-%d %H:%M} UTC"
            troubles.append(f"The job “{run.name}” has not run since {since}. Run: portal tick")
    return troubles


def explain(error: SQLAlchemyError, url: URL) -> str:
    """What the database said, and what to do about it."""
    cause = (str(getattr(error, "orig", error)).splitlines() or [""])[0]
    if MISSING.search(cause):
        return f"The database said: {cause}\n{OLD}"
    # A statement is only there once a connection was.
    if getattr(error, "statement", None) is not None or not hasattr(error, "statement"):
        return f"The database said: {cause}"
    if url.get_backend_name() == "sqlite":
        return f"{url.database} cannot be opened: {cause}"
    where = f"host {url.host or url.query.get('host') or 'this one'}, port {url.port or 5432}"
    if "FATAL" in cause:
        return f"PostgreSQL ({where}) refused: {cause}\nPORTAL_DATABASE_URL names it."
    return (
        f"PostgreSQL cannot be reached ({where}): {cause}\n"
        "Is it running, and is PORTAL_DATABASE_URL right?"
    )
