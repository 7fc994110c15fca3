"""Programmes on the staff pages: from a file to what is published, by forms as a browser sends
them; what is refused, and what an editor of another unit gets."""

from __future__ import annotations

import csv
import gc
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from sqlalchemy import select

from portal.core.clock import now
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.events import changing
from portal.events.models import Event, Occurrence
from portal.events.rules import Alteration
from portal.imports import processing, queries
from portal.imports.models import ImportRun, Source
from portal.imports.staff_runs import MANY
from tests.pages.conftest import ASSOCIATION, World, picture
from tests.support import factories
from tests.support.forms import error_at, form_with
from tests.support.portal_app import LIBRARY, PRESCHOOL, Browser
from tests.support.site import find_all, read, read_answer, words
from tests.support.spreadsheets import sheet_of, xlsx

NEW = "/staff/imports/new"
HTMX = {"HX-Request": "true"}
HEAD = "source_id,title,organiser,place,date,start,end,booking_required,age_from,age_to,"
HEAD += "category,subcategory,link\r\n"


def programme(*rows: tuple[str, str, str], organiser: str = "Exempelbiblioteket") -> bytes:
    """A library's programme: id, title, day; the event is at home from 17 to 18.30."""
    lines = [
        f"{key},{title},{organiser},Exempelbiblioteket,{day},17:00,18:30,false,,,Språkcafé,,"
        for key, title, day in rows
    ]
    return (HEAD + "\r\n".join(lines) + "\r\n").encode()


FIRST = programme(("a", "Handarbete", "2026-12-02"), ("b", "Schack", "2026-12-03"))
PASTED = "Rubrik;Datum;Starttid;Sluttid;Plats\nHandarbete;3/12 2026;18.00;20.00;Torget 1\n"


@pytest.fixture
def editor(world: World, somebody: Callable[[str], Browser]) -> Browser:
    return somebody("editor")


def page(browser: Browser, path: str, code: int = 200) -> Element:
    return read(browser, path, code, is_public=False)


def bring(browser: Browser, raw: bytes, name: str = "program.csv", **typed: Any) -> str:
    """A programme is brought in as a new source; answers where the browser is led."""
    form = form_with(page(browser, NEW), NEW, "pasted")
    typed = {"name": "Höst", "file": (io.BytesIO(raw), name), **typed}
    answer = form.send(browser, **typed)
    assert answer.status_code == 303, answer.text[-500:]
    return str(answer.headers["Location"])


def again(browser: Browser, run: str, raw: bytes) -> str:
    """A newer file of the same source."""
    source = source_of(browser, run)
    form = form_with(page(browser, source), source, "pasted")
    answer = form.send(browser, file=(io.BytesIO(raw), "nyare.csv"))
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def source_of(browser: Browser, run: str) -> str:
    with browser.application.app_context():
        found = db.session.get_one(ImportRun, int(run.rpartition("/")[2]))
        return f"/staff/imports/{found.source_id}"


def press(browser: Browser, path: str, **typed: Any) -> Any:
    """The button that publishes, at the top of the plan."""
    root = page(browser, path)
    form = form_with(root, path, "digest")
    button = next(node for node in root.iter("button") if node.get("form") == "plan")
    name = button.get("name")
    return form.send(browser, (name, button.get("value") or "") if name else None, **typed)


def figures(root: Element) -> dict[str, str]:
    [shown] = find_all(root, "dl", class_="figures")
    return {words(node.find("dt")): words(node.find("dd")) for node in shown}  # type: ignore[arg-type]


def here(city: Flask) -> dict[str, list[str]]:
    """The days of what is published, by title; those that are off in brackets."""
    with city.app_context():
        rows = db.session.scalars(
            select(Occurrence).join(Event).order_by(Occurrence.starts_at)
        ).all()
        found: dict[str, list[str]] = {}
        for row in rows:
            title = row.titles.get("sv") or row.event.titles["sv"]
            day = f"{row.starts_at:%m-%d}"
            found.setdefault(title, []).append(f"({day})" if row.status == "cancelled" else day)
        return found


