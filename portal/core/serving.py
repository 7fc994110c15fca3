"""One waitress process, and the background work beside it."""

from __future__ import annotations

import logging
import threading
from typing import Any

import waitress
from flask import Flask

from portal.config import Settings
from portal.core import jobs
from portal.core.extensions import db

TICK_SECONDS = 300
log = logging.getLogger("portal")


def serve(app: Flask, host: str, port: int) -> None:
    """Serves until stopped. Writes no access log: addresses of visitors never reach a disk."""
    settings: Settings = app.config["PORTAL_SETTINGS"]
    threading.Thread(target=_tick_for_ever, args=(app,), daemon=True, name="tick").start()
    print(f"Serving on {settings.base_url} (http://{host}:{port}). Stop with Ctrl+C.", flush=True)
    proxy: dict[str, Any] = {}
    if settings.trusted_proxy:
        proxy = {
            "trusted_proxy": settings.trusted_proxy,
            "trusted_proxy_headers": {"x-forwarded-for"},
        }
    logging.getLogger("waitress").setLevel(logging.WARNING)
    waitress.serve(
        app.wsgi_app,
        host=host,
        port=port,
        threads=settings.threads,
        ident=None,
        clear_untrusted_proxy_headers=True,
        **proxy,
        channel_timeout=60,
        max_request_body_size=20 * 1024 * 1024,
    )


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
