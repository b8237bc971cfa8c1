"""Facts about where a configuration comes from, and which source wins."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaexpert.logger.config.layer import Layer
from metaexpert.logger.config.legacy import log_config_document
from metaexpert.logger.config.loading import DictConfig, load_config, load_layers
from metaexpert.logger.config.models import LogConfiguration
from metaexpert.logger.config.pile import resolve
from metaexpert.logger.config.sources import Sources
from metaexpert.logger.errors import ConfigurationError

LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
SOURCES = ["pyproject", "toml", "dotenv", "environment", "code", "command line", "runtime"]


def code(**values: Any) -> Layer:
    """Return the layer of a `configure(**values)` call."""
    layer = load_config(None, values)
    assert isinstance(layer, Layer)
    return layer


def discovered(directory: Path, **environ: str) -> LogConfiguration:
    """Return what files in `directory` and these variables make."""
    return Sources.discover(environ, directory).resolve()


def refusal(directory: Path, **environ: str) -> str:
    """Return the message that files and variables are refused with."""
    with pytest.raises(ConfigurationError) as caught:
        discovered(directory, **environ)
    return str(caught.value)


def test_with_no_source_at_all_everything_is_default(tmp_path: Path) -> None:
    """An empty directory and environment give the defaults, and no value has another source."""
    configuration = discovered(tmp_path)

    assert configuration == LogConfiguration()
    assert dict(configuration.origins) == {}
    assert configuration.origin("default_level") == "default"


@pytest.mark.parametrize("highest", range(len(SOURCES)))
def test_each_source_beats_all_below_it(tmp_path: Path, highest: int) -> None:
    """With all sources up to one naming a value, that one wins, and is named as the origin."""
    values = [f"x{number}" for number in range(len(SOURCES))]
    environ: dict[str, str] = {}
    if highest >= 0:
        (tmp_path / "pyproject.toml").write_text(f'[tool.metaexpert.log]\nlog_file_path = "{values[0]}"\n')
    if highest >= 1:
        (tmp_path / "metaexpert.toml").write_text(f'log_file_path = "{values[1]}"\n')
    if highest >= 2:
        (tmp_path / ".env").write_text(f"METAEXPERT_LOG__LOG_FILE_PATH={values[2]}\n")
    if highest >= 3:
        environ["METAEXPERT_LOG__LOG_FILE_PATH"] = values[3]
    sources = Sources.discover(environ, tmp_path)
    if highest >= 4:
        sources = sources.with_code(code(log_file_path=values[4]))
    if highest >= 5:
        sources = sources.with_command_line({"log_file_path": values[5]})
    if highest >= 6:
        values[6] = "x5/inside"
        sources = sources.with_runtime({"log_file_path": values[6]})

    configuration = sources.resolve()

    assert configuration.log_file_path == values[highest]
    assert (
        configuration.origin("log_file_path")
        == [
            "pyproject.toml [tool.metaexpert.log]",
            "metaexpert.toml",
            ".env METAEXPERT_LOG__LOG_FILE_PATH",
            "environment METAEXPERT_LOG__LOG_FILE_PATH",
            "code",
            "command line",
            "runtime",
        ][highest]
    )


# What layers of several sources may say; each path is independent of the others.
SETTINGS = {
    "default_level": LEVELS,
    "handlers.file.level": LEVELS,
    "handlers.file.max_size": [0, 4096, 8192],
    "handlers.errors.backup_count": [1, 2, 3],
    "queue.wait_ms": [0, 1, 2],
    "loggers.a": LEVELS,
    "include": [["caller"], ["run_id"], []],
}
SAID = st.dictionaries(st.sampled_from(sorted(SETTINGS)), st.integers(0, 2), max_size=4)


@given(st.lists(SAID, min_size=1, max_size=5))
def test_every_value_is_that_of_the_highest_layer_naming_it(layers: list[dict[str, int]]) -> None:
    """Each setting has value and origin of the last layer that says it, or its default."""
    documents: list[Layer] = []
    expected: dict[str, tuple[Any, str]] = {}
    for number, said in enumerate(layers):
        document: dict[str, Any] = {}
        for path, index in said.items():
            *tables, last = path.split(".")
            table = document
            for step in tables:
                table = table.setdefault(step, {})
            table[last] = SETTINGS[path][index]
            expected[path] = (SETTINGS[path][index], f"layer {number}")
        documents.append(Layer(f"layer {number}", document))

    configuration = resolve(documents)

    dump, standard = configuration.model_dump(mode="json"), LogConfiguration().model_dump(mode="json")
    assert dict(configuration.origins) == {path: origin for path, (_, origin) in expected.items()}
    for path in SETTINGS:
        found, default = dump, standard
        for step in path.split("."):
            found, default = found.get(step), default.get(step)
        if path in expected:
            assert found == expected[path][0]
        elif path not in ("handlers.file.level",):
            assert found == default


def test_handlers_merge_by_name_and_field(tmp_path: Path) -> None:
    """A file names the size, the environment the level, code the format: all three hold."""
    (tmp_path / "metaexpert.toml").write_text("[log.handlers.file]\nmax_size = 8192\n")
    environ = {"METAEXPERT_LOG__HANDLERS__FILE__LEVEL": "error"}

    configuration = (
        Sources.discover(environ, tmp_path).with_code(code(handlers={"file": {"format": "text"}})).resolve()
    )

    file = configuration.active_handlers()["file"]
    assert (file.max_size, file.level, file.format, file.filename) == (8192, "ERROR", "text", "expert.log")
    assert configuration.origin("handlers.file") == (
        "metaexpert.toml, environment METAEXPERT_LOG__HANDLERS__FILE__LEVEL, code"
    )


def test_a_removal_in_code_beats_a_file_and_can_be_taken_back(tmp_path: Path) -> None:
    """None removes what lower sources say; naming the handler again brings it back."""
    (tmp_path / "metaexpert.toml").write_text('[handlers.console]\nformat = "text"\n')
    removed = Sources.discover({}, tmp_path).with_code(code(handlers={"console": None}))
    again = removed.with_code(code(handlers={"console": {"level": "ERROR"}}))

    assert "console" not in removed.resolve().active_handlers()
    assert removed.resolve().origin("handlers.console") == "code"
    assert again.resolve().active_handlers()["console"].level == "ERROR"
    assert again.resolve().active_handlers()["console"].format == "text"


def test_toml_removes_a_handler_with_false(tmp_path: Path) -> None:
    """A file can switch the console off."""
    (tmp_path / "metaexpert.toml").write_text("[log.handlers]\nconsole = false\n")

    assert "console" not in discovered(tmp_path).active_handlers()


def test_what_a_later_call_does_not_name_keeps_its_value() -> None:
    """Two calls of `configure` add up."""
    sources = Sources().with_code(code(default_level="DEBUG", include=["caller"]))

    configuration = sources.with_code(code(include=["run_id"])).resolve()

    assert configuration.default_level == "DEBUG"
    assert configuration.include == ("run_id",)


def test_a_none_in_code_brings_the_default_back(tmp_path: Path) -> None:
    """None for a single setting is the way back from what a file says."""
    (tmp_path / "metaexpert.toml").write_text('default_level = "ERROR"\n')

    configuration = Sources.discover({}, tmp_path).with_code(code(default_level=None)).resolve()

    assert configuration.default_level == "INFO"


def test_a_configuration_object_is_complete() -> None:
    """What is passed is what is in force, whatever was said in code or environment before."""
    wanted = LogConfiguration.for_production()
    sources = Sources.discover({"METAEXPERT_LOG__INCLUDE": "caller"}, Path("no-such-directory"))
    sources = sources.with_code(code(handlers={"extra": {"type": "file"}}, default_level="DEBUG"))

    layer = load_config(wanted)
    assert isinstance(layer, Layer)
    configuration = sources.with_code(layer).resolve()

    assert configuration == wanted
    assert configuration.origin("queue.capacity_bytes") == "preset production"


def test_a_resolved_configuration_can_be_put_back_exactly(tmp_path: Path) -> None:
    """`configure(configuration())` changes nothing, not even where values came from."""
    before = discovered(tmp_path, LOG_LEVEL="DEBUG", METAEXPERT_LOG__HANDLERS__TRADES="none")

    layer = load_config(before)
    assert isinstance(layer, Layer)
    after = Sources().with_code(layer).resolve()

    assert after == before
    assert after.origins == before.origins


def test_an_updated_copy_is_taken_whole() -> None:
    """`model_copy(update=…)` is obeyed although it is not validated by pydantic."""
    layer = load_config(LogConfiguration().model_copy(update={"default_level": "ERROR"}))
    assert isinstance(layer, Layer)

    assert Sources().with_code(layer).resolve().default_level == "ERROR"


def test_defaults_that_follow_others_still_do_after_a_configuration_object() -> None:
    """Asking for DEBUG after `configure(LogConfiguration())` shows DEBUG on the console."""
    layer = load_config(LogConfiguration())
    assert isinstance(layer, Layer)

    configuration = Sources().with_code(layer).with_code(code(default_level="DEBUG")).resolve()

    assert configuration.active_handlers()["console"].level == "DEBUG"


def test_overrides_beat_the_mapping_beside_them() -> None:
    """`configure({...}, default_level=…)` takes the keyword."""
    layer = load_config({"default_level": "DEBUG", "include": ["caller"]}, {"default_level": "ERROR"})
    assert isinstance(layer, Layer)

    configuration = resolve([layer])

    assert (configuration.default_level, configuration.include) == ("ERROR", ("caller",))


@pytest.mark.parametrize(
    "content",
    [
        'default_level = "ERROR"',
        '[log]\ndefault_level = "ERROR"',
        '[tool.metaexpert.log]\ndefault_level = "ERROR"',
    ],
)
def test_a_toml_path_is_read_with_or_without_its_table(tmp_path: Path, content: str) -> None:
    """A file given to `configure` may be ours alone or a project's, and is named as the origin."""
    file = tmp_path / "my log.toml"
    file.write_text(content)

    layer = load_config(file)
    assert isinstance(layer, Layer)

    assert resolve([layer]).default_level == "ERROR"
    assert resolve([layer]).origin("default_level") == "my log.toml"