def test_from_a_file_to_the_page(city: Flask, editor: Browser) -> None:
    run = bring(editor, FIRST)
    root = page(editor, run)
    assert figures(root) == {"Nya tillfällen": "2"}
    assert "Språkcafé" in words(find_all(root, "section", aria_labelledby="new")[0])
    assert "Handarbete" not in here(city), "nothing is published before a yes"
    answer = press(editor, run)
    assert answer.headers["Location"].endswith("?done=applied")
    assert find_all(page(editor, answer.headers["Location"]), "div", role="status")
    assert here(city)["Handarbete"] == ["12-02"]
    assert "Handarbete" in editor.get(f"/events?unit={LIBRARY}").text
    assert "Klart" in words(page(editor, "/staff/imports"))


def test_from_a_pasted_table_by_way_of_its_columns(city: Flask, editor: Browser) -> None:
    run = bring(editor, b"", file=None, pasted=PASTED.replace("Datum", "Kalas"))
    answer = editor.get(run)
    assert answer.headers["Location"] == f"{run}/columns"
    columns = f"{run}/columns"
    root = page(editor, columns)
    assert "3/12 2026" in words(root), "its first cells are shown"
    assert "Välj vilken kolumn som är datumet." in words(find_all(root, "div", id="read")[0])
    form = form_with(root, columns, "column-0")
    assert form.fields["column-0"] == "title"
    refused = form.send(editor)
    assert refused.status_code == 422
    assert find_all(read_answer(refused, columns, is_public=False), "div", id="error-summary")
    looked = form.send(editor, ("do", "look"), **{"column-1": "date"})
    said = words(find_all(read_answer(looked, columns, is_public=False), "div", id="read")[0])
    assert "Handarbete, Torsdag 3 december" in said
    answer = form.send(editor, **{"column-1": "date"})
    assert answer.headers["Location"] == run
    assert figures(page(editor, run)) == {"Nya tillfällen": "1"}
    press(editor, run)
    assert here(city)["Handarbete"] == ["12-03"]
    newer = again(editor, run, PASTED.replace("Datum", "Kalas").replace("3/12", "4/12").encode())
    assert figures(page(editor, newer))["Nya tillfällen"] == "1", "its columns are remembered"


@pytest.mark.parametrize(
    ("change", "words_"),
    [
        ({"column-1": "none"}, "Välj vilken kolumn som är datumet."),
        ({"column-0": "none"}, "Välj vilken kolumn som är rubriken."),
        ({"column-4": "title"}, "Rubrik: Två kolumner betyder samma sak."),
        ({"column-0": "root", "column-1": "'; drop"}, "Välj vilken kolumn som är rubriken."),
    ],
)
def test_columns_that_do_not_fit(editor: Browser, change: dict[str, str], words_: str) -> None:
    run = bring(editor, b"", file=None, pasted=PASTED)
    form = form_with(page(editor, f"{run}/columns"), f"{run}/columns", "column-0")
    answer = form.send(editor, **change)
    assert answer.status_code == 422
    summary = find_all(read_answer(answer, run, is_public=False), "div", id="error-summary")[0]
    assert words_ in words(summary)
    assert all((node.get("href") or "").startswith("#column-") for node in summary.iter("a"))


def test_a_spreadsheet(city: Flask, editor: Browser) -> None:
    rows = [["Rubrik", "Datum", "Starttid", "Sluttid"], ["Schack", "2026-12-03", "17.00", "18.00"]]
    raw = xlsx(sheet_of(rows))
    run = bring(editor, raw, "Höst åäö.xlsx")
    root = page(editor, f"{run}/columns")
    assert "Excel" in words(root)
    form = form_with(root, f"{run}/columns", "column-0")
    form.send(editor)
    press(editor, run)
    assert here(city)["Schack"] == ["12-03"]


def test_a_refused_row_is_shown_and_left_out_only_by_a_press(city: Flask, editor: Browser) -> None:
    run = bring(editor, FIRST + programme(("c", "Sent", "2026-13-45")).split(b"\r\n", 1)[1])
    root = page(editor, run)
    assert figures(root) == {"Nya tillfällen": "2", "Rader som inte går att använda": "1"}
    table = words(root)
    assert "2026-13-45" in table
    assert "är inget datum" in table
    form = form_with(root, run, "digest")
    assert form.send(editor).status_code == 422
    assert "Handarbete" not in here(city)
    assert press(editor, run).status_code == 303
    assert here(city)["Schack"] == ["12-03"]


