"""Over HTTP redaction can become stricter, and weaker only if a program with a token allows it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.cli.app import run_command_line
from metaexpert.logger import ConfigurationError, LogConfiguration, configuration, configure, serve
from metaexpert.logger.control import lifecycle
from metaexpert.logger.live import changes, watch
from support.control_harness import Client, eventually

if TYPE_CHECKING:
    from support.logs import Logs

TOKEN = "t0ken"
START = {"keys": ["account", "desk", "-signature"], "patterns": ["acct-[0-9]+", "id-[0-9]+"]}
PRESET = LogConfiguration.for_development().model_dump(mode="json", include={"redact", "default_level"})

WEAKER: dict[str, tuple[dict[str, Any], str]] = {
    "a key fewer": ({"redact": {"keys": ["account", "-signature"]}}, 'redact.keys must keep "desk"'),
    "no keys": ({"redact": {"keys": []}}, 'redact.keys must keep "account", "desk"'),
    "other keys": ({"redact": {"keys": ["order"]}}, 'redact.keys must keep "account", "desk"'),
    "an exemption": (
        {"redact": {"keys": [*START["keys"], "-password"]}},
        'redact.keys must not exempt "-password"',
    ),
    "a key turned into one": (
        {"redact": {"keys": ["account", "-desk", "-signature"]}},
        'redact.keys must keep "desk"',
    ),
    "a pattern fewer": ({"redact": {"patterns": ["id-[0-9]+"]}}, 'redact.patterns must keep "acct-[0-9]+"'),
    "a pattern that comes first": (
        {"redact": {"patterns": ["acct", *START["patterns"]]}},
        'redact.patterns must begin with "acct-[0-9]+", "id-[0-9]+"',
    ),
    "no built-in names": ({"redact": {"defaults": False}}, "redact.defaults must stay true"),
    "the default keys": ({"redact": {"keys": None}}, "redact.keys must keep"),
    "the defaults": ({"redact": None}, "redact.patterns must keep"),
    "a preset": (PRESET, "redact.keys must keep"),
    "for a while": ({"redact": {"defaults": False}, "ttl_seconds": 600}, "redact.defaults must stay true"),
}
STRICTER: dict[str, dict[str, Any]] = {
    "a key more": {"keys": [*START["keys"], "order"]},
    "no exemption": {"keys": ["desk", "account"]},
    "a pattern more": {"patterns": [*START["patterns"], "x"]},
    "the same": START,
}


@pytest.fixture
def start(logs: "Logs", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["Logs"]:
    """A program that masks more than what is built in."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    logs.configure(redact=START)
    yield logs
    changes.stop()
    lifecycle.stop()
    watch.stop()


@contextlib.contextmanager
def asking(**options: Any) -> Iterator[Client]:
    """Have the control server asked."""
    client = Client(serve(**options))
    try:
        yield client
    finally:
        client.connection.close()


def told(client: Client, document: Any, **headers: str) -> str:
    """Return the message of a change that is refused."""
    answer = client.post(document, **headers)
    assert answer.status == 400
    return answer.message


@pytest.mark.parametrize("token", [None, TOKEN])
@pytest.mark.parametrize("weaker", WEAKER)
def test_what_shows_more_is_refused(weaker: str, token: str | None, start: "Logs") -> None:
    """However it is asked for, with a token and without; nothing is changed, the field is named."""
    document, words = WEAKER[weaker]
    before = configuration()
    with asking(token=token) as client:
        message = told(client, document, authorization=f"Bearer {token}")

    assert words in message
    assert "control.allow_weaker_redaction" in message
    assert configuration() is before


@pytest.mark.parametrize("stricter", STRICTER)
def test_what_shows_less_is_done(stricter: str, start: "Logs") -> None:
    """Without a token as well, and from then on it cannot be taken away again."""
    with asking() as client:
        assert client.post({"redact": STRICTER[stricter]}).status == 200
        if stricter in ("a key more", "a pattern more"):
            assert "must keep" in told(client, {"redact": START})

    redact = configuration().redact
    for name, items in STRICTER[stricter].items():
        assert set(getattr(redact, name)) == set(items)


