"""Reads a page as strictly as a validator would: `check_page(html, url=…)`.

The test client calls it for every page that it gets, so no test has to remember to.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

import html5lib
from html5lib.constants import E as MESSAGES

NO_LABEL = {"hidden", "submit", "button", "reset", "image"}
# Which attribute of which element makes the browser fetch something by itself.
FETCHED = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "audio": ("src",),
    "video": ("src", "poster"),
    "track": ("src",),
    "iframe": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "input": ("src",),
    "use": ("href", "xlink:href"),
    "image": ("href", "xlink:href"),
}
FETCHING_LINKS = {"stylesheet", "icon", "preload", "modulepreload", "manifest", "prefetch"}
REFERENCES = ("aria-labelledby", "aria-describedby", "aria-controls", "headers", "list", "form")


def check_page(html: bytes | str, *, url: str) -> Element:
    """The parsed page; an AssertionError lists everything that is wrong with it."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    root: Element = parser.parse(html.decode() if isinstance(html, bytes) else html)
    found = [
        f"line {line}: {MESSAGES.get(code, code) % (facts or {})}"
        for (line, _column), code, facts in parser.errors
    ]
    found += _Page(root, url).problems()
    if found:
        lines = "\n".join(f"  {problem}" for problem in found)
        raise AssertionError(f"{url} is not a good page:\n{lines}")
    return root


class _Page:
    def __init__(self, root: Element, url: str) -> None:
        self.root, self.url = root, url
        self.elements = [node for node in root.iter() if isinstance(node.tag, str)]
        self.parents = {child: parent for parent in self.elements for child in parent}
        self.ids = Counter(node.get("id") for node in self.elements if node.get("id") is not None)

    def problems(self) -> list[str]:
        return [
            *self.whole_page(),
            *self.identifiers(),
            *self.labels(),
            *self.addresses(),
            *self.inline_code(),
        ]

    def all(self, *tags: str) -> list[Element]:
        return [node for node in self.elements if _name(node) in tags]

    def whole_page(self) -> Iterator[str]:
        if not (self.root.get("lang") or "").strip():
            yield "<html> has no lang"
        titles = [node for node in self.all("title") if _name(self.parents[node]) == "head"]
        if len(titles) != 1 or not _text(titles[0]):
            yield "the page has no title, or an empty one"
        headings = self.all("h1")
        if len(headings) != 1:
            yield f"the page has {len(headings)} h1, not one"
        yield from (f"an empty <{_name(node)}>" for node in headings if not _text(node))

    def identifiers(self) -> Iterator[str]:
        for name, count in self.ids.items():
            if count > 1:
                yield f"id {name!r} is there {count} times"
            if not name or name.split() != [name]:
                yield f"id {name!r} is empty or has a space"
        for node in self.elements:
            for attribute in REFERENCES:
                if _name(node) == "form" and attribute == "form":
                    continue
                for name in (node.get(attribute) or "").split():
                    if name not in self.ids:
                        yield f"{_show(node)}: {attribute} names {name!r}, which is not there"

    def labels(self) -> Iterator[str]:
        labelled = set()
        for label in self.all("label"):
            target = label.get("for")
            if target is None:
                continue
            labelled.add(target)
            fields = [n for n in self.elements if n.get("id") == target]
            kinds = ("input", "select", "textarea", "button", "output", "meter", "progress")
            if not fields or _name(fields[0]) not in kinds:
                yield f"{_show(label)}: there is no field {target!r}"
            if not _text(label):
                yield f"{_show(label)} is empty"
        for field in self.all("input", "select", "textarea"):
            if field.get("type", "").lower() in NO_LABEL:
                continue
            named = field.get("aria-label", "").strip() or field.get("aria-labelledby")
            if not named and field.get("id") not in labelled and not self.inside_label(field):
                yield f"{_show(field)} has no label"
        for button in self.all("button"):
            if not _text(button) and not button.get("aria-label", "").strip():
                yield f"{_show(button)} has no words"
        for image in self.all("img"):
            if image.get("alt") is None:
                yield f"{_show(image)} has no alt"

    def inside_label(self, node: Element) -> bool:
        while node in self.parents:
            node = self.parents[node]
            if _name(node) == "label":
                return bool(_text(node))
        return False

    def addresses(self) -> Iterator[str]:
        own = urlsplit(self.url).netloc
        for node in self.elements:
            for address in _fetched(node):
                parts = urlsplit(urljoin(self.url, address))
                if parts.scheme not in ("", "http", "https") or parts.netloc != own:
                    yield f"{_show(node)} fetches {address!r} from somewhere else"
            for attribute in ("href", "action", "formaction"):
                address = (node.get(attribute) or "").strip()
                if address.lower().startswith("javascript:") or address == "#":
                    yield f"{_show(node)}: {attribute} is {address!r}"

    def inline_code(self) -> Iterator[str]:
        for node in self.elements:
            for attribute in node.attrib:
                if str(attribute).startswith(("on", "hx-on", "data-hx-on")):
                    yield f"{_show(node)} has {attribute}"
            if node.get("style") is not None:
                yield f"{_show(node)} has a style attribute"
        if self.all("style"):
            yield "a <style> in the page"
        for script in self.all("script"):
            if script.get("type") == "application/ld+json":
                try:
                    json.loads(script.text or "")
                except ValueError as error:
                    yield f"the JSON-LD cannot be read: {error}"
            elif script.get("src") is None or (script.text or "").strip():
                yield "a <script> with code in the page"


def _fetched(node: Element) -> Iterator[str]:
    name = _name(node)
    if name == "link" and FETCHING_LINKS & set((node.get("rel") or "").lower().split()):
        yield node.get("href") or ""
    for attribute in FETCHED.get(name, ()):
        value = node.get(attribute)
        if value is None:
            value = node.get("{http://www.w3.org/1999/xlink}href") if ":" in attribute else None
        if value is not None and attribute == "srcset":
            yield from (part.split()[0] for part in value.split(",") if part.strip())
        elif value is not None:
            yield value


def _name(node: Element) -> str:
    return node.tag.rpartition("}")[2]


def _text(node: Element) -> str:
    """Words that are read out: text, and the alternative texts of pictures."""
    parts = ["".join(node.itertext())]
    parts += [child.get("alt") or child.get("aria-label") or "" for child in node.iter()]
    return " ".join(" ".join(parts).split())


def _show(node: Element) -> str:
    shown = "".join(
        f' {key}="{node.get(key)}"' for key in ("id", "name", "class", "for") if node.get(key)
    )
    return f"<{_name(node)}{shown}>"