def test_an_unknown_name_is_explained_once(
    city: Flask, world: World, somebody: Callable[[str], Browser]
) -> None:
    admin = somebody("admin")
    raw = programme(("a", "Handarbete", "2026-12-02"), organiser="Exempelbibloteket X")
    raw = raw.replace(b",Exempelbiblioteket,", b",Torget,")
    run = bring(admin, raw, unit="0")
    root = page(admin, run)
    assert figures(root)["Rader som inte går att använda"] == "1"
    form = form_with(root, run, "unit-ref", "/apply")
    with city.app_context():
        library = str(factories.unit(LIBRARY).id)
    assert form.send(admin, **{"unit-ref": library}).headers["Location"] == run
    assert figures(page(admin, run)) == {"Nya tillfällen": "1"}
    press(admin, run)
    assert here(city)["Handarbete"] == ["12-02"]
    source = source_of(admin, run)
    assert figures(page(admin, again(admin, run, raw))) == {
        "Nya tillfällen": "0",
        "Som förut": "1",
    }
    forget = form_with(page(admin, source), source, "what", "/names")
    assert forget.send(admin).status_code == 303
    assert figures(page(admin, again(admin, run, raw)))["Rader som inte går att använda"] == "1"


def test_a_newer_file_follows_and_what_was_changed_here_stays(city: Flask, editor: Browser) -> None:
    run = bring(editor, FIRST)
    press(editor, run)
    with city.app_context():
        begin_write()
        row = db.session.scalars(
            select(Occurrence).join(Event).where(Event.titles["sv"].as_string() == "Handarbete")
        ).one()
        changing.alter_dates(row.event, [row], Alteration(titles={"sv": "Stickning"}))
        db.session.commit()
        event_id = row.event_id
    dates = page(editor, f"/staff/events/{event_id}/dates")
    assert "Det kom med programmet ”Höst”." in words(dates)
    raw = programme(("a", "Virkning", "2026-12-02"), ("b", "Schack", "2026-12-10"))
    newer = again(editor, run, raw)
    root = page(editor, newer)
    shown = words(root)
    assert "Behålls som ni har ändrat" in shown
    assert "Torsdag 3 december kl. 17.00⁠–⁠18.30 blir Torsdag 10 december" in shown
    boxes = find_all(root, "input", name="take")
    assert boxes
    assert all(node.get("checked") is None for node in boxes)
    press(editor, newer)
    assert "Stickning" in here(city)
    assert here(city)["Schack"] == ["12-10"]
    source = source_of(editor, run)
    form = form_with(page(editor, source), source, "take", "/follow")
    marks = [node.get("value") for node in form.element.iter("input") if node.get("name") == "take"]
    assert form.send(editor, take=marks).headers["Location"].endswith("done=taken&n=1")
    assert "Stickning" not in here(city)


def test_what_is_ticked_in_the_plan_is_taken_over_with_it(city: Flask, editor: Browser) -> None:
    run = bring(editor, FIRST)
    press(editor, run)
    with city.app_context():
        begin_write()
        row = db.session.scalars(
            select(Occurrence).join(Event).where(Event.titles["sv"].as_string() == "Handarbete")
        ).one()
        changing.alter_dates(row.event, [row], Alteration(titles={"sv": "Stickning"}))
        db.session.commit()
    newer = again(editor, run, programme(("a", "Virkning", "2026-12-02")))
    boxes = find_all(page(editor, newer), "input", name="take")
    press(editor, newer, take=[node.get("value") for node in boxes])
    assert "Stickning" not in here(city)
    assert here(city)["Virkning"] == ["12-02"]


def test_a_date_that_left_the_file_is_called_off(city: Flask, editor: Browser) -> None:
    raw = programme(*[(f"k{day}", "Schack", f"2026-12-{day:02}") for day in (8, 15, 22)])
    run = bring(editor, raw)
    assert "1 av de nya evenemangen är en serie." in words(page(editor, run))
    press(editor, run)
    lines = raw.split(b"\r\n")
    newer = again(editor, run, b"\r\n".join([*lines[:2], *lines[3:]]))
    root = page(editor, newer)
    assert figures(root)["Ställs in"] == "1"
    assert "Ställs in" in words(find_all(root, "section", aria_labelledby="changed")[0])
    press(editor, newer)
    assert here(city)["Schack"] == ["12-08", "(12-15)", "12-22"]