def test_a_json_path_is_read_and_blamed(tmp_path: Path) -> None:
    """A bad value in a file given to `configure` names the file."""
    file = tmp_path / "log.json"
    file.write_text(json.dumps({"handlers": {"file": {"max_size": 1}}}))
    layer = load_config(str(file))
    assert isinstance(layer, Layer)

    with pytest.raises(
        ConfigurationError, match=r"handlers\.file\.max_size \(log\.json\) must be 0 or at least 4096"
    ):
        resolve([layer])


@pytest.mark.parametrize("as_file", [True, False])
def test_a_dictconfig_document_is_recognised(tmp_path: Path, as_file: bool) -> None:
    """By its version, in a file and in a mapping, with its texts made booleans."""
    document = {"version": 1, "loggers": {"a": {"propagate": "no"}}}
    file = tmp_path / "logging.json"
    file.write_text(json.dumps(document))

    found = load_config(file if as_file else document)

    assert found == DictConfig({"version": 1, "loggers": {"a": {"propagate": False}}})
    with pytest.raises(ConfigurationError, match="takes no other settings, got default_level"):
        load_config(document, {"default_level": "INFO"})


@pytest.mark.parametrize("config", [5, b"log.json", ["a"], object()])
def test_what_is_no_configuration_is_refused(config: Any) -> None:
    """A wrong argument says what the right ones are."""
    with pytest.raises(ConfigurationError, match="config must be a LogConfiguration, a mapping or a path"):
        load_config(config)


