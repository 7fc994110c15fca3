"""The record of what staff did. Never holds anything about a resident."""

from __future__ import annotations

from typing import Any

from portal.core.access import current_account
from portal.core.clock import now
from portal.core.extensions import db
from portal.core.models import AuditEntry


def record(action: str, subject_kind: str, subject_id: object, **detail: Any) -> None:
    """Notes that whoever is signed in (or a command) did `action` to a subject.

    `detail` holds codes, dates and numbers, in JSON types.
    """
    account = current_account()
    db.session.add(
        AuditEntry(
            at=now(),
            account_id=account.id if account else None,
            action=action,
            subject_kind=subject_kind,
            subject_id=str(subject_id),
            detail=detail,
        )
    )