def test_a_plan_that_is_dropped_does_nothing(city: Flask, editor: Browser) -> None:
    run = bring(editor, FIRST)
    drop = form_with(page(editor, run), run, "csrf_token", "/drop")
    assert drop.send(editor).headers["Location"].endswith("done=dropped")
    assert words(find_all(page(editor, run), "h1")[0]) == "Slängt"
    assert editor.submit(f"{run}/apply").status_code == 303
    assert editor.submit(f"{run}/names", {"unit-name": "x", "unit-ref": "1"}).status_code == 303
    assert editor.submit(f"{run}/columns", {"column-0": "title"}).status_code == 303
    assert editor.get(f"{run}/columns").status_code == 303
    assert editor.submit(f"{run}/again").status_code == 303
    assert "Handarbete" not in here(city)
    assert words(find_all(page(editor, run), "h1")[0]) == "Slängt"


def test_what_was_applied_is_not_dropped_afterwards(city: Flask, editor: Browser) -> None:
    run = bring(editor, FIRST)
    press(editor, run)
    editor.submit(f"{run}/drop")
    assert words(find_all(page(editor, run), "h1")[0]) == "Det här hände"


def test_a_plan_is_carried_out_once(city: Flask, editor: Browser) -> None:
    run = bring(editor, FIRST)
    press(editor, run)
    before = here(city)
    assert editor.submit(f"{run}/apply").status_code == 303
    with city.app_context(), pytest.raises(processing.Changed):
        processing.apply(int(run.rpartition("/")[2]))
    assert here(city) == before
    assert figures(page(editor, run)) == {"Nya tillfällen": "2"}


def test_a_plan_that_is_another_by_now_is_shown_again(city: Flask, editor: Browser) -> None:
    run = bring(editor, FIRST)
    press(editor, run)
    newer = again(editor, run, programme(("a", "Virkning", "2026-12-02")))
    root = page(editor, newer)
    form = form_with(root, newer, "digest")
    with city.app_context():
        begin_write()
        titled = Event.titles["sv"].as_string() == "Handarbete"
        db.session.scalars(select(Event).where(titled)).one().titles = {"sv": "Stickning"}
        db.session.commit()
    answer = form.send(editor)
    assert answer.status_code == 409
    shown = read_answer(answer, newer, is_public=False)
    assert "Något har ändrats under tiden." in words(find_all(shown, "div", role="alert")[0])
    assert "Stickning" in here(city)
    assert press(editor, newer).status_code == 303


def test_a_source_that_ends_leaves_its_events(city: Flask, editor: Browser) -> None:
    run = bring(editor, FIRST)
    press(editor, run)
    source = source_of(editor, run)
    end = form_with(page(editor, source), source, "csrf_token", "/end")
    answer = end.send(editor)
    assert find_all(page(editor, answer.headers["Location"]), "div", role="status")
    assert here(city)["Handarbete"] == ["12-02"]
    assert editor.get(source).status_code == editor.get(run).status_code == 404


def test_the_same_name_is_the_same_source(city: Flask, editor: Browser) -> None:
    """Else all of it would stand there twice."""
    press(editor, bring(editor, FIRST))
    run = bring(editor, FIRST)
    assert figures(page(editor, run)) == {"Nya tillfällen": "0", "Som förut": "2"}
    press(editor, run)
    assert here(city)["Handarbete"] == ["12-02"]


def test_what_was_taken_out_is_not_brought_in_as_a_programme(city: Flask, editor: Browser) -> None:
    press(editor, bring(editor, FIRST))
    answer = editor.get(f"/staff/imports/export.csv?unit={LIBRARY}")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert {"Handarbete", "Schack"} <= {row["title_sv"] for row in rows}
    run = bring(editor, answer.data, "ut.csv")
    root = page(editor, run)
    assert "hämtad ur en portal" in words(root)
    assert words(find_all(root, "h1")[0]) == "Det gick inte att läsa"


