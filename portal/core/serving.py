"""One waitress process, and the background work beside it."""

from __future__ import annotations

import errno
import logging
import threading
from typing import Any

import waitress
from flask import Flask

from portal.config import Settings, in_address
from portal.core import jobs
from portal.core.extensions import db

TICK_SECONDS = 300
log = logging.getLogger("portal")


class CannotListen(Exception):
    """The address or port cannot be had; the message says why and what to do."""


def serve(app: Flask) -> None:
    """Serves until stopped. Writes no access log: addresses of visitors never reach a disk."""
    settings: Settings = app.config["PORTAL_SETTINGS"]
    server = _listen(app, settings)
    threading.Thread(target=_tick_for_ever, args=(app,), daemon=True, name="tick").start()
    where = f"http://{in_address(settings.host)}:{settings.port}"
    print(f"Serving on {settings.base_url} ({where}). Stop with Ctrl+C.", flush=True)
    server.run()


def _listen(app: Flask, settings: Settings) -> Any:
    """A server that has its port, so that nothing is promised before; raises CannotListen."""
    proxy: dict[str, Any] = {}
    if settings.trusted_proxy:
        proxy = {
            "trusted_proxy": settings.trusted_proxy,
            "trusted_proxy_headers": {"x-forwarded-for"},
        }
    logging.basicConfig()
    logging.getLogger("waitress").setLevel(logging.WARNING)
    try:
        return waitress.create_server(
            app.wsgi_app,
            host=settings.host,
            port=settings.port,
            threads=settings.threads,
            ident=None,
            clear_untrusted_proxy_headers=True,
            **proxy,
            channel_timeout=60,
            # More than the application takes: it says so in words, the server could not.
            max_request_body_size=200 * 1024 * 1024,
        )
    except (OSError, ValueError) as error:
        raise CannotListen(_why(error, settings)) from error


def _why(error: OSError | ValueError, settings: Settings) -> str:
    host, port = settings.host, settings.port
    code = error.errno if isinstance(error, OSError) else None
    if code == errno.EADDRINUSE:
        return f"Port {port} is in use. Stop what uses it, or choose another: --port or PORT."
    if code in (errno.EACCES, errno.EPERM):
        return f"Port {port} is not for everybody. Choose one above 1023: --port or PORT."
    return f"{host!r} is no address of this machine. Try 127.0.0.1, or 0.0.0.0: --host or HOST."


def _tick_for_ever(app: Flask) -> None:
    pause = threading.Event()
    while not pause.wait(TICK_SECONDS):
        with app.app_context():
            try:
                for name, result in jobs.tick():
                    if result.startswith("failed"):
                        log.error("job %s %s", name, result)
            except Exception as error:
                log.error("background work: %s", type(error).__name__)
            finally:
                db.session.remove()
