"""Something is set wrongly on this machine: it is named, and nothing is tried again in vain."""

import socket
import ssl
import threading

import pytest
import requests
import urllib3

from kodisc_jupyter.api import auth
from kodisc_jupyter.api.errors import AuthenticationError, KodiscError, NetworkError
from kodisc_jupyter.api.exchange.network_errors import misconfiguration_of
from kodisc_jupyter.api.models import RenderRequest
from tests.support.faulty_server import KEY

URL = "https://kodisc.example/api/v2"
REQUEST = RenderRequest("x", "A")


@pytest.fixture
def no_proxy_exceptions(monkeypatch):
    for name in ("NO_PROXY", "no_proxy", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def dead_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_dead_proxy_is_named_and_asked_once(
    make_client, seen, monkeypatch, no_proxy_exceptions, dead_port, variable
):
    monkeypatch.setenv(variable, f"http://127.0.0.1:{dead_port}")
    client = make_client(base_url=URL)

    with pytest.raises(NetworkError, match="the proxy could not be used") as caught:
        client.submit(REQUEST)

    assert (caught.value.attempts, caught.value.uncertain) == (1, 0)
    assert caught.value.delivered is False
    assert f"environment variable {variable}, which is set here" in caught.value.hint
    assert "Check the network connection" not in str(caught.value)
    assert seen.sleeps == []
    with pytest.raises(NetworkError):
        client.get_me()
    assert seen.sleeps == []


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_file_of_certificates_that_is_not_there_is_named(
    make_client, seen, monkeypatch, no_proxy_exceptions, tmp_path, variable
):
    monkeypatch.setenv(variable, str(tmp_path / "nowhere.pem"))

    with pytest.raises(NetworkError, match="the file of certificates is not there") as caught:
        make_client(base_url=URL).submit(REQUEST)

    assert (caught.value.attempts, caught.value.uncertain) == (1, 0)
    assert variable in caught.value.hint
    assert seen.sleeps == []


def test_a_download_is_not_tried_again_behind_a_dead_proxy(
    make_client, seen, monkeypatch, no_proxy_exceptions, dead_port, tmp_path
):
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{dead_port}")

    with pytest.raises(NetworkError, match="the proxy could not be used") as caught:
        make_client().download("https://cdn.example/video.mp4", tmp_path / "video.mp4")

    assert "HTTPS_PROXY" in caught.value.hint
    assert seen.sleeps == []


def not_trusted() -> Exception:
    reason = urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("self-signed"))
    return requests.exceptions.SSLError(
        urllib3.exceptions.MaxRetryError(None, "/", reason)  # type: ignore[arg-type]
    )


def test_certificates_that_do_not_fit_are_a_setting_too(monkeypatch, no_proxy_exceptions):
    assert misconfiguration_of(not_trusted(), URL) == (True, "")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/old.pem")
    assert misconfiguration_of(not_trusted(), URL) == (True, "REQUESTS_CA_BUNDLE")


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        requests.exceptions.ConnectTimeout(),
        requests.exceptions.ProxyError(OSError("Tunnel connection failed: 503 Unavailable")),
        requests.exceptions.SSLError(ssl.SSLEOFError()),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_may_pass_is_no_setting(error, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    assert misconfiguration_of(error, URL) == (False, "")


# The keyring


@pytest.fixture
def silent_keyring(monkeypatch):
    """A keyring that answers when the test says so; how often it was asked."""
    import keyring
    from keyring.backend import KeyringBackend

    may_answer, asked = threading.Event(), []

    class Silent(KeyringBackend):
        priority = 1

        def get_password(self, service, username):
            asked.append(username)
            assert may_answer.wait(60)
            return KEY

        def set_password(self, service, username, password):
            self.get_password(service, username)

        def delete_password(self, service, username):
            self.get_password(service, username)

    before = keyring.get_keyring()
    keyring.set_keyring(Silent())
    monkeypatch.setattr(auth, "KEYRING_LIMIT_S", 0.05)
    yield may_answer, asked
    may_answer.set()
    auth._Keyring.asked.join(60)
    keyring.set_keyring(before)


def test_a_keyring_that_never_answers_is_a_sentence_and_not_another_backend(silent_keyring):
    with pytest.raises(AuthenticationError, match=r"did not answer within 0\.05 s") as caught:
        auth.find_key()
    assert "Nothing was sent" in str(caught.value)
    assert "KODISC_KEY" in caught.value.hint
    with pytest.raises(AuthenticationError):
        auth.find_key()
    assert len(silent_keyring[1]) == 1  # it is still busy with the first question


def test_a_keyring_that_answers_late_is_used_then(silent_keyring, monkeypatch):
    with pytest.raises(AuthenticationError):
        auth.find_key()
    silent_keyring[0].set()
    auth._Keyring.asked.join(60)
    monkeypatch.setattr(auth, "KEYRING_LIMIT_S", 60.0)
    assert auth.find_key().value == KEY


def test_a_key_in_the_environment_does_not_wait_for_the_keyring(silent_keyring, monkeypatch):
    monkeypatch.setenv("KODISC_KEY", KEY)
    assert auth.find_key().source == "KODISC_KEY"
    assert silent_keyring[1] == []
    with pytest.raises(KodiscError, match="did not answer"):
        auth.keep_key(auth.find_key())