@pytest.mark.parametrize(
    ("raw", "name", "said"),
    [
        (picture(), "bild.csv", "kan inte läsa bokstäverna"),
        (b"<html><body>Hej</body></html>", "sida.html", "inga evenemang"),
        (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", "tom.ics", ""),
        (b"{", "x.json", "inte JSON"),
        (b"bara ord", "x.csv", "ingen tabell"),
        (b"\x00\x01\x02" * 50, "x.xls", ""),
    ],
    ids=["picture", "page", "empty calendar", "json", "words", "bytes"],
)
def test_what_cannot_be_read_is_said(editor: Browser, raw: bytes, name: str, said: str) -> None:
    run = bring(editor, raw, name)
    root = page(editor, run)
    assert said in words(root)
    assert find_all(root, "form", id="plan") == [] or figures(root)


def test_a_calendar_that_repeats_by_the_second_is_refused(city: Flask, editor: Browser) -> None:
    raw = (
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART:20261202T160000Z\r\n"
        b"DTEND:20261202T160001Z\r\nSUMMARY:Tick\r\nRRULE:FREQ=SECONDLY\r\nEND:VEVENT\r\n"
        b"END:VCALENDAR\r\n"
    )
    root = page(editor, bring(editor, raw, "a.ics"))
    assert figures(root) == {"Nya tillfällen": "0", "Rader som inte går att använda": "1"}
    assert "flera gånger om dagen" in words(root)


def test_nothing_at_all(editor: Browser) -> None:
    form = form_with(page(editor, NEW), NEW, "pasted")
    answer = form.send(editor, name="")
    assert answer.status_code == 422
    root = read_answer(answer, NEW, is_public=False)
    assert error_at(root, "name")
    run = bring(editor, FIRST)
    source = source_of(editor, run)
    answer = editor.submit(source, {"pasted": ""})
    assert answer.status_code == 422
    root = read_answer(answer, source, is_public=False)
    assert "klistra in" in error_at(root, "file")
    assert find_all(root, "input", id="name")[0].get("value") == "Höst", "its name is still there"


# The server stops reading in the middle, and the test client's file is left to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_file_of_17_megabytes(city: Flask, editor: Browser) -> None:
    raw = b"a;b\n" * (17 * 1024 * 256)
    data = {"name": "Stor", "file": (io.BytesIO(raw), "stor.csv")}
    answer = editor.submit(NEW, data)
    assert answer.status_code == 413
    read_answer(answer, NEW, is_public=False)
    del answer, data
    gc.collect()
    with city.app_context():
        names = [source.name for source in queries.sources(None)]
    assert "Stor" not in names


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://exempel.example/a.ics", "https://"),
        ("https://127.0.0.1/a.ics", "internt nät"),
        ("https://namn:hemligt@exempel.example/", "lösenord"),
        ("ftp://exempel.example", "Skriv en adress"),
        ("javascript:alert(1)", "Skriv en adress"),
    ],
)
def test_addresses_that_are_not_read(editor: Browser, address: str, said: str) -> None:
    form = form_with(page(editor, NEW), NEW, "address")
    answer = form.send(editor, name="Kalender", address=address)
    assert answer.status_code == 422, "or it is refused when it is asked"
    assert error_at(read_answer(answer, NEW, is_public=False), "address")


def test_an_address_waits_for_its_first_reading(editor: Browser) -> None:
    form = form_with(page(editor, NEW), NEW, "address")
    answer = form.send(editor, name="Kalender", address="https://exempel.example/a.ics")
    root = page(editor, answer.headers["Location"])
    assert "Vi läser adressen inom några minuter." in words(root)
    assert "Läses varje timme" in words(page(editor, "/staff/imports"))