def test_a_stricter_change_for_a_while_is_taken_back(start: "Logs") -> None:
    """The previous configuration is in force again, without a request."""
    with asking() as client:
        more = {"keys": [*START["keys"], "order"]}
        assert client.post({"redact": more, "ttl_seconds": 0.1}).status == 200
        eventually(lambda: configuration().redact.keys == tuple(START["keys"]), "it is over")
        assert client.post({"default_level": "ERROR"}).status == 200


def test_a_program_may_allow_it_with_a_token(start: "Logs") -> None:
    """Its configuration says so, and the request brings the token."""
    start.configure(redact=START, control={"token": TOKEN, "allow_weaker_redaction": True})
    server = lifecycle._control.server
    assert server is not None
    client = Client(server)
    assert client.post({"redact": {"defaults": False}}).status == 401
    assert (
        client.post({"redact": {"defaults": False, "keys": []}}, authorization=f"Bearer {TOKEN}").status
        == 200
    )
    client.connection.close()

    assert (configuration().redact.defaults, configuration().redact.keys) == (False, ())


def test_a_server_without_a_token_allows_nothing(start: "Logs") -> None:
    """One that code has put in the place of the configuration's may have none."""
    start.configure(redact=START, control={"token": TOKEN, "allow_weaker_redaction": True})
    with asking() as client:
        assert "redact.defaults must stay true" in told(client, {"redact": {"defaults": False}})


def test_it_can_be_allowed_with_a_token_alone_and_not_over_http(start: "Logs") -> None:
    """Who may reconfigure may not widen what reconfiguring is allowed to do, nor end it."""
    with pytest.raises(
        ConfigurationError, match=r"allow_weaker_redaction must not be true without control\.token"
    ):
        configure(control={"allow_weaker_redaction": True})

    with asking(token=TOKEN) as client:
        for control in ({"allow_weaker_redaction": True}, {"directories": ["/"]}, {}):
            message = told(client, {"control": control}, authorization=f"Bearer {TOKEN}")
            assert "control must not be changed at run time" in message
    start.configure(control={"token": TOKEN})
    with asking(token=TOKEN) as client:
        message = told(client, {"control": None}, authorization=f"Bearer {TOKEN}")
        assert "control must not be changed at run time" in message


def test_what_a_file_adds_later_is_masked_too(start: "Logs", tmp_path: Path) -> None:
    """A list from HTTP does not hide what the program's own files ask for afterwards."""
    with asking() as client:
        assert client.post({"redact": {"keys": [*START["keys"], "order"]}}).status == 200

    start.configure(redact={"keys": ["account", "fund"]})

    assert set(configuration().redact.keys) >= {"account", "desk", "order", "fund"}


def test_the_command_line_goes_the_same_way(start: "Logs", capsys: pytest.CaptureFixture[str]) -> None:
    """`logs configure` is refused with what the server says."""
    with asking() as client:
        code = run_command_line(
            ["logs", "configure", "--url", client.server.url, "--set", "redact.defaults=false"]
        )

    assert code == 2
    assert capsys.readouterr().err.startswith("error: redact.defaults must stay true when set at run time")


def test_a_pattern_that_is_added_takes_nothing_from_those_in_force(start: "Logs") -> None:
    """It is looked for in what they have left, however often patterns are added."""
    with asking() as client:
        for added in (["of acct"], ["of acct", "for id", "(l)ogin"]):
            assert client.post({"redact": {"patterns": [*START["patterns"], *added]}}).status == 200
            start.logger.info("login of acct-4711 for id-12")
        assert client.post({"redact": {"patterns": [*START["patterns"], "of acct"]}}).status == 400
    configure(redact=START)

    messages = [record["message"] for record in start.records() if record["module"] == "bot"]
    assert messages == ["login of *** for ***", "***ogin of *** for ***"]
