"""Forms as a browser without JavaScript fills them in and sends them, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from tests.support.portal_app import BASE_URL, Browser
from tests.support.site import words

# What a page never gives back, and what is a button's.
NOT_KEPT = {"csrf_token", "do", "answer"}


@dataclass
class Form:
    """One form of a page: where it goes, and what every field holds, as a browser would send it."""

    action: str
    fields: MultiDict[str, Any]
    element: Element

    def send(
        self, browser: Browser, button: tuple[str, str] | None = None, **typed: Any
    ) -> TestResponse:
        """Sends it with other values; a list for several, None for a field that is left out."""
        data: dict[str, Any] = {name: self.fields.getlist(name) for name in self.fields}
        data |= typed | (dict([button]) if button else {})
        return browser.post(self.action, data={k: v for k, v in data.items() if v is not None})


def form_with(root: Element, path: str, field: str, action: str = "") -> Form:
    """The form on a page that has a field of this name (and an action that ends so)."""
    for element in root.iter("form"):
        target = urlsplit(urljoin(BASE_URL + path, element.get("action") or BASE_URL + path)).path
        if target.endswith(action) and any(node.get("name") == field for node in element.iter()):
            return Form(target, contents(element), element)
    raise AssertionError(f"{path} has no form with {field}")


def contents(form: Element) -> MultiDict[str, Any]:
    """The successful controls of a form, buttons and files left out (HTML 4.10.21.4)."""
    found: MultiDict[str, Any] = MultiDict()
    for node in form.iter():
        name = node.get("name")
        if not name or node.get("disabled") is not None:
            continue
        if node.tag == "textarea":
            # The browser takes the line break after the tag away and sends CRLF.
            found.add(name, "".join(node.itertext()).removeprefix("\r\n").removeprefix("\n"))
        elif node.tag == "select":
            options = list(node.iter("option"))
            chosen = [one for one in options if one.get("selected") is not None] or options[:1]
            for one in chosen:
                value = one.get("value")
                found.add(name, words(one) if value is None else value)
        elif node.tag == "input":
            kind = (node.get("type") or "text").lower()
            if kind in ("submit", "button", "image", "reset", "file"):
                continue
            if kind not in ("checkbox", "radio"):
                found.add(name, node.get("value") or "")
            elif node.get("checked") is not None:
                found.add(name, node.get("value") or "on")
    return found


def error_at(root: Element, field: str) -> str:
    """The words of the error at a field: visible at it, read out with it, and in the summary."""
    ids = {node.get("id"): node for node in root.iter() if node.get("id")}
    control = ids.get(field)
    assert control is not None, f"there is nothing with the id {field}"
    described = (control.get("aria-describedby") or "").split()
    assert f"{field}-error" in described, f"{field} does not say that it is wrong"
    if control.tag != "fieldset":
        assert control.get("aria-invalid") == "true", field
    note = next(iter(ids[f"{field}-error"].iter("span")))
    text = words(note).partition(": ")[2]
    assert text, f"no words at {field}"
    summary = ids.get("error-summary")
    assert summary is not None, "no summary of what is wrong"
    assert summary.get("role") == "alert"
    lines = [
        words(node) for node in summary.iter("a") if (node.get("href") or "") in _targets(field)
    ]
    assert lines, f"the summary does not lead to {field}"
    assert lines[0] in text, f"the summary says {lines[0]!r}, the field {text!r}"
    return text


def _targets(field: str) -> set[str]:
    return {f"#{field}", f"#{field}-0"}


def faults(root: Element) -> dict[str, str]:
    """Every field that is said to be wrong, and the words."""
    names = [
        str(node.get("id")) for node in root.iter() if (node.get("id") or "").endswith("-error")
    ]
    return {name: error_at(root, name) for name in (full.removesuffix("-error") for full in names)}
