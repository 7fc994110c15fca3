"""The command line: whatever goes wrong is a plain sentence in English and an exit code."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from portal import cli
from portal.accounts.actions import check_address
from portal.accounts.queries import account_by_email
from portal.config import ROOT
from portal.core import serving
from tests.support.portal_app import LIBRARY, SMALL

Run = Callable[..., Result]
PASSWORD = {"PORTAL_PASSWORD": "correct horse battery"}
NO_SERVER = {"PORTAL_DATABASE_URL": "postgresql://portal@127.0.0.1:1/portal"}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """run("init", file) is `portal init FILE` on an installation of the test's own."""
    for name in ("HOST", "PORT", "PORTAL_BASE_URL", "PORTAL_DATABASE_URL", "PORTAL_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PORTAL_INSTANCE", str(tmp_path / "instance"))

    def command(*words: str | Path, env: dict[str, str] | None = None) -> Result:
        result = CliRunner().invoke(cli.main, [str(word) for word in words], env=env or {})
        assert isinstance(result.exception, SystemExit | None), result.exception
        return result

    return command


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Flask]:
    """The applications that were served; nothing listens."""
    apps: list[Flask] = []
    monkeypatch.setattr(serving, "serve", apps.append)
    return apps


# --- before there is anything ---------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [["serve"], ["doctor"], ["tick"], ["user", "create", "a@small.example", "--role", "admin"]],
)
@pytest.mark.parametrize("tables", [False, True])
def test_before_init_every_command_says_so(run: Run, words: list[str], tables: bool) -> None:
    if tables:
        run("db", "upgrade")
    result = run(*words, env=PASSWORD)
    assert result.exit_code == 3
    assert "portal init FILE" in result.stderr
    assert result.stdout == ""


# --- init -----------------------------------------------------------------------------------


def test_init_once_and_no_more(run: Run) -> None:
    first = run("init", SMALL)
    assert first.exit_code == 0, first.output
    assert "Done: 2 units." in first.output
    again = run("init", SMALL)
    assert again.exit_code == 3
    assert "holds a municipality already" in again.stderr
    assert "/admin/units" in again.stderr
    assert "small.toml" not in again.stderr
    assert "small.toml" not in run("init", __file__).stderr


