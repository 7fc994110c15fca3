"""Which program a User-Agent means. The headers are real ones, as programs send them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.feeds.clients import KINDS, kind_of, rounded
from portal.feeds.health_words import CLIENT, OFTEN

REAL = {
    "Google-Calendar-Importer": "google",
    "iOS/26.6 (23G71) dataaccessd/1.0": "apple",
    "macOS/26.6.2 (25G83) dataaccessd/1.0": "apple",
    "macOS/11.0 (20A5343i) CalendarAgent/950": "apple",
    "Mac+OS+X/10.10.5 (14F27) CalendarAgent/316.1": "apple",
    "CalendarStore/5.0 (1127); iCal/5.0 (1535); Mac OS X/10.7.1 (11B26)": "apple",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)": "outlook",
    "Microsoft.Exchange/15.20 (Windows NT 10.0; Win64; x64)": "outlook",
    "Microsoft-MacOutlook/16.81.0 (Mac OS/13.6; Build/16.81.0)": "outlook",
    "ICSx5/2.4.3 (ical4j/3.2.19 okhttp/5.3.2 Android/16)": "icsx5",
    "Nextcloud Webcal Service": "nextcloud",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.5.0": "thunderbird",
    "vdirsyncer/0.19.3": "khal",
    "Mozilla/5.0 (Android 16; Mobile; rv:142.0) Gecko/142.0 Firefox/142.0": "browser",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": "other",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0) Chrome": "other",
    "Evolution/3.60.2": "other",
    "curl/8.14.1": "other",
    "": "other",
}


@pytest.mark.parametrize(("header", "kind"), REAL.items())
def test_real_headers(header: str, kind: str) -> None:
    assert kind_of(header) == kind
    assert kind_of(header.upper()) == kind


@given(st.text(max_size=2000))
def test_nothing_but_a_kind_comes_out(header: str) -> None:
    assert kind_of(header) in KINDS


def test_a_long_header_is_not_read_to_its_end() -> None:
    assert kind_of("x" * 100_000 + "thunderbird") == "other"


def test_how_often_is_a_word_and_under_ten_nothing() -> None:
    codes = [rounded(count) for count in (0, 1, 9, 10, 19, 20, 99, 100, 999, 1000, 10**9)]
    assert codes == [
        "",
        "",
        "",
        "few",
        "few",
        "tens",
        "tens",
        *["hundreds"] * 2,
        *["thousands"] * 2,
    ]


def test_there_are_words_for_every_kind_and_every_code() -> None:
    assert set(CLIENT) == set(KINDS)
    assert set(OFTEN) == {rounded(10**n) for n in range(1, 5)} | {rounded(20)}