def test_forged_choices_change_nothing(city: Flask, world: World, editor: Browser) -> None:
    foreign = str(factories_id(city, PRESCHOOL))
    form = form_with(page(editor, NEW), NEW, "unit")
    answer = form.send(editor, name="X", unit=foreign, pasted=PASTED)
    assert answer.status_code == 422
    assert editor.submit(NEW, {"name": "X", "unit": "0", "pasted": PASTED}).status_code == 422
    raw = programme(("a", "Handarbete", "2026-12-02"), organiser="Okänt hus")
    run = bring(editor, raw.replace(b",Exempelbiblioteket,", b",Torget,"))
    with city.app_context():
        house = str(factories.place(PRESCHOOL).id)
    for ref in (foreign, house, "999999", "-1", "x", "²", "9" * 30):
        data = {"unit-name": "Okänt hus", "unit-ref": ref}
        assert editor.submit(f"{run}/names", data).status_code == 303
        if ref == foreign:
            continue  # a place of the library may have that number
        data = {"place-name": "Torget", "place-ref": ref}
        assert editor.submit(f"{run}/names", data).status_code == 303
    editor.submit(f"{run}/names", {"kind-name": "Språkcafé", "kind-ref": "no-such-kind"})
    with city.app_context():
        found = db.session.get_one(Source, int(source_of(editor, run).rpartition("/")[2]))
        assert queries.names(found) == []
    source = source_of(editor, run)
    assert editor.submit(f"{source}/names", {"what": "root", "name": "x"}).status_code == 404


def test_forged_marks_take_over_nothing_of_others(
    city: Flask, world: World, editor: Browser
) -> None:
    run = bring(editor, FIRST)
    press(editor, run)
    foreign = world.of[PRESCHOOL].published
    before = here(city)
    marks = [f"{foreign}:title", f"{foreign}:unit", "da:times", "d", ":", "-1:x", "9" * 30, "x" * 9]
    source = source_of(editor, run)
    assert editor.submit(f"{source}/follow", {"take": marks}).status_code == 303
    newer = again(editor, run, FIRST)
    assert press(editor, newer, take=marks).status_code in (303, 409)
    assert here(city) == before


def factories_id(city: Flask, slug: str) -> int:
    with city.app_context():
        return factories.unit(slug).id


def test_unknown_numbers_are_nowhere(world: World, editor: Browser) -> None:
    for path in (
        "/staff/imports/999",
        "/staff/imports/runs/999",
        "/staff/imports/runs/999/columns",
    ):
        assert editor.get(path).status_code == 404
    for end in ("apply", "drop", "again", "names", "columns"):
        assert editor.submit(f"/staff/imports/runs/999/{end}").status_code == 404
    for end in ("settings", "follow", "names", "end"):
        assert editor.submit(f"/staff/imports/999/{end}").status_code == 404
    assert editor.get("/staff/imports/export.csv?unit=nowhere").status_code == 404
    assert editor.get("/staff/imports/export.csv").status_code == 404


def test_nobody_sees_the_sources_of_others(
    world: World, editor: Browser, somebody: Callable[[str], Browser]
) -> None:
    """The routes one by one are in test_access.py."""
    form = form_with(page(editor, NEW), NEW, "pasted")
    file = (io.BytesIO(FIRST), "program.csv")
    run = form.send(editor, name="Hemlig höst", file=file).headers["Location"]
    other = somebody("preschool")
    assert "Hemlig höst" not in words(page(other, "/staff/imports"))
    assert "Hemlig höst" not in words(page(other, "/staff"))
    assert "Hemlig höst" in words(page(somebody("admin"), "/staff"))
    assert other.get(run).status_code == 403
    assert "Exempelförskolan" not in words(page(other, NEW))


def test_the_whole_citys_source_is_the_administrators(
    city: Flask, world: World, editor: Browser, somebody: Callable[[str], Browser]
) -> None:
    run = bring(somebody("admin"), FIRST, unit="0")
    assert editor.get(run).status_code == 403
    assert editor.get(source_of(editor, run)).status_code == 403


def test_an_association_brings_its_own(
    city: Flask, world: World, somebody: Callable[[str], Browser]
) -> None:
    browser = somebody("association")
    run = bring(browser, b"", file=None, pasted=PASTED)
    form = form_with(page(browser, f"{run}/columns"), f"{run}/columns", "column-0")
    form.send(browser)
    press(browser, run)
    with city.app_context():
        event = db.session.scalars(
            select(Event).where(Event.titles["sv"].as_string() == "Handarbete")
        ).one()
        assert event.unit.slug == ASSOCIATION


def test_my_page_tells_what_waits(world: World, editor: Browser) -> None:
    assert "Ett program väntar på ditt ja" in words(page(editor, "/staff"))


