"""What a client refuses before it sends anything, and what it never shows."""

import pytest

from kodisc_jupyter.api.address import checked_base_url, is_loopback
from kodisc_jupyter.api.client import Client
from kodisc_jupyter.api.errors import KodiscError

KEY = "kdsc_live_" + "ab" * 24


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://kodisc.com/api/v2", "https://kodisc.com/api/v2"),
        (" https://kodisc.com/api/v2// ", "https://kodisc.com/api/v2"),
        ("http://127.0.0.1:8000/api/v2", "http://127.0.0.1:8000/api/v2"),
        ("http://[::1]:8000/api/v2", "http://[::1]:8000/api/v2"),
        ("http://localhost/api/v2", "http://localhost/api/v2"),
    ],
)
def test_a_base_url_is_kept_without_its_trailing_slash(url, kept):
    assert Client(KEY, base_url=url).base_url == kept


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://kodisc.com/api/v2", "is not https://, and the key would go out in the clear"),
        ("http://127.0.0.1.evil.example", "is not https://, and the key would go out in the clear"),
        ("http://10.0.0.1/api/v2", "is not https://, and the key would go out in the clear"),
        ("ftp://kodisc.com", "is not an https:// URL"),
        ("kodisc.com/api/v2", "is not an https:// URL"),
        ("https://", "is not an https:// URL"),
        ("https://[::1", "is not a URL"),
        ("https://host:port/", "is not a URL"),
        ("https://me:secret@kodisc.com/", "has more in it than a host and a path"),
        ("https://kodisc.com/?key=1", "has more in it than a host and a path"),
    ],
)
def test_a_base_url_that_the_key_may_not_be_sent_to_is_refused(url, why):
    with pytest.raises(KodiscError) as caught:
        checked_base_url(url)
    assert str(caught.value) == (
        f"The base URL {why}; nothing was sent. Kodisc's own is https://kodisc.com/api/v2."
    )


def test_the_base_url_comes_from_the_argument_the_environment_or_the_vendor(monkeypatch):
    monkeypatch.delenv("KODISC_BASE_URL", raising=False)
    assert Client(KEY).base_url == "https://kodisc.com/api/v2"
    monkeypatch.setenv("KODISC_BASE_URL", "http://127.0.0.1:1/api/v2/")
    assert Client(KEY).base_url == "http://127.0.0.1:1/api/v2"
    assert Client(KEY, base_url="https://other.example").base_url == "https://other.example"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("LocalHost.", True),
        ("localhost.example", False),
        ("0.0.0.0", False),
        ("", False),
        (None, False),
    ],
)
def test_loopback_is_this_machine_only(host, loopback):
    assert is_loopback(host) is loopback


def test_a_client_does_not_show_its_key():
    client = Client(KEY)
    shown = f"{client!r} {client} {vars(client)} {vars(client._transport)}"
    assert KEY not in shown
    assert KEY[10:] not in shown
    assert repr(client).endswith("key from the api_key argument)")