def test_one_unit_is_one_unit(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "one.toml"
    file.write_text(SMALL.read_text("utf-8").split('[[unit]]\nslug = "ek')[0], "utf-8")
    assert "Done: 1 unit." in run("init", file).output


@pytest.mark.parametrize("raw", [b"\xff", b"", b"[municipality]\nslug = 1\n", b"\x00"])
def test_a_bad_file_is_told_line_by_line(run: Run, tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "bad.toml"
    file.write_bytes(raw)
    result = run("init", file)
    assert result.exit_code == 2
    assert "bad.toml cannot be used:\n  " in result.stderr
    assert run("init", SMALL).exit_code == 0


# --- serve ----------------------------------------------------------------------------------


def test_host_and_port_stand_in_the_links(run: Run, served: list[Flask]) -> None:
    run("init", SMALL)
    assert run("serve", "--host", "127.0.0.2", "--port", "8123").exit_code == 0
    assert "http://127.0.0.2:8123/feeds/" in served[0].test_client().get("/subscribe").text
    run("serve", "--port", "8123", env={"PORTAL_BASE_URL": "https://x.example"})
    assert served[1].config["PORTAL_SETTINGS"].base_url == "https://x.example"


@pytest.mark.parametrize("port", ["abc", "0", "65536"])
def test_a_port_is_a_number(run: Run, served: list[Flask], port: str) -> None:
    run("init", SMALL)
    for result in (run("serve", "--port", port), run("serve", env={"PORT": port})):
        assert result.exit_code == 2
        assert "from 1 to 65535" in result.stderr
    assert served == []


@pytest.mark.parametrize("host", ["192.0.2.77", "no.such.invalid", "a b"])
def test_a_host_that_is_not_here(run: Run, host: str) -> None:
    run("init", SMALL)
    assert "is no address of this machine" in cannot_serve("--host", host, "--port", "8123")


def test_a_port_in_use(run: Run) -> None:
    run("init", SMALL)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"Port {port} is in use" in cannot_serve("--port", port)


def cannot_serve(*words: str) -> str:
    """What `portal serve` says in a process of its own: waitress lets go of what it has opened
    only when that ends."""
    command = [sys.executable, "-m", "portal.cli", "serve", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, ""), done
    assert "Traceback" not in done.stderr
    return done.stderr


def test_an_instance_that_is_no_folder(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for instance in (file, file / "below"):
        result = run("serve", env={"PORTAL_INSTANCE": str(instance)})
        assert result.exit_code == 2
        assert "PORTAL_INSTANCE" in result.stderr


# --- the database ---------------------------------------------------------------------------


def test_a_server_that_is_not_there(run: Run) -> None:
    result = run("doctor", env=NO_SERVER)
    assert result.exit_code == 4
    assert "cannot be reached (host 127.0.0.1, port 1)" in result.stderr
    assert "upgrade" not in result.stderr


def test_a_table_that_is_missing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("db", "upgrade")
    run("init", SMALL)
    monkeypatch.setattr(cli.migrations, "is_empty", _ask_a_missing_table)
    result = run("doctor")
    assert result.exit_code == 4
    assert "portal db upgrade" in result.stderr


def _ask_a_missing_table() -> bool:
    return bool(cli.db.session.execute(cli.db.text("SELECT 1 FROM nowhere")).scalar())


# --- user create ----------------------------------------------------------------------------


def create(run: Run, *words: str, env: dict[str, str] | None = None) -> Result:
    return run("user", "create", *words, env=PASSWORD if env is None else env)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nobody", "--role", "admin"], "Write an e-mail address"),
        (["a@" + "b" * 120 + ".example", "--role", "admin"], "Write an e-mail address"),
        (["a@small.example", "--role", "editor"], "An editor has a unit"),
        (["a@small.example", "--role", "admin", "--unit", LIBRARY], "an administrator has none"),
        (["a@small.example", "--role", "editor", "--unit", LIBRARY[:-2]], f"mean '{LIBRARY}'?"),
    ],
)
def test_what_does_not_fit_is_told_before_a_password(run: Run, words: list[str], said: str) -> None:
    run("init", SMALL)
    result = create(run, *words, env={})
    assert result.exit_code == 2
    assert said in result.stderr
    assert "PORTAL_PASSWORD" not in result.stderr


def test_an_account_and_what_is_wrong_with_the_next(run: Run) -> None:
    run("init", SMALL)
    words = ("a@small.example", "--role", "editor", "--unit", LIBRARY)
    assert "Set PORTAL_PASSWORD" in create(run, *words, env={}).stderr
    assert "at least 12 characters" in create(run, *words, env={"PORTAL_PASSWORD": "x"}).stderr
    made = create(run, *words)
    assert made.exit_code == 0, made.output
    assert "http://127.0.0.1:8000/sign-in" in made.output
    again = create(run, *words)
    assert again.exit_code == 2
    assert "There is an account with that e-mail address already." in again.stderr


def test_nobody_is_kept_waiting_while_a_password_is_thought_of(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("init", SMALL)

    class Terminal:
        isatty = staticmethod(lambda: True)

    def ask(_prompt: str) -> str:
        assert not cli.db.session().in_transaction()
        return PASSWORD["PORTAL_PASSWORD"]

    monkeypatch.setattr(cli, "sys", type("Sys", (), {"stdin": Terminal, "exit": cli.sys.exit}))
    monkeypatch.setattr(cli.getpass, "getpass", ask)
    assert create(run, "a@small.example", "--role", "admin", env={}).exit_code == 0


def test_the_rules_hold_for_invitations_too(city: Flask) -> None:
    with city.app_context():
        assert account_by_email("editor@small.example")
        codes = [check_address(a)[0].code for a in ("nobody", " EDITOR@small.example")]
        assert codes == ["no_email", "email_taken"]
        assert check_address("new@small.example") == []
