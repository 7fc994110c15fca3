"""Every page looked at in a browser: `make audit`, or `python -m tests.audit`.

Starts the portal with a demonstration of its own on a free port and follows its links from
the start page, in Swedish, English and Finnish. Each page is read as strictly as in the
tests, by axe-core (narrow and light with JavaScript, wide and dark without), and weighed.
Prints a line for each page with a fault, then the counts; exit code 1 if there was a fault.

    make audit ARGS="--pages 50 --kb 80 --requests 10"
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Page, Response, sync_playwright

from tests.support.browser import FLAGS, Visits, accessibility_problems
from tests.support.pages import check_page
from tests.support.requirements import FINDERS, ROOT

PORTAL = Path(sys.executable).with_name("portal")
LANGUAGES = ("", "/en", "/fi")
STARTS = ("/", "/events", "/places", "/subscribe", "/help", "/about/data", "/accessibility")
# Pages that differ only by a number or a date: a few of each kind are enough.
EACH_KIND = 3


@contextmanager
def serving() -> Iterator[str]:
    """A portal with a fresh demonstration; its address."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        own = {"PORTAL_INSTANCE": folder, "HOST": "127.0.0.1", "PORT": str(port)}
        environ = {k: v for k, v in os.environ.items() if not k.startswith("PORTAL_")} | own
        print("Preparing a demonstration", flush=True)
        subprocess.run([PORTAL, "demo"], env=environ, cwd=ROOT, check=True)
        server = subprocess.Popen(
            [PORTAL, "serve"], env=environ, cwd=ROOT, stdout=subprocess.DEVNULL
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(address + "/healthz", server)
            yield address
        finally:
            server.terminate()
            server.wait(timeout=20)


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.URLError:
            if server.poll() is not None:
                break
            time.sleep(0.1)
    raise SystemExit("the portal did not start")


def kind(path: str) -> str:
    """/events/cafe-3/2027-01-31 and /events/song/2027-02-01 are of one kind: /events/*/*."""
    parts = [part for part in path.split("/") if part]
    language = [parts.pop(0)] if parts and parts[0] in ("en", "fi") else []
    return "/".join([*language, *parts[:1], *("*" for _ in parts[1:])])


class Weight:
    """What a page cost: bytes over the wire and requests."""

    def __init__(self, page: Page) -> None:
        self.bytes = self.requests = 0
        page.on("response", self._count)

    def _count(self, response: Response) -> None:
        self.requests += 1
        self.bytes += response.request.sizes()["responseBodySize"]


def look(visits: Visits, url: str, limits: argparse.Namespace) -> tuple[list[str], list[str]]:
    """The faults of a page, and the addresses that it links to."""
    faults: list[str] = []
    links: list[str] = []
    for javascript, width, dark in ((True, 390, False), (False, 1280, True)):
        page = visits.open_page(javascript=javascript, width=width, dark=dark)
        weight = Weight(page)
        response = page.goto(url, wait_until="load")
        page.wait_for_load_state("networkidle")
        if response is None or response.status != 200:
            visits.close()
            return [f"answers {response.status if response else 'nothing'}"], []
        if javascript:
            try:
                root = check_page(response.body(), url=url)
            except AssertionError as error:
                faults.append(str(error))
            else:
                links = [urljoin(url, node.get("href", "")) for node in root.iter("a")]
            if weight.bytes > limits.kb * 1024 or weight.requests > limits.requests:
                faults.append(f"{weight.bytes / 1024:.0f} kB in {weight.requests} requests")
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                faults.append(f"scrolls sideways at {width} pixels")
        faults += accessibility_problems(page)
    visits.close()
    faults += visits.faults
    visits.faults.clear()
    return sorted(set(faults)), links


def audit(address: str, limits: argparse.Namespace) -> int:
    waiting = [address + language + path for language in LANGUAGES for path in STARTS]
    seen, kinds, bad = set(waiting), dict[str, int](), 0
    looked = 0
    with sync_playwright() as playwright:
        chromium = FINDERS["browser"][0]()
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        visits = Visits(browser)
        while waiting and looked < limits.pages:
            url = waiting.pop(0)
            looked += 1
            faults, links = look(visits, url, limits)
            bad += bool(faults)
            for fault in faults:
                print(f"{url.removeprefix(address)}: {fault}", flush=True)
            for link in links:
                plain = link.partition("#")[0].partition("?")[0]
                path = urlsplit(plain).path
                page_kind = kind(path)
                if (
                    plain.startswith(address)
                    and plain not in seen
                    and not re.search(r"\.\w+$", path)
                    and kinds.get(page_kind, 0) < EACH_KIND
                ):
                    kinds[page_kind] = kinds.get(page_kind, 0) + 1
                    seen.add(plain)
                    waiting.append(plain)
        browser.close()
    left = f", {len(waiting)} left out by --pages" if waiting else ""
    print(f"{looked} pages looked at{left}, {bad} with faults")
    return 1 if bad else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.audit", description=__doc__)
    parser.add_argument("--pages", type=int, default=200, help="look at no more than this many")
    parser.add_argument("--kb", type=int, default=150, help="the most a page may weigh")
    parser.add_argument("--requests", type=int, default=10, help="the most it may ask for")
    parser.add_argument("--address", help="audit a portal that runs already")
    limits = parser.parse_args()
    for name in ("browser", "node"):
        find, command = FINDERS[name]
        if find() is None:
            print(f"The audit needs {name}. Install it with: {command}", file=sys.stderr)
            return 2
    if limits.address:
        return audit(limits.address.rstrip("/"), limits)
    with serving() as address:
        return audit(address, limits)


if __name__ == "__main__":
    sys.exit(main())
