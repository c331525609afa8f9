"""Who may call: programs of this machine, and no web page of another site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db

PATH = "/execute?name=1"  # no valid name: who gets in is told so with a 400
ALLOWED = (400, "invalid_name")


def answer(client: Client, peer: str = "127.0.0.1", path: str = PATH, **headers: str) -> tuple[int, str]:
    response = client.get(
        path, REMOTE_ADDR=peer, headers={key.replace("_", "-"): text for key, text in headers.items()}
    )
    return response.status_code, response.json()["Code"] if response.status_code != 200 else ""


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.10", "::1", ""])
def test_callers_of_this_machine(client: Client, peer: str) -> None:
    assert answer(client, peer) == ALLOWED


@pytest.mark.parametrize(
    "peer", ["10.0.0.1", "192.168.1.5", "172.17.0.2", "8.8.8.8", "fe80::1", "0.0.0.0", "2001:db8::1"]
)
def test_callers_from_elsewhere(client: Client, peer: str) -> None:
    assert answer(client, peer) == (401, "unauthenticated")
    assert answer(client, peer, "/openapi.json") == (401, "unauthenticated")


def test_a_caller_from_elsewhere_learns_nothing_else(client: Client) -> None:
    assert answer(client, "10.0.0.1", "/execute?name=W1&name=W2") == (401, "unauthenticated")


def test_a_header_does_not_make_a_caller_a_local_one(client: Client) -> None:
    assert answer(client, "10.0.0.1", X_Forwarded_For="127.0.0.1", X_Real_IP="127.0.0.1")[0] == 401


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_a_page_of_another_site(client: Client, site: str) -> None:
    assert answer(client, Sec_Fetch_Site=site) == (403, "cross_site")


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_a_person_s_own_browser(client: Client, site: str) -> None:
    assert answer(client, Sec_Fetch_Site=site) == ALLOWED


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:9999", "http://127.0.0.1.evil.example", "file://", "x"]
)
def test_an_origin_of_another_site(client: Client, origin: str) -> None:
    assert answer(client, Host="127.0.0.1:8222", Origin=origin) == (403, "cross_site")


def test_an_origin_of_our_own(client: Client) -> None:
    assert answer(client, Host="127.0.0.1:8222", Origin="http://127.0.0.1:8222") == ALLOWED


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_rules_hold_for_every_method(client: Client, method: str) -> None:
    assert getattr(client, method)(PATH, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert getattr(client, method)(PATH, REMOTE_ADDR="10.0.0.1").status_code == 401
