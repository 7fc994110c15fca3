"""The browser sees what it should: faults of accessibility, other hosts, broken policies."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from playwright.sync_api import Browser

from tests.support.browser import OpenPage, Visits, accessibility_problems

PAGES = {
    "/good": "<h1>Kalender</h1><a href='/good'>Alla evenemang</a>",
    "/bad": "<h1>Kalender</h1><img src='/x.png'><input>",
    "/elsewhere": "<h1>Kalender</h1><img alt='' src='http://pictures.invalid/a.png'>",
    "/inline": "<h1>Kalender</h1><script>document.title = 'ran'</script>",
    "/script": "<h1>Kalender</h1><script src='/ran.js'></script>",
    "/ran.js": "document.title = 'ran'",
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = PAGES.get(self.path, "")
        is_script = self.path.endswith(".js")
        if not is_script:
            body = f"<!doctype html><html lang=sv><title>Sida</title><main>{body}</main></html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if is_script else "text/html")
        # Pictures from anywhere, so that the browser tries to fetch the foreign one.
        policy = "default-src 'none'; script-src 'self'; img-src *"
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("javascript", [True, False])
def test_axe_passes_a_good_page_and_fails_a_bad_one(
    address: str, open_page: OpenPage, javascript: bool
) -> None:
    page = open_page(javascript=javascript, width=390, dark=True)
    page.goto(address + "/good")
    assert accessibility_problems(page) == []
    page.goto(address + "/bad")
    rules = [problem.partition(":")[0] for problem in accessibility_problems(page)]
    assert rules == ["image-alt", "label"]


@pytest.mark.parametrize(("javascript", "title"), [(True, "ran"), (False, "Sida")])
def test_javascript_is_on_or_off(
    address: str, open_page: OpenPage, javascript: bool, title: str
) -> None:
    page = open_page(javascript=javascript)
    page.goto(address + "/script")
    assert page.title() == title


@pytest.mark.parametrize(
    ("path", "words"),
    [("/elsewhere", "asked another host"), ("/inline", "Content Security Policy")],
)
def test_faults_are_noted(address: str, chromium: Browser, path: str, words: str) -> None:
    visits = Visits(chromium)
    visits.open_page().goto(address + path)
    visits.close()
    assert len(visits.faults) == 1
    assert words in visits.faults[0]
