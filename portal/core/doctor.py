"""What may be wrong with an installation, in words that say what to do."""

from __future__ import annotations

import stat

from sqlalchemy import select, text

from portal.config import Settings
from portal.core import migrations
from portal.core.clock import now
from portal.core.extensions import db
from portal.core.languages import TRANSLATIONS
from portal.core.models import JobRun

LATE_HOURS = 2


def examine(settings: Settings) -> list[str]:
    """Everything that wants mending, one line each; an empty list when all is well."""
    troubles = []
    if not migrations.is_current():
        return ["The database is older than the program. Run: portal db upgrade"]
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
