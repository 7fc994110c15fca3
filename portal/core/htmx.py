"""htmx replaces parts of pages that already work: a fragment for it, a page for the rest."""

from __future__ import annotations

from typing import Any

from flask import g, render_template, request


def is_fragment() -> bool:
    """Whether htmx asks for a part. Pages that offer one must vary on HX-Request."""
    g.varies = "HX-Request"
    return request.headers.get("HX-Request") == "true"


def render(whole: str, fragment: str, /, **context: Any) -> str:
    """The whole page, or for htmx only its `_fragment.html`."""
    return render_template(fragment if is_fragment() else whole, **context)