def test_a_setting_at_the_top_and_under_log_is_ambiguous(tmp_path: Path) -> None:
    """Two places for one setting in one file is an error naming it."""
    (tmp_path / "metaexpert.toml").write_text('default_level = "INFO"\n[log]\ndefault_level = "DEBUG"\n')

    assert "default_level (metaexpert.toml): given both at the top and under [log]" in refusal(tmp_path)


def test_broken_project_files_are_named(tmp_path: Path) -> None:
    """A syntax error in a file of the current directory is not passed over."""
    (tmp_path / "metaexpert.toml").write_text("default_level = \n")
    assert "metaexpert.toml: not valid TOML" in refusal(tmp_path)

    (tmp_path / "metaexpert.toml").write_text("log = 5\n")
    assert refusal(tmp_path) == "log (metaexpert.toml) must be a table, was 5"


def test_a_pyproject_of_others_says_nothing(tmp_path: Path) -> None:
    """A project without our table has no part in the configuration."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.metaexpert]\nother = 1\n')

    assert dict(discovered(tmp_path).origins) == {}


def test_problems_of_all_sources_are_told_together_each_with_its_source(tmp_path: Path) -> None:
    """One error lists them all, and each line names what to edit."""
    (tmp_path / "pyproject.toml").write_text("[tool.metaexpert.log.queue]\nwait_ms = -1\n")
    (tmp_path / "metaexpert.toml").write_text('field_layout = "deep"\n')
    (tmp_path / ".env").write_text("LOG_MAX_SIZE=ten\n")
    sources = Sources.discover({"METAEXPERT_LOG__DEFAULT_LEVEL": "INF0"}, tmp_path).with_code(code(quue=1))

    with pytest.raises(ConfigurationError) as caught:
        sources.resolve()

    assert sorted(str(caught.value).splitlines()) == [
        'LOG_MAX_SIZE (.env) must be an integer number of bytes, was "ten"',
        'METAEXPERT_LOG__DEFAULT_LEVEL (environment): unknown level "INF0"; did you mean "INFO"?',
        'field_layout (metaexpert.toml) must be one of flat, nested, was "deep"',
        "queue.wait_ms (pyproject.toml [tool.metaexpert.log]) must be at least 0 milliseconds, was -1",
        'quue: unknown setting; did you mean "queue"?',
    ]


def test_a_change_at_run_time_stays_inside_the_log_directory(tmp_path: Path) -> None:
    """Whoever may only reconfigure may not write files elsewhere, whichever way it is spelled."""
    start = Sources().with_code(code(log_file_path=str(tmp_path / "logs")))
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "link").symlink_to(tmp_path)

    inside = start.with_runtime({"handlers": {"file": {"filename": str(tmp_path / "logs" / "x.log")}}})
    assert inside.resolve().origin("handlers.file.filename") == "runtime"
    for change in (
        {"handlers": {"file": {"filename": str(tmp_path / "x.log")}}},
        {"handlers": {"file": {"filename": "link/x.log"}}},
        {"log_file_path": str(tmp_path)},
        {"log_file_path": str(tmp_path / "logs" / ".." / "other")},
        # A handler's name is its file's name where none is given.
        {"handlers": {str(tmp_path / "x"): {"type": "file"}}},
        {"log_file_path": str(tmp_path / "logs" / "link")},
    ):
        with pytest.raises(ConfigurationError, match="must lie in the log directory when set at run time"):
            start.with_runtime(change).resolve()


def test_files_may_be_named_in_the_directories_of_control(tmp_path: Path) -> None:
    """`control.directories` are where run-time changes may name files, in place of the log directory."""
    control = {"directories": [str(tmp_path / "extra")]}
    start = Sources().with_code(code(log_file_path=str(tmp_path / "logs"), control=control))

    def named(path: Path) -> Sources:
        return start.with_runtime({"handlers": {"file": {"filename": str(path)}}})

    assert named(tmp_path / "extra" / "x.log").resolve().origin("handlers.file.filename") == "runtime"
    with pytest.raises(ConfigurationError, match=r"must lie in one of control\.directories"):
        named(tmp_path / "logs" / "x.log").resolve()


def test_a_file_named_in_code_may_stay_where_it_is(tmp_path: Path) -> None:
    """A run-time change of something else does not blame a file that the program itself put elsewhere."""
    file = {"filename": str(tmp_path / "elsewhere" / "x.log")}
    start = Sources().with_code(code(log_file_path=str(tmp_path / "logs"), handlers={"file": file}))

    after = start.with_runtime({"default_level": "DEBUG", "handlers": {"file": {"level": "ERROR"}}}).resolve()

    assert (after.default_level, after.handlers["file"].filename) == ("DEBUG", file["filename"])


def test_a_change_at_run_time_can_be_taken_back() -> None:
    """What is left is what there would be if it had never been made: later changes stay."""
    sources = Sources().with_runtime({"default_level": "ERROR"})
    sources = sources.with_runtime({"default_level": "DEBUG", "include": ["caller"]}, number=1)
    sources = sources.with_runtime({"include": ["run_id"]})

    before, after = sources.resolve(), sources.without_runtime(1).resolve()

    assert (before.default_level, before.include) == ("DEBUG", ("run_id",))
    assert (after.default_level, after.include) == ("ERROR", ("run_id",))


def test_lasting_changes_at_run_time_are_kept_as_one() -> None:
    """A thousand changes do not make a thousand layers."""
    sources = Sources()
    for number in range(1000):
        sources = sources.with_runtime({"queue": {"wait_ms": number}})

    assert len(sources.runtime) == 1
    assert sources.resolve().queue.wait_ms == 999


def test_files_that_have_a_part_are_known(tmp_path: Path) -> None:
    """The files that values came from are named, whichever way they came in, and no others."""
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    (tmp_path / "metaexpert.toml").write_text('default_level = "DEBUG"\n')
    (tmp_path / ".env").write_text("LOG_LEVEL=INFO\n")
    (tmp_path / "prod.toml").write_text("include = []\n")
    layers = load_layers(tmp_path / "prod.toml", {"default_level": "ERROR"})
    assert isinstance(layers, tuple)

    sources = Sources.discover({}, tmp_path).with_code(*layers)

    assert sources.files() == tuple(str(tmp_path / name) for name in ("metaexpert.toml", ".env", "prod.toml"))


def test_reloading_reads_all_files_again(tmp_path: Path) -> None:
    """A file given in code keeps its place below what code said later, and its origin."""
    prod = tmp_path / "prod.toml"
    prod.write_text('default_level = "DEBUG"\ninclude = ["caller"]\n')
    layers = load_layers(prod, {"default_level": "ERROR"})
    assert isinstance(layers, tuple)
    sources = Sources.discover({}, tmp_path).with_code(*layers)

    prod.write_text('default_level = "INFO"\ninclude = ["run_id"]\n')
    (tmp_path / "metaexpert.toml").write_text('field_layout = "nested"\n')
    configuration = sources.reloaded().resolve()

    assert (configuration.default_level, configuration.include) == ("ERROR", ("run_id",))
    assert configuration.origin("include") == "prod.toml"
    assert configuration.field_layout == "nested"


def test_a_file_configured_twice_counts_once(tmp_path: Path) -> None:
    """Configuring from the same file again and again does not pile up layers."""
    prod = tmp_path / "prod.toml"
    prod.write_text('default_level = "DEBUG"\n')
    sources = Sources()
    for _ in range(50):
        layers = load_layers(prod)
        assert isinstance(layers, tuple)
        sources = sources.with_code(*layers, code(include=["caller"]))

    assert len(sources.code) <= 3
    assert (sources.resolve().default_level, sources.resolve().include) == ("DEBUG", ("caller",))


def test_a_refused_change_leaves_the_sources_as_they_were() -> None:
    """The sources before a bad call still resolve to what they did."""
    sources = Sources().with_code(code(default_level="DEBUG"))

    with pytest.raises(ConfigurationError):
        sources.with_code(code(default_level="x")).resolve()

    assert sources.resolve().default_level == "DEBUG"


def test_refreshing_reads_files_again_and_keeps_code(tmp_path: Path) -> None:
    """A changed file counts at the next reading."""
    sources = Sources.discover({}, tmp_path).with_code(code(include=["caller"]))
    (tmp_path / "metaexpert.toml").write_text('default_level = "ERROR"\n')

    configuration = sources.refreshed({}, tmp_path).resolve()

    assert (configuration.default_level, configuration.include) == ("ERROR", ("caller",))


def test_log_config_names_a_document_that_need_not_exist(tmp_path: Path) -> None:
    """Unset, empty or missing means the default set-up; a file that is there is read."""
    (tmp_path / "logging.json").write_text('{"version": 1}')
    (tmp_path / "bad.json").write_text("{}")

    assert log_config_document({}, tmp_path) is None
    assert log_config_document({"LOG_CONFIG": " "}, tmp_path) is None
    assert log_config_document({"LOG_CONFIG": "none.json"}, tmp_path) is None
    assert log_config_document({"LOG_CONFIG": "logging.json"}, tmp_path) == {"version": 1}
    (tmp_path / ".env").write_text("LOG_CONFIG=logging.json\n")
    assert log_config_document({}, tmp_path) == {"version": 1}
    assert log_config_document({"LOG_CONFIG": ""}, tmp_path) is None
    with pytest.raises(ConfigurationError, match=r"bad\.json: version must be 1"):
        log_config_document({"LOG_CONFIG": "bad.json"}, tmp_path)


def test_a_current_directory_that_is_gone_has_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Configuring from a deleted directory is no error as long as nothing is read from it."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    sources = Sources.discover({"LOG_LEVEL": "DEBUG"})

    assert sources.resolve().default_level == "DEBUG"
    with pytest.raises(ConfigurationError, match="no such file"):
        load_config("log.toml")


def test_files_of_the_current_directory_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without arguments, this process's environment and directory are read."""
    (tmp_path / "metaexpert.toml").write_text('default_level = "ERROR"\n')
    (tmp_path / ".env").write_text("LOG_FILE=bot.log\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("METAEXPERT_LOG__INCLUDE", "caller")

    configuration = Sources.discover().resolve()

    assert configuration.origin("default_level") == "metaexpert.toml"
    assert configuration.origin("handlers.file.filename") == ".env LOG_FILE"
    assert configuration.origin("include") == "environment METAEXPERT_LOG__INCLUDE"


def test_two_spellings_of_one_file_are_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An absolute name of another handler's file is found, in the default directory as well."""
    monkeypatch.chdir(tmp_path)
    name = str(tmp_path / "logs" / "expert.log")

    with pytest.raises(
        ConfigurationError, match=r"handlers\.errors\.filename must not be a file of handlers\.file"
    ):
        resolve([code(handlers={"errors": {"filename": name}})])
