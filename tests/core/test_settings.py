"""Settings: what is taken, and what each unusable one says."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.config import ConfigError, read_settings

NO_NETWORKS = ["localhost", "10.0.0.5/8", "10.0.0.0/33", "127.0.0.0/8 ::1/128", "*", "::1/129"]


@pytest.mark.parametrize(
    ("environ", "base_url"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"HOST": "", "PORT": "", "PORTAL_BASE_URL": "", "PORTAL_INSTANCE": ""}, "same"),
        ({"PORT": "9000"}, "http://127.0.0.1:9000"),
        ({"HOST": "192.168.1.5", "PORT": "9000"}, "http://192.168.1.5:9000"),
        ({"HOST": "0.0.0.0"}, "http://127.0.0.1:8000"),
        ({"HOST": "::1"}, "http://[::1]:8000"),
        ({"PORT": "9000", "PORTAL_BASE_URL": "https://x.example/"}, "https://x.example"),
    ],
)
def test_the_address_follows_host_and_port(environ: dict[str, str], base_url: str) -> None:
    expected = read_settings({}).base_url if base_url == "same" else base_url
    assert read_settings(environ).base_url == expected
    assert read_settings(environ).instance == read_settings({}).instance


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("PORT", value) for value in ("abc", "0", "65536", "-1", "80.0")),
        *(("PORTAL_THREADS", value) for value in ("0", "65", "many")),
        *(("PORTAL_TRUSTED_PROXY", value) for value in ("proxy", "*", "10.0.0.0/8")),
        *(("PORTAL_ALLOWED_NETWORKS", value) for value in NO_NETWORKS),
        ("PORTAL_BASE_URL", "x.example"),
        ("PORTAL_BASE_URL", "http://x.example/portal"),
        ("PORTAL_BASE_URL", "http://x.example:port"),
        ("PORTAL_BASE_URL", "http://[x"),
        ("PORTAL_DATABASE_URL", "mysql://x"),
        ("PORTAL_INSTANCE", __file__),
    ],
)
def test_an_unusable_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        read_settings({name: value})


@pytest.mark.parametrize("address", ["10.0.0.5", "::1"])
def test_a_proxy_is_an_address(address: str, tmp_path: Path) -> None:
    environ = {"PORTAL_TRUSTED_PROXY": address, "PORTAL_INSTANCE": str(tmp_path)}
    assert read_settings(environ).trusted_proxy == address


@pytest.mark.parametrize(
    ("given", "networks"),
    [
        ("", []),
        (" , ", []),
        ("127.0.0.0/8", ["127.0.0.0/8"]),
        (" 127.0.0.0/8, ::1/128,10.0.0.5,", ["127.0.0.0/8", "::1/128", "10.0.0.5/32"]),
    ],
)
def test_networks_are_written_with_commas(given: str, networks: list[str]) -> None:
    settings = read_settings({"PORTAL_ALLOWED_NETWORKS": given})
    assert [str(network) for network in settings.allowed_networks] == networks


def test_production_allows_no_inner_network() -> None:
    production = {"PORTAL_PRODUCTION": "1", "PORTAL_BASE_URL": "https://x.example"}
    assert read_settings(production).allowed_networks == ()
    with pytest.raises(ConfigError, match="PORTAL_ALLOWED_NETWORKS must be empty"):
        read_settings({**production, "PORTAL_ALLOWED_NETWORKS": "127.0.0.1"})
