"""What every command of the command line does: plain words for what can go wrong, on standard
error, and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn, TypeVar

import click
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from portal.config import ConfigError, Settings, read_settings
from portal.core.doctor import explain
from portal.core.extensions import db

Command = TypeVar("Command", bound=Callable[..., Any])


def fail(message: str, code: int = 1) -> NoReturn:
    """Says what is wrong and ends."""
    click.echo(message, err=True)
    sys.exit(code)


def runner(create_app: Callable[[Settings], Flask]) -> Callable[[Command], Command]:
    """A decorator that runs a command inside the application.

    The command's options `host` and `port` stand for the variables HOST and PORT.
    """

    def with_app(command: Command) -> Command:
        @wraps(command)
        def run(*args: Any, host: str | None = None, port: str | None = None, **more: Any) -> Any:
            given = {name: value for name, value in (("HOST", host), ("PORT", port)) if value}
            try:
                app = create_app(read_settings({**os.environ, **given}))
            except ConfigError as error:
                fail(str(error), 2)
            except OSError as error:
                words = "PORTAL_INSTANCE must be a folder that can be written to."
                fail(f"{error.filename}: {error.strerror}. {words}", 2)
            with app.app_context():
                try:
                    return command(app, *args, **more)
                except SQLAlchemyError as error:
                    fail(explain(error, db.engine.url), 4)

        return run  # type: ignore[return-value]

    return with_app
