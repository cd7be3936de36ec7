"""Where the key comes from, in which order, and how it is kept."""

import sys
import types

import pytest

from kodisc_jupyter.api import auth
from kodisc_jupyter.api.auth import Key, find_key, forget_key, keep_key
from kodisc_jupyter.api.client import Client
from kodisc_jupyter.api.errors import AuthenticationError, KodiscError, NetworkError
from kodisc_jupyter.api.login import login
from kodisc_jupyter.api.models import Account, Balance


def key(pair: str) -> str:
    return "kdsc_live_" + pair * 24


@pytest.fixture(autouse=True)
def _nobody_logged_in(monkeypatch, tmp_path):
    monkeypatch.delenv("KODISC_KEY", raising=False)
    monkeypatch.setenv("KODISC_HOME", str(tmp_path))
    monkeypatch.setattr(auth._Session, "key", None)


@pytest.fixture(autouse=True)
def keyring(monkeypatch):
    """A keyring in memory, in place of the system's."""
    secrets = {}
    fake = types.ModuleType("keyring")
    fake.get_password = lambda service, user: secrets.get((service, user))
    fake.set_password = lambda service, user, secret: secrets.update({(service, user): secret})
    fake.delete_password = lambda service, user: secrets.pop((service, user))
    fake.secrets = secrets
    monkeypatch.setitem(sys.modules, "keyring", fake)
    return fake


@pytest.fixture
def colab(monkeypatch):
    """What Colab's kernel has imported, with one secret."""
    userdata = types.ModuleType("google.colab.userdata")
    userdata.get = lambda name: {"KODISC_KEY": key("cc")}[name]
    package = types.ModuleType("google.colab")
    package.userdata = userdata
    monkeypatch.setitem(sys.modules, "google.colab", package)
    monkeypatch.setitem(sys.modules, "google.colab.userdata", userdata)
    return userdata


@pytest.fixture
def api(monkeypatch):
    """An API that takes any key but refuses to be reached when told so."""
    monkeypatch.setattr(
        Client,
        "get_me",
        lambda client: Account("usr_1", "key_1", "kdsc_live_dddd", Balance(1, 2, 3)),
    )


def test_the_order_of_places_is_argument_environment_colab_keyring_login(
    monkeypatch, keyring, colab, api
):
    monkeypatch.setenv("KODISC_KEY", key("bb"))
    keep_key(Key(key("dd"), "test"))
    login(lambda prompt: key("ee"))

    assert find_key(key("aa")) == Key(key("aa"), "the api_key argument")
    assert find_key() == Key(key("bb"), "KODISC_KEY")
    monkeypatch.delenv("KODISC_KEY")
    assert find_key() == Key(key("cc"), "Colab's secrets")
    monkeypatch.delitem(sys.modules, "google.colab")
    assert find_key() == Key(key("dd"), "the system keyring")
    keyring.secrets.clear()
    assert find_key() == Key(key("ee"), "this session's login")
    assert forget_key() == ("this session's login",)
    assert find_key() is None


def test_a_key_is_stripped(monkeypatch):
    monkeypatch.setenv("KODISC_KEY", f"  {key('bb')}\r\n")
    assert find_key().value == key("bb")


def test_an_empty_variable_is_no_key(monkeypatch):
    monkeypatch.setenv("KODISC_KEY", " \n")
    assert find_key() is None


def test_an_empty_argument_is_a_mistake_and_not_a_reason_to_look_elsewhere(monkeypatch):
    monkeypatch.setenv("KODISC_KEY", key("bb"))
    with pytest.raises(AuthenticationError, match="The key from the api_key argument is empty"):
        find_key("")


@pytest.mark.parametrize(
    "text", ["two words", "line\nbreak", "nul\0", "clé", "tab\tbed", "’quoted’"]
)
def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(text):
    with pytest.raises(AuthenticationError) as caught:
        find_key(text)
    assert text not in str(caught.value)
    assert "nothing was sent" in str(caught.value)


def test_an_unfamiliar_shape_is_accepted():
    found = find_key("something-new")
    assert not found.is_familiar
    assert Key(key("ab"), "x").is_familiar


def test_without_any_key_a_client_says_where_it_looked():
    with pytest.raises(AuthenticationError) as caught:
        Client()
    assert str(caught.value) == (
        "No API key was found in the api_key argument, KODISC_KEY, Colab's secrets, the system "
        "keyring and this session's login; nothing was sent. Log in, or set KODISC_KEY to your key "
        "from kodisc.com."
    )


def test_colab_that_refuses_its_secret_is_no_key(colab):
    def refuse(name):
        raise RuntimeError("the notebook has no access")

    colab.get = refuse
    assert find_key() is None


def test_colab_is_not_asked_where_it_is_only_installed(monkeypatch, colab):
    monkeypatch.delitem(sys.modules, "google.colab")
    assert find_key() is None


def test_a_broken_keyring_is_never_fatal(keyring):
    def broken(*_):
        raise RuntimeError("no backend")

    keyring.get_password = keyring.set_password = keyring.delete_password = broken
    assert find_key() is None
    assert forget_key() == ()
    with pytest.raises(KodiscError) as caught:
        keep_key(Key(key("dd"), "test"))
    assert str(caught.value) == (
        "The key was not kept: the keyring refused (RuntimeError). It is used for this session "
        "only."
    )
    assert caught.value.__context__ is None


def test_without_the_keyring_package_its_name_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert find_key() is None
    with pytest.raises(KodiscError, match=r"pip install 'kodisc-jupyter\[keyring\]'"):
        keep_key(Key(key("dd"), "test"))


def test_login_asks_checks_and_remembers(api):
    asked = []

    done = login(lambda prompt: asked.append(prompt) or f" {key('ee')} ")

    assert asked == ["Kodisc API key (not shown): "]
    assert done.account.key_prefix == "kdsc_live_dddd"
    assert done.shadowed_by is None
    assert "this session's login" in repr(Client())
    assert key("ee") not in repr(done)


def test_login_says_which_key_comes_before_it(monkeypatch, api):
    monkeypatch.setenv("KODISC_KEY", key("bb"))
    assert login(lambda prompt: key("ee")).shadowed_by == "KODISC_KEY"
    assert login(lambda prompt: key("bb")).shadowed_by is None


def test_a_key_that_was_refused_or_not_checked_is_not_remembered(monkeypatch):
    for error in (AuthenticationError("refused"), NetworkError("no network")):

        def fail(client, error=error):
            raise error

        monkeypatch.setattr(Client, "get_me", fail)
        with pytest.raises(type(error)):
            login(lambda prompt: key("ee"))
        assert find_key() is None


def test_login_with_nothing_typed_is_a_clear_error():
    with pytest.raises(AuthenticationError, match="The key from this session's login is empty"):
        login(lambda prompt: "  ")


def test_logout_forgets_what_was_kept(api):
    done = login(lambda prompt: key("ee"))
    keep_key(done.key)
    assert forget_key() == ("this session's login", "the system keyring")
    assert forget_key() == ()
    assert find_key() is None
