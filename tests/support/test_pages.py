"""Every fault that check_page promises to catch, planted once."""

from __future__ import annotations

import pytest

from tests.support.pages import check_page

URL = "http://127.0.0.1:8000/events"
GOOD = """<!doctype html>
<html lang="sv">
<head>
<meta charset="utf-8"><title>Evenemang</title>
<link rel="stylesheet" href="/static/core/portal.css">
<link rel="canonical" href="https://meetings.example.org/events">
<script src="/static/vendor/htmx.js" defer></script>
<script type="application/ld+json">{"@type": "Event"}</script>
</head>
<body>
<main>
<h1 id="top">Evenemang</h1>
<a href="#top">Upp</a> <a href="https://example.org/">Annan webbplats</a>
<img src="/static/a.jpg" srcset="/static/a.jpg 1x, /static/b.jpg 2x" alt="">
<form action="/events" method="get">
<input type="hidden" name="page" value="1">
<label for="q">Sök</label> <input id="q" name="q" aria-describedby="hint">
<p id="hint">Till exempel språkcafé</p>
<label><input type="checkbox" name="free"> Gratis</label>
<select name="kind" aria-label="Slag"><option>Alla</option></select>
<button>Sök</button>
</form>
</main>
</body>
</html>
"""


@pytest.mark.parametrize("html", [GOOD, GOOD.encode()], ids=["text", "bytes"])
def test_a_good_page_passes(html: str | bytes) -> None:
    root = check_page(html, url=URL)
    assert [node.text for node in root.iter("h1")] == ["Evenemang"]


FAULTS = {
    "no doctype": ("<!doctype html>", "", "DOCTYPE"),
    "no lang": (' lang="sv"', "", "no lang"),
    "empty lang": ('lang="sv"', 'lang=" "', "no lang"),
    "empty title": ("<title>Evenemang", "<title> ", "no title"),
    "no h1": ("h1", "h2", "0 h1"),
    "two h1": ("<main>", "<main><h1>Ett</h1>", "2 h1"),
    "same id twice": ('id="hint"', 'id="q"', "'q' is there 2 times"),
    "id with a space": ('id="top"', 'id="to p"', "has a space"),
    "unclosed element": ("</form>", "", "End tag (main) seen too early"),
    "block in paragraph": ("Till exempel", "<div>Till</div>", "Unexpected end tag"),
    "attribute twice": ('name="q"', 'name="q" name="r"', "duplicate attribute"),
    "label without field": ('for="q"', 'for="x"', "no field 'x'"),
    "label for a paragraph": ('for="q"', 'for="hint"', "no field 'hint'"),
    "input without label": ('<label for="q">Sök</label>', "", '<input id="q" name="q"> has no'),
    "select without label": (' aria-label="Slag"', "", '<select name="kind"> has no label'),
    "textarea without label": ("<button>", "<textarea></textarea><button>", "<textarea> has no"),
    "empty label": (">Sök</label>", "></label>", '<label for="q"> is empty'),
    "checkbox in an empty label": ("> Gratis<", "><", '<input name="free"> has no label'),
    "description not there": ('id="hint"', 'id="hunt"', "names 'hint'"),
    "button without words": ("<button>Sök", "<button>", "<button> has no words"),
    "image without alt": (' alt=""', "", "<img> has no alt"),
    "stylesheet elsewhere": ('"/static/core', '"https://cdn.example.org', "<link> fetches"),
    "script elsewhere": ('"/static/vendor', '"//cdn.example.org', "<script> fetches"),
    "image elsewhere": ('src="/static/a', 'src="http://pics.example.org/a', "<img> fetches"),
    "image set elsewhere": ("/static/b.jpg 2x", "https://x.org/b.jpg 2x", "<img> fetches"),
    "image as data": ('src="/static/a.jpg"', 'src="data:image/gif;base64,R0"', "<img> fetches"),
    "style attribute": ("<main>", '<main style="color:red">', "<main> has a style"),
    "style element": ("</head>", "<style>p{}</style></head>", "a <style> in the page"),
    "inline script": ("</head>", "<script>go()</script></head>", "a <script> with code"),
    "code inside a script with src": ("defer></", "defer>go()</", "a <script> with code"),
    "bad JSON-LD": ('{"@type": "Event"}', "{'@type'}", "JSON-LD cannot be read"),
    "handler": ("<main>", '<main onclick="go()">', "<main> has onclick"),
    "htmx handler": ("<main>", '<main hx-on:click="go()">', "<main> has hx-on:click"),
    "link to nowhere": ('href="#top"', 'href="#"', "href is '#'"),
    "javascript link": ('href="#top"', 'href="JavaScript:go()"', "href is 'JavaScript:go()'"),
    "javascript form": ('action="/events"', 'action="javascript:go()"', "action is"),
}


@pytest.mark.parametrize(("old", "new", "words"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_caught(old: str, new: str, words: str) -> None:
    assert old in GOOD
    with pytest.raises(AssertionError, match=r"is not a good page") as caught:
        check_page(GOOD.replace(old, new), url=URL)
    assert words in str(caught.value)


def test_all_faults_are_listed() -> None:
    with pytest.raises(AssertionError) as caught:
        check_page(GOOD.replace("h1", "h2").replace(' lang="sv"', ""), url=URL)
    assert len(str(caught.value).splitlines()) == 3
