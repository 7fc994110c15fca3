"""What the subscribe page says of each device."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portal.feeds.devices import Device, addresses, devices

ROOT = Path(__file__).resolve().parents[2]
AT = addresses("https://moten.example.org", "/feeds/kind-language-cafe.sv.ics")


def test_addresses() -> None:
    assert AT.https == "https://moten.example.org/feeds/kind-language-cafe.sv.ics"
    assert AT.webcal == "webcal://moten.example.org/feeds/kind-language-cafe.sv.ics"
    assert AT.google == (
        "https://calendar.google.com/calendar/r"
        "?cid=webcal://moten.example.org/feeds/kind-language-cafe.sv.ics"
    )


def test_filters_stay_whole_within_googles_address() -> None:
    at = addresses("http://127.0.0.1:8000", "/feeds/events.sv.ics?kind=a&area=b")
    assert at.webcal == "webcal://127.0.0.1:8000/feeds/events.sv.ics?kind=a&area=b"
    assert at.google.endswith(
        "?cid=webcal://127.0.0.1:8000/feeds/events.sv.ics%3Fkind%3Da%26area%3Db"
    )


@pytest.mark.parametrize("key", ["sv", "en", "fi", "rmf"])
def test_every_device_says_what_to_do_how_soon_and_what_becomes_of_a_cancelled_date(
    key: str,
) -> None:
    found = devices(AT, key)
    assert [device.key for device in found] == [
        "iphone",
        "android",
        "google",
        "outlook",
        "thunderbird",
        "nextcloud",
        "other",
    ]
    for device in found:
        assert device.name
        assert device.soon
        assert device.cancelled
        assert "%(" not in device.soon + device.cancelled
        assert device.ways
        assert all(step.text for way in device.ways for step in way.steps)
        # One way needs no name, several do.
        assert len(device.ways) == 1 or all(way.title for way in device.ways)


def _links(device: Device) -> set[str]:
    return {step.url for way in device.ways for step in way.steps if step.url}


def test_the_button_is_where_it_works_and_nowhere_else() -> None:
    """New Outlook strips webcal:, Google's app on Android cannot subscribe (2.12, 2.13)."""
    by_key = {device.key: device for device in devices(AT, "en")}
    assert AT.webcal in _links(by_key["iphone"])
    assert _links(by_key["google"]) == {AT.google}
    new, classic = by_key["outlook"].ways
    assert not any(step.url for step in new.steps)
    assert classic.steps[0].url == AT.webcal
    one, app, computer = by_key["android"].ways
    assert one.offers_dates
    assert [step.url for step in app.steps if step.url] == [AT.webcal]
    assert [step.url for step in computer.steps] == ["#google"]
    assert sum(way.offers_dates for device in by_key.values() for way in device.ways) == 1


def test_without_dates_there_is_no_way_that_takes_one() -> None:
    android = devices(AT, "en", offers_dates=False)[1]
    assert not any(way.offers_dates for way in android.ways)
    assert len(android.ways) == 2
    assert android.effort == ""


@pytest.mark.parametrize("key", ["sv", "en", "fi"])
def test_the_presses_that_are_told_are_the_steps_there_are(key: str) -> None:
    iphone, android = devices(AT, key)[:2]
    for device in (iphone, android):
        told = re.match(r"\d+", device.effort)
        assert told is not None
        assert int(told[0]) == len(device.ways[0].steps) == 2
    assert android.ways[0].offers_dates, "the dates are what takes two presses there"


def test_telephones_come_first() -> None:
    """The page shows them at its top: what people hold."""
    assert [device.key for device in devices(AT, "en") if device.picture == "phone"] == [
        device.key for device in devices(AT, "en")[:2]
    ]


def test_the_truth_about_how_soon() -> None:
    """The figures of feeds.md section 2: whoever changes one changes what people are told."""
    said = {device.key: device.soon for device in devices(AT, "en")}
    assert "24 hours" in said["google"]
    assert "3 hours" in said["outlook"]
    assert "30 minutes" in said["thunderbird"]
    assert "You decide" in said["iphone"]


def test_every_picture_is_drawn() -> None:
    drawn = (ROOT / "templates" / "feeds" / "_pictures.html").read_text(encoding="utf-8")
    known = set(re.findall(r"name == '(\w+)'", drawn))
    used = {
        step.picture for device in devices(AT, "en") for way in device.ways for step in way.steps
    }
    assert used == known
    assert {device.picture for device in devices(AT, "en")} <= {"phone", "computer"}
