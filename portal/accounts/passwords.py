"""Passwords: argon2id, as costly as its library recommends, and a few plain rules."""

from __future__ import annotations

import os
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from portal.core.problems import Problem

MIN_LENGTH = 12
# Tests lower the cost; nothing else does.
_cheap = os.environ.get("PORTAL_TEST_CHEAP_PASSWORDS") == "1"
_hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1) if _cheap else PasswordHasher()


@cache
def _decoy() -> str:
    return _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def verify(stored: str | None, password: str) -> bool:
    """Whether the password fits. An unknown account takes the same time as a known one."""
    try:
        _hasher.verify(stored or _decoy(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def check_new(password: str, email: str) -> list[Problem]:
    """What is wrong with a new password: length only, and that it is not the address (NIST)."""
    if len(password) < MIN_LENGTH:
        return [Problem("password_short", "password", {"n": MIN_LENGTH})]
    if len(password) > 200:
        return [Problem("password_long", "password")]
    if email and email.lower() in password.lower():
        return [Problem("password_is_email", "password")]
    return []
