"""The installation's own key: a file outside the database and its backups."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from flask import current_app


def load_key(path: Path) -> bytes:
    """The key in `path`, made on first use and readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return bytes.fromhex(path.read_text().strip())
    with os.fdopen(handle, "w") as file:
        key = secrets.token_bytes(32)
        file.write(key.hex() + "\n")
    return key


def sign(purpose: str, text: str) -> str:
    """An HMAC that only this installation can make; `purpose` keeps uses apart."""
    key: bytes = current_app.config["PORTAL_KEY"]
    return hmac.new(key, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()


def digest(token: str) -> str:
    """What is stored of a secret link or session: enough to know it again, not to use it."""
    return hashlib.sha256(token.encode()).hexdigest()
