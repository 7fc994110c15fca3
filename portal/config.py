"""Settings: what differs between installations, read once from PORTAL_* variables.

Everything about the municipality itself (names, bodies, areas, texts) is data,
read by `portal init` from the municipality file, and is not a setting.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent


class ConfigError(Exception):
    """A setting cannot be used; the message says which one and what to write instead."""


@dataclass(frozen=True)
class Settings:
    """One installation.

    `instance` is the folder for what belongs to this installation and to no other:
    the SQLite file, and the key file that is kept out of the database and its backups.
    `base_url` is the address people see (scheme, host, no trailing slash): it stands in
    feeds and mails and decides whether cookies are marked as secure. `trusted_proxy` is the
    address of the proxy whose X-Forwarded-For is believed (for rate limits only).
    """

    instance: Path
    database_url: str
    base_url: str
    production: bool = False
    threads: int = 8
    trusted_proxy: str = ""

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def key_file(self) -> Path:
        return self.instance / "portal.key"


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the environment; raises ConfigError with words that help."""
    instance = Path(environ.get("PORTAL_INSTANCE", ROOT / "instance")).resolve()
    host, port = environ.get("HOST", "127.0.0.1"), environ.get("PORT", "8000")
    base_url = environ.get("PORTAL_BASE_URL", f"http://{host}:{port}").rstrip("/")
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path:
        raise ConfigError(
            f"PORTAL_BASE_URL is {base_url!r}. Write scheme and host only, "
            "for example https://meetings.example.org"
        )
    production = environ.get("PORTAL_PRODUCTION", "") in ("1", "yes", "true")
    if production and parts.scheme != "https":
        raise ConfigError("PORTAL_PRODUCTION is on, so PORTAL_BASE_URL must begin with https://")
    threads = environ.get("PORTAL_THREADS", "8")
    if not threads.isdecimal() or not 1 <= int(threads) <= 64:
        raise ConfigError(f"PORTAL_THREADS is {threads!r}. Write a whole number from 1 to 64.")
    return Settings(
        instance=instance,
        database_url=database_url(environ.get("PORTAL_DATABASE_URL", ""), instance),
        base_url=base_url,
        production=production,
        threads=int(threads),
        trusted_proxy=environ.get("PORTAL_TRUSTED_PROXY", ""),
    )


def database_url(given: str, instance: Path) -> str:
    """The SQLAlchemy URL: SQLite in the instance folder unless PostgreSQL is named."""
    if not given:
        return f"sqlite:///{instance / 'portal.sqlite'}"
    for short in ("postgresql://", "postgres://"):
        if given.startswith(short):
            return "postgresql+psycopg://" + given.removeprefix(short)
    if given.startswith(("postgresql+psycopg://", "sqlite:///")):
        return given
    raise ConfigError(
        f"PORTAL_DATABASE_URL begins with {given.split(':')[0]!r}. "
        "Use postgresql://user@host/database, or leave it empty for SQLite."
    )
