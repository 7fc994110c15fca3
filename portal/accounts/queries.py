"""Reads: accounts, sessions, and who may change which unit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from portal.accounts.models import Account, Invitation, SignInSession
from portal.core.extensions import db
from portal.core.sealing import digest

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
ROLES = ("editor", "admin")


@dataclass(frozen=True)
class SignedIn:
    """Whoever is signed in, as the guard and the rooms see them."""

    id: int
    name: str
    email: str
    roles: frozenset[str]
    unit_ids: frozenset[int]
    session_key: str

    @property
    def is_admin(self) -> bool:
        return "admin" in self.roles

    def edits(self, unit_id: int) -> bool:
        """Whether this account may change events and places of a unit."""
        return self.is_admin or unit_id in self.unit_ids


def account_by_email(email: str) -> Account | None:
    return db.session.scalar(select(Account).where(Account.email == email.strip().lower()))


def account_by_id(account_id: int) -> Account | None:
    return db.session.get(Account, account_id)


def account_names(ids: Iterable[int | None]) -> dict[int | None, str]:
    """What accounts are called, by id; for a record of who did what."""
    query = select(Account.id, Account.name).where(Account.id.in_({i for i in ids if i}))
    return {row.id: row.name for row in db.session.execute(query)}


def all_accounts() -> list[Account]:
    return list(db.session.scalars(select(Account).order_by(Account.email)))


def session_for(cookie: str, now: datetime) -> SignInSession | None:
    """The session a cookie belongs to, if it is neither old nor idle nor disabled."""
    row = db.session.get(SignInSession, digest(cookie))
    if row is None or row.account.is_disabled:
        return None
    if now - row.created_at > LONGEST or now - row.seen_at > IDLE:
        return None
    return row


def signed_in(row: SignInSession) -> SignedIn:
    return known(row.account, row.digest)


def known(account: Account, key: str) -> SignedIn:
    """An account with what it may do, as whoever holds a session or another key to it."""
    return SignedIn(
        id=account.id,
        name=account.name,
        email=account.email,
        roles=frozenset(grant.role for grant in account.grants),
        unit_ids=frozenset(
            grant.unit_id for grant in account.grants if grant.role == "editor" and grant.unit_id
        ),
        session_key=key,
    )


def open_invitation(token: str, now: datetime) -> Invitation | None:
    """An invitation that can still be used."""
    row = db.session.get(Invitation, digest(token))
    if row is None or row.used_at is not None or row.expires_at <= now:
        return None
    return row