def test_my_page_tells_of_a_silent_address_after_a_day(
    city: Flask, world: World, editor: Browser
) -> None:
    told = "Adressen till ett program har inte svarat på ett dygn"
    for hours, is_told in ((23, False), (25, True)):
        with city.app_context():
            begin_write()
            found = db.session.get_one(Source, world.of[LIBRARY].source)
            found.failed_since = now() - timedelta(hours=hours)
            found.failure = {"code": "no_answer", "facts": {}}
            db.session.commit()
        assert (told in words(page(editor, "/staff"))) == is_told
    assert "Den svarar inte." in words(page(editor, f"/staff/imports/{world.of[LIBRARY].source}"))
    assert "Den svarar inte." in words(page(editor, "/staff/imports"))


def test_while_it_is_read_the_page_looks_again_by_itself(
    city: Flask, world: World, editor: Browser
) -> None:
    stuck = f"/staff/imports/runs/{world.of[LIBRARY].stuck}"
    assert find_all(page(editor, stuck), "div", id="work") == []
    assert editor.get(stuck, headers=HTMX).headers["HX-Refresh"] == "true"
    assert "stannade på vägen" in words(page(editor, stuck))
    with city.app_context():
        begin_write()
        run = db.session.get_one(ImportRun, world.of[LIBRARY].stuck)
        run.beat_at, run.done, run.total = now(), 3000, 9000
        db.session.commit()
    root = page(editor, stuck)
    [work] = find_all(root, "div", id="work")
    assert (work.get("role"), work.get("hx-trigger")) == ("status", "every 3s")
    assert "HX-Refresh" not in editor.get(stuck, headers=HTMX).headers
    assert "3000 av ungefär 9000 rader är lästa." in words(root)
    assert find_all(root, "progress")[0].get("value") == "3000"


def test_what_has_stopped_goes_on_by_a_press(city: Flask, world: World, editor: Browser) -> None:
    stuck = f"/staff/imports/runs/{world.of[LIBRARY].stuck}"
    form = form_with(page(editor, stuck), stuck, "csrf_token", "/again")
    assert form.send(editor).status_code == 303
    assert editor.get(stuck).headers["Location"].endswith("/columns")


def test_a_long_programme_makes_a_short_page(world: World, editor: Browser) -> None:
    rows = [(f"k{n}", f"Träff {n}", f"2026-12-{n % 28 + 1:02}") for n in range(60)]
    root = page(editor, bring(editor, programme(*rows)))
    new = find_all(root, "section", aria_labelledby="new")[0]
    [details] = list(new.iter("details"))
    assert details.get("open") is None
    shown = [row for row in new.iter("tr") if row not in list(details.iter("tr"))]
    assert len(shown) == 6
    assert "Visa de andra (55)" in words(details)
    first = words(next(new.iter("table")))
    assert "2026" not in first, "this year goes without saying"
    buttons = [node for node in root.iter("button") if node.get("form") == "plan"]
    assert len(buttons) == 2
    assert list(root.iter()).index(buttons[0]) < list(root.iter()).index(new)


def test_very_many_are_published_while_the_page_says_so(
    city: Flask, editor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []
    monkeypatch.setattr("portal.imports.staff_runs.MANY", 1)
    monkeypatch.setattr(
        "portal.imports.staff_runs.in_background", lambda _app, run_id: started.append(run_id)
    )
    assert MANY > 1
    run = bring(editor, FIRST)
    assert press(editor, run).headers["Location"] == run
    assert find_all(page(editor, run), "div", id="work")
    with city.app_context():
        processing.resume(started[0])
    assert here(city)["Handarbete"] == ["12-02"]
    assert figures(page(editor, run)) == {"Nya tillfällen": "2"}


@pytest.mark.parametrize("prefix", ["/en", "/fi"])
def test_the_pages_in_other_languages(world: World, editor: Browser, prefix: str) -> None:
    own = world.of[LIBRARY]
    for path in ("", "/new", f"/{own.source}", f"/runs/{own.run}", f"/runs/{own.run}/columns"):
        root = page(editor, f"{prefix}/staff/imports{path}")
        assert root.get("lang") == prefix[1:]
        assert find_all(root, "h1")
