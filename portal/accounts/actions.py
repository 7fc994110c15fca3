"""Writes: accounts, roles, sessions and invitations."""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import delete, or_, select

from portal.accounts.models import Account, Grant, Invitation, SignInSession
from portal.accounts.passwords import check_new, hash_password
from portal.accounts.queries import IDLE, LONGEST, account_by_email
from portal.core.audit import record
from portal.core.clock import now
from portal.core.extensions import db
from portal.core.problems import Problem, Refused
from portal.core.sealing import digest
from portal.core.text import is_email
from portal.units.models import Unit

INVITATION_LIFE = timedelta(days=7)
LONGEST_ADDRESS = 120


def check_address(email: str) -> list[Problem]:
    """What is wrong with a new account's address."""
    email = email.strip()
    if not is_email(email) or len(email) > LONGEST_ADDRESS:
        return [Problem("no_email", "email")]
    return [Problem("email_taken", "email")] if account_by_email(email) else []


def create_account(email: str, name: str, password: str, *, check: bool = True) -> Account:
    """Makes an account; raises Refused for a bad or taken address or a poor password."""
    email = email.strip().lower()
    problems = check_address(email) + (check_new(password, email) if check else [])
    if problems:
        raise Refused(*problems)
    account = Account(
        email=email, name=name, password_hash=hash_password(password), created_at=now()
    )
    db.session.add(account)
    db.session.flush()
    record("account.create", "account", account.id)
    return account


def grant(account: Account, role: str, unit: Unit | None = None) -> None:
    """Gives a role, for one unit or everywhere; giving it twice changes nothing."""
    unit_id = unit.id if unit else None
    if any(held.role == role and held.unit_id == unit_id for held in account.grants):
        return
    account.grants.append(Grant(role=role, unit_id=unit_id))
    db.session.flush()
    record("account.grant", "account", account.id, role=role, unit=unit_id)


def revoke(account: Account, held: Grant) -> None:
    """Takes a role away."""
    record("account.revoke", "account", account.id, role=held.role, unit=held.unit_id)
    account.grants.remove(held)
    db.session.flush()


def set_disabled(account: Account, is_disabled: bool) -> None:
    """Closes or opens an account; closing signs it out everywhere at once."""
    account.is_disabled = is_disabled
    if is_disabled:
        db.session.execute(delete(SignInSession).where(SignInSession.account_id == account.id))
    db.session.flush()
    record("account.disable" if is_disabled else "account.enable", "account", account.id)


def start_session(account: Account) -> str:
    """Signs in; answers the cookie's value, which is stored nowhere."""
    token = secrets.token_urlsafe(32)
    db.session.add(
        SignInSession(digest=digest(token), account_id=account.id, created_at=now(), seen_at=now())
    )
    db.session.flush()
    record("session.start", "account", account.id)
    return token


def end_session(cookie: str) -> None:
    """Signs out."""
    db.session.execute(delete(SignInSession).where(SignInSession.digest == digest(cookie)))


def touch(row: SignInSession) -> None:
    """Notes that a session is in use."""
    row.seen_at = now()
    db.session.flush()


def purge_sessions() -> int:
    """Removes sessions that can no longer be used."""
    stale = or_(SignInSession.created_at < now() - LONGEST, SignInSession.seen_at < now() - IDLE)
    return int(db.session.execute(delete(SignInSession).where(stale)).rowcount or 0)  # type: ignore[attr-defined]


def invite(unit: Unit, role: str, created_by: int) -> str:
    """Makes a one-time link's token for an account of a unit; shown once, kept by nobody."""
    token = secrets.token_urlsafe(32)
    db.session.add(
        Invitation(
            digest=digest(token),
            unit_id=unit.id,
            role=role,
            created_by=created_by,
            expires_at=now() + INVITATION_LIFE,
        )
    )
    db.session.flush()
    record("invitation.create", "unit", unit.id, role=role)
    return token


def accept(invitation: Invitation, email: str, name: str, password: str) -> Account:
    """Makes the account an invitation is for; the link works once, however often it is sent."""
    # Read anew once the lock is held: what was read before may have been used meanwhile.
    locked = db.session.scalar(
        select(Invitation)
        .where(Invitation.digest == invitation.digest)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if locked is None or locked.used_at is not None:
        raise Refused(Problem("invitation_used"))
    account = create_account(email, name, password)
    grant(account, locked.role, db.session.get(Unit, locked.unit_id))
    locked.used_at = now()
    db.session.flush()
    return account
