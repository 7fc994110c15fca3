"""Accounts, sessions and invitations, on both engines."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts import actions, queries
from portal.accounts.models import Account, Invitation, SignInSession
from portal.accounts.passwords import MIN_LENGTH, check_new, hash_password, verify
from portal.accounts.queries import IDLE, LONGEST
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.problems import Refused
from portal.core.sealing import digest
from tests.support.factories import NOW, unit

Freeze = Callable[[datetime], None]
both = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
SECOND = timedelta(seconds=1)


def editor() -> Account:
    found = queries.account_by_email("editor@small.example")
    assert found is not None
    return found


# --- passwords ----------------------------------------------------------------------------


def test_a_password_fits_its_own_hash_only() -> None:
    stored = hash_password("correct horse battery")
    assert stored.startswith("$argon2id$")
    assert "horse" not in stored
    assert hash_password("correct horse battery") != stored
    assert verify(stored, "correct horse battery")
    assert not verify(stored, "correct horse batterz")
    assert not verify(stored, "")
    assert not verify(None, "nobody has this password")
    assert not verify("not a hash", "x")


@pytest.mark.parametrize(
    ("password", "codes"),
    [
        ("correct horse battery", []),
        ("åäö ☕ åäö ☕", []) if len("åäö ☕ åäö ☕") >= MIN_LENGTH else ("å" * 12, []),
        ("a" * (MIN_LENGTH - 1), ["password_short"]),
        ("a" * MIN_LENGTH, []),
        ("a" * 200, []),
        ("a" * 201, ["password_long"]),
        ("my name@Example.org!", ["password_is_email"]),
    ],
)
def test_rules_for_new_passwords(password: str, codes: list[str]) -> None:
    assert [problem.code for problem in check_new(password, "name@example.org")] == codes


# --- accounts -----------------------------------------------------------------------------


@both
@pytest.mark.usefixtures("inside")
def test_an_address_belongs_to_one_account(engine: str) -> None:
    count = db.session.query(Account).count()
    for email in ("EDITOR@small.example ", "editor@small.example"):
        with pytest.raises(Refused, match="email_taken"):
            actions.create_account(email, "Again", "correct horse battery")
    with pytest.raises(Refused, match="password_short"):
        actions.create_account("new@small.example", "New", "short")
    db.session.commit()
    assert db.session.query(Account).count() == count
    made = actions.create_account(" New@Small.Example ", "New", "correct horse battery")
    assert made.email == "new@small.example"
    assert queries.account_by_email("NEW@small.example") is made


@both
@pytest.mark.usefixtures("inside")
def test_roles_hold_for_units(engine: str) -> None:
    account = editor()
    actions.grant(account, "editor", unit())
    assert len(account.grants) == 1, "given twice is given once"
    actions.grant(account, "editor", unit("ekorrens-oppna-forskola"))
    row = SignInSession(digest="d", account=account, created_at=NOW, seen_at=NOW)
    who = queries.signed_in(row)
    assert who.unit_ids == {unit().id, unit("ekorrens-oppna-forskola").id}
    assert who.edits(unit().id)
    assert not who.edits(unit("exempelforeningen").id)
    assert not who.is_admin
    actions.revoke(account, account.grants[0])
    assert not queries.signed_in(row).edits(unit().id)
    admin = queries.account_by_email("admin@small.example")
    assert admin is not None
    who = queries.signed_in(SignInSession(digest="d", account=admin, created_at=NOW, seen_at=NOW))
    assert who.is_admin
    assert who.edits(unit().id)
    db.session.rollback()


# --- sessions -----------------------------------------------------------------------------


@both
@pytest.mark.usefixtures("inside")
def test_a_session_ends_by_rest_by_age_and_by_closing(engine: str, freeze: Freeze) -> None:
    cookie = actions.start_session(editor())
    row = queries.session_for(cookie, NOW)
    assert row is not None
    assert cookie not in (row.digest, "")
    assert row.digest == digest(cookie)
    assert queries.session_for(row.digest, NOW) is None, "the digest is no cookie"
    assert queries.session_for("", NOW) is None
    assert queries.session_for(cookie, NOW + IDLE) is row
    assert queries.session_for(cookie, NOW + IDLE + SECOND) is None
    moment = NOW
    while moment + IDLE < NOW + LONGEST:
        moment += IDLE
        freeze(moment)
        actions.touch(row)
    freeze(NOW + LONGEST)
    actions.touch(row)
    assert queries.session_for(cookie, NOW + LONGEST) is row
    assert queries.session_for(cookie, NOW + LONGEST + SECOND) is None


@both
@pytest.mark.usefixtures("inside")
def test_signing_out_and_closing_an_account(engine: str) -> None:
    one, other = actions.start_session(editor()), actions.start_session(editor())
    actions.end_session(one)
    db.session.expire_all()
    assert queries.session_for(one, NOW) is None
    assert queries.session_for(other, NOW) is not None
    actions.set_disabled(editor(), True)
    db.session.expire_all()
    assert queries.session_for(other, NOW) is None
    assert db.session.query(SignInSession).count() == 0
    # A session that was left over does not open a closed account either.
    late = actions.start_session(editor())
    assert queries.session_for(late, NOW) is None
    actions.set_disabled(editor(), False)
    assert queries.session_for(late, NOW) is not None


@both
@pytest.mark.usefixtures("inside")
def test_old_sessions_are_purged_and_no_other(engine: str, freeze: Freeze) -> None:
    freeze(NOW - IDLE - SECOND)
    actions.start_session(editor())
    freeze(NOW)
    kept = actions.start_session(editor())
    assert actions.purge_sessions() == 1
    assert actions.purge_sessions() == 0
    db.session.expire_all()
    assert queries.session_for(kept, NOW) is not None


# --- invitations --------------------------------------------------------------------------


@both
@pytest.mark.usefixtures("inside")
def test_an_invitation_makes_one_account(engine: str) -> None:
    admin = queries.account_by_email("admin@small.example")
    assert admin is not None
    token = actions.invite(unit("exempelforeningen"), "editor", admin.id)
    found = queries.open_invitation(token, NOW)
    assert found is not None
    assert token not in found.digest
    assert queries.open_invitation(found.digest, NOW) is None
    life = actions.INVITATION_LIFE
    assert queries.open_invitation(token, NOW + life - SECOND) is found
    assert queries.open_invitation(token, NOW + life) is None
    account = actions.accept(found, "board@small.example", "Styrelsen", "correct horse battery")
    assert [(held.role, held.unit_id) for held in account.grants] == [
        ("editor", unit("exempelforeningen").id)
    ]
    assert queries.open_invitation(token, NOW) is None
    with pytest.raises(Refused, match="invitation_used"):
        actions.accept(found, "two@small.example", "Två", "correct horse battery")
    assert queries.account_by_email("two@small.example") is None


@both
@pytest.mark.usefixtures("inside")
def test_a_refused_acceptance_leaves_the_invitation_open(engine: str) -> None:
    admin = queries.account_by_email("admin@small.example")
    assert admin is not None
    token = actions.invite(unit(), "editor", admin.id)
    found = queries.open_invitation(token, NOW)
    assert found is not None
    with pytest.raises(Refused, match="password_short"):
        actions.accept(found, "two@small.example", "Två", "short")
    assert queries.open_invitation(token, NOW) is found


def race(city: Flask, token: str) -> list[str]:
    """Two browsers send the same link at once. On PostgreSQL both have seen that it is open;
    on SQLite the second waits for the first before it looks."""
    both_have_looked, results = threading.Barrier(2), list[str]()

    def accept(number: int) -> None:
        with city.app_context():
            begin_write()
            found = queries.open_invitation(token, NOW)
            if found is None:
                results.append("closed")
                return
            if db.engine.dialect.name == "postgresql":
                both_have_looked.wait(20)
            try:
                actions.accept(found, f"race{number}@small.example", "R", "correct horse battery")
                db.session.commit()
                results.append("made")
            except Refused as refused:
                db.session.rollback()
                results.append(str(refused))

    threads = [threading.Thread(target=accept, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@both
def test_two_who_send_the_same_link_at_once_make_one_account(
    city: Flask, engine: str, freeze: Freeze
) -> None:
    freeze(NOW)
    with city.app_context():
        admin = queries.account_by_email("admin@small.example")
        assert admin is not None
        token = actions.invite(unit("exempelforeningen"), "editor", admin.id)
        db.session.commit()
    results = race(city, token)
    assert results.count("made") == 1, results
    with city.app_context():
        emails = list(db.session.scalars(select(Account.email).where(Account.email.like("race%"))))
        assert len(emails) == 1
        assert db.session.scalars(select(Invitation.used_at)).one() is not None
