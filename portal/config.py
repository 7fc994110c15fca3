"""Settings: what differs between installations, read once from PORTAL_* variables.

Everything about the municipality itself (names, bodies, areas, texts) is data,
read by `portal init` from the municipality file, and is not a setting.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ConfigError(Exception):
    """A setting cannot be used; the message says which one and what to write instead."""


@dataclass(frozen=True)
class Settings:
    """One installation.

    `instance` is the folder for what belongs to this installation and to no other:
    the SQLite file, and the key file that is kept out of the database and its backups.
    `base_url` is the address people see (scheme, host, no trailing slash): it stands in
    feeds and mails and decides whether cookies are marked as secure. `trusted_proxy` is the
    address of the proxy whose X-Forwarded-For is believed (for rate limits only). `host` and
    `port` are where `portal serve` listens. `allowed_networks` are inner networks that sources
    may be fetched from all the same, with plain http and on any port.
    """

    instance: Path
    database_url: str
    base_url: str
    production: bool = False
    threads: int = 8
    trusted_proxy: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    allowed_networks: tuple[Network, ...] = ()

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def key_file(self) -> Path:
        return self.instance / "portal.key"


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the environment; raises ConfigError with words that help.

    An empty variable counts as one that is not set.
    """
    instance = Path(environ.get("PORTAL_INSTANCE") or ROOT / "instance").resolve()
    if instance.exists() and not instance.is_dir():
        raise ConfigError(f"PORTAL_INSTANCE is {str(instance)!r}, which is a file. Name a folder.")
    host = environ.get("HOST") or "127.0.0.1"
    port = _number(environ, "PORT", "8000", 65535)
    # An address to listen on everywhere is none to visit.
    visited = "127.0.0.1" if host in ("0.0.0.0", "::", "*") else in_address(host)  # noqa: S104
    base_url = _base_url(environ.get("PORTAL_BASE_URL") or f"http://{visited}:{port}")
    production = environ.get("PORTAL_PRODUCTION", "") in ("1", "yes", "true")
    if production and not base_url.startswith("https://"):
        raise ConfigError("PORTAL_PRODUCTION is on, so PORTAL_BASE_URL must begin with https://")
    allowed_networks = _networks(environ, "PORTAL_ALLOWED_NETWORKS")
    if production and allowed_networks:
        raise ConfigError("PORTAL_PRODUCTION is on, so PORTAL_ALLOWED_NETWORKS must be empty")
    return Settings(
        instance=instance,
        database_url=database_url(environ.get("PORTAL_DATABASE_URL", ""), instance),
        base_url=base_url,
        production=production,
        threads=_number(environ, "PORTAL_THREADS", "8", 64),
        trusted_proxy=_ip_address(environ, "PORTAL_TRUSTED_PROXY"),
        host=host,
        port=port,
        allowed_networks=allowed_networks,
    )


def in_address(host: str) -> str:
    """A host as it stands in addresses: IPv6 in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _number(environ: Mapping[str, str], name: str, default: str, most: int) -> int:
    given = environ.get(name) or default
    if not given.isdecimal() or not 1 <= int(given) <= most:
        raise ConfigError(f"{name} is {given!r}. Write a whole number from 1 to {most}.")
    return int(given)


def _base_url(given: str) -> str:
    try:
        parts = urlsplit(given.rstrip("/"))
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        sound = sound and not (parts.path or parts.query or parts.fragment or parts.username)
    except ValueError:
        sound = False
    if not sound:
        raise ConfigError(
            f"PORTAL_BASE_URL is {given!r}. Write scheme and host only, "
            "for example https://meetings.example.org"
        )
    return given.rstrip("/")


def _ip_address(environ: Mapping[str, str], name: str) -> str:
    given = environ.get(name, "")
    try:
        return str(ipaddress.ip_address(given)) if given else ""
    except ValueError as error:
        raise ConfigError(
            f"{name} is {given!r}. Write the proxy's IP address, for example 10.0.0.5"
        ) from error


def _networks(environ: Mapping[str, str], name: str) -> tuple[Network, ...]:
    words = [word.strip() for word in environ.get(name, "").split(",")]
    found = []
    for word in filter(None, words):
        try:
            found.append(ipaddress.ip_network(word))
        except ValueError as error:
            raise ConfigError(
                f"{name} has {word!r}, which is no network. "
                "Write networks with commas between, for example 127.0.0.0/8,::1/128"
            ) from error
    return tuple(found)


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
