"""A user's regular expression that could slow logging is refused, from every source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metaexpert.logger import ConfigurationError, configuration, configure
from support.control_harness import serving

if TYPE_CHECKING:
    from support.logs import Logs

COSTLY = "a.*z|a"
SAYS = (
    ': "a.*z|a" costs more than the 32 steps per byte of ASCII text that '
    "are allowed: after a match it reads on in search of a better one; bound what follows an optional part, "
    "as in {0,8}, or make two patterns of it"
)


@pytest.fixture
def in_force(logs: Logs) -> Logs:
    """Logging that masks `x+y`."""
    logs.configure(redact={"patterns": ["x+y"]})
    return logs


def assert_refused(logs: Logs, error: ConfigurationError) -> None:
    """Check that the error says what the pattern costs, and that what was in force still is."""
    assert [problem.path for problem in error.problems] == ["redact.patterns"]
    assert SAYS in str(error)
    assert configuration().redact.patterns == ("x+y",)
    logs.logger.info("xxy a..z")
    assert logs.last()["message"] == "*** a..z"


@pytest.mark.parametrize(
    ("patterns", "says"),
    [
        (["[01]*1[01]{14}"], "takes more than the 256 KiB that are allowed; use fewer and smaller"),
        (["(a|b)(a|b)?(a|b)?.{1,30}(a|b)"], "steps per byte of ASCII text, and 32 are allowed"),
        (
            [f"from[^{end}]*{end}" for end in "ABCDEFGHIJKLMNOPQRST"],
            "these cost more than the 32 steps per byte of ASCII text that are allowed for all",
        ),
        ([rf"id{number}\w{{1,20}}" for number in range(90)], "these take more than 4 MiB"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_each_kind_of_cost_is_named(in_force: Logs, patterns: list[str], says: str) -> None:
    """Memory, steps, groups, and the total of many: the error says how much is allowed."""
    with pytest.raises(ConfigurationError, match=r"^redact\.patterns: ") as caught:
        in_force.configure(redact={"patterns": patterns})
    assert says in str(caught.value)
    assert configuration().redact.patterns == ("x+y",)


def test_code_is_refused(in_force: Logs) -> None:
    """The argument of `configure()` is named, with the pattern's cost and the remedy."""
    with pytest.raises(ConfigurationError) as caught:
        in_force.configure(redact={"patterns": ["x+y", COSTLY]})
    assert_refused(in_force, caught.value)


@pytest.mark.parametrize("name", ["c.json", "c.toml"])
def test_a_file_is_refused(in_force: Logs, name: str, tmp_path: Path) -> None:
    """So is a file, by the same words."""
    text = json.dumps({"redact": {"patterns": [COSTLY]}})
    (tmp_path / name).write_text(text if name == "c.json" else f'[redact]\npatterns = ["{COSTLY}"]\n')
    with pytest.raises(ConfigurationError) as caught:
        configure(tmp_path / name)
    assert_refused(in_force, caught.value)


def test_the_environment_is_refused(logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    """So is a variable, which is named."""
    monkeypatch.setenv("METAEXPERT_LOG__REDACT__PATTERNS", json.dumps([COSTLY]))
    with pytest.raises(ConfigurationError) as caught:
        logs.configure()
    assert SAYS in str(caught.value)
    assert "METAEXPERT_LOG__REDACT__PATTERNS (environment)" in str(caught.value)


def test_a_request_is_refused(in_force: Logs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So is a request over HTTP, with the status 400."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with serving() as client:
        answer = client.post({"redact": {"patterns": ["x+y", COSTLY]}})
    assert answer.status == 400
    assert SAYS in answer.message
    assert configuration().redact.patterns == ("x+y",)
    in_force.logger.info("xxy a..z")
    assert in_force.messages()[-1] == "*** a..z"
