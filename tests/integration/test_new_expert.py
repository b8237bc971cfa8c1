"""`metaexpert new` writes strategy files that run."""

import py_compile
import subprocess
import sys
from importlib import resources

import pytest

from support.command_process import environment, metaexpert, write_bars


@pytest.mark.parametrize("arguments", [("new", "my_expert"), ("--new", "my_expert"), ("new", "my_expert.py")])
def test_new_writes_the_template(tmp_path, arguments):
    """Both forms of the command write the template as it is."""
    done = metaexpert(tmp_path, *arguments)
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "my_expert.py is written; try it: metaexpert backtest my_expert.py --data CSV\n"
        "a CSV to begin with: metaexpert demo --save-data BTCUSDT-1m.csv\n"
    )
    written = (tmp_path / "my_expert.py").read_text(encoding="utf-8")
    assert written == resources.files("metaexpert").joinpath("template.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("template", ["full", "minimal"])
def test_new_strategy_runs_unedited(tmp_path, template):
    """A fresh strategy file compiles and runs to the end of the data."""
    metaexpert(tmp_path, "new", "mine", "--template", template)
    py_compile.compile(str(tmp_path / "mine.py"), doraise=True)
    data = write_bars(tmp_path / "btcusdt_1m.csv", 600)
    done = metaexpert(tmp_path, "backtest", "mine.py", "--data", data, "--json")
    assert (done.code, done.figures["events"], done.figures["handler_errors"]) == (0, 600, 0)


@pytest.mark.parametrize("way", [("mine.py",), ("-m", "metaexpert", "run", "mine.py")])
def test_new_strategy_without_data_says_what_to_type(tmp_path, way):
    """Each command that the error names works as it is written."""
    metaexpert(tmp_path, "new", "mine")
    done = subprocess.run(
        [sys.executable, *way], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: paper mode without data needs an exchange connection, not in this release; "
        "type: metaexpert backtest mine.py --data CSV, or: metaexpert run mine.py --mode paper --data CSV; "
        "a CSV to begin with: metaexpert demo --save-data BTCUSDT-1m.csv\n"
    )
    for command in (
        "demo --bars 300 --save-data C",
        "backtest mine.py --data C",
        "run mine.py --mode paper --data C",
    ):
        assert metaexpert(tmp_path, *command.split()).code == 0


def test_new_never_overwrites(tmp_path):
    """A second `new` of the same name fails and leaves the file alone."""
    (tmp_path / "mine.py").write_text("precious")
    done = metaexpert(tmp_path, "new", "mine")
    assert (done.code, done.out) == (2, "")
    assert "mine.py exists already" in done.err
    assert (tmp_path / "mine.py").read_text() == "precious"


def test_bad_name_is_told(tmp_path):
    """A name that is not an identifier is refused, with one that works."""
    done = metaexpert(tmp_path, "new", "my-expert")
    assert done.code == 2
    assert 'such as "my_expert"' in done.err
    assert list(tmp_path.iterdir()) == []


def test_unknown_template_is_told(tmp_path):
    """The message lists the templates there are."""
    done = metaexpert(tmp_path, "new", "mine", "--template", "huge")
    assert done.code == 2
    assert "full" in done.err
    assert "minimal" in done.err
