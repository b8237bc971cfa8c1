"""Facts about `ConfigurationError`, which names every bad field at once."""

import pickle

from metaexpert.logger.errors import ConfigurationError, Problem, did_you_mean, requirement, shown


def test_a_requirement_reads_on_from_its_path() -> None:
    """The message is one sentence: the field, what it must be, what it was, what to do."""
    problem = requirement(
        "handlers.file.max_size", "be 0 or at least 4096 bytes", 100, "use 0 for no rotation"
    )

    assert (
        str(problem)
        == "handlers.file.max_size must be 0 or at least 4096 bytes, was 100; use 0 for no rotation"
    )


def test_a_finding_follows_a_colon() -> None:
    """A reason that is no requirement is set apart from the path."""
    problem = Problem("default_level", 'unknown level "INF0"', "INF0", suggestion='did you mean "INFO"?')

    assert str(problem) == 'default_level: unknown level "INF0"; did you mean "INFO"?'


def test_str_lists_every_problem_on_its_own_line_once() -> None:
    """Two problems give two lines; the same sentence twice gives one."""
    first, second = Problem("a", "must be set"), Problem("b", "must be set")

    assert str(ConfigurationError([first, second, first])) == "a must be set\nb must be set"


def test_it_is_a_value_error_and_accepts_a_plain_message() -> None:
    """Callers who catch ValueError catch it, and a message without a field stands alone."""
    error = ConfigurationError("nothing to read")

    assert isinstance(error, ValueError)
    assert str(error) == "nothing to read"
    assert error.problems[0].path == ""


def test_a_variable_is_named_instead_of_the_field_it_sets() -> None:
    """The reader is told what to edit: the variable and where it is."""
    problem = requirement("handlers.file.max_size", "be an integer number of bytes", "ten")

    blamed = problem.attributed("environment LOG_MAX_SIZE")
    nested = problem.attributed(".env METAEXPERT_LOG__HANDLERS__FILE__MAX_SIZE")
    table = problem.attributed("environment METAEXPERT_LOG__HANDLERS")

    assert str(blamed) == 'LOG_MAX_SIZE (environment) must be an integer number of bytes, was "ten"'
    assert str(nested).startswith("METAEXPERT_LOG__HANDLERS__FILE__MAX_SIZE (.env) must")
    assert str(table).startswith("METAEXPERT_LOG__HANDLERS (environment), handlers.file.max_size must")


def test_a_file_is_named_beside_the_field() -> None:
    """A value from a file says which file; one from code needs no more than its path."""
    problem = Problem("default_level", "must be set")

    assert str(problem.attributed("metaexpert.toml")) == "default_level (metaexpert.toml) must be set"
    assert str(problem.attributed("code")) == "default_level must be set"


def test_a_value_that_may_be_a_secret_is_not_shown() -> None:
    """A token of the wrong type does not reach the message."""
    assert "s3cret" not in str(requirement("control.token", "be text", ["s3cret"]))


def test_values_are_shown_on_one_short_line() -> None:
    """Line breaks are escaped, long values cut, and values JSON does not know shown as Python does."""
    assert shown("a\nb") == '"a\\nb"'
    assert len(shown("x" * 10_000)) < 100
    assert shown({1, 2}) == '"{1, 2}"'


def test_a_problem_is_one_printable_line_whatever_it_quotes() -> None:
    """Line separators and terminal escapes in names and values cannot forge lines of a log."""
    problem = requirement("a\nb\x1b[31m", "be set", "x\u2028y\x85z", "did you mean \r?")

    assert str(problem).isprintable()
    assert len(str(ConfigurationError([problem])).splitlines()) == 1


def test_a_circular_value_is_described_by_its_type() -> None:
    """A message can be made for any value at all."""
    circular: list[object] = []
    circular.append(circular)

    assert shown(circular) == "a value of type list"


def test_near_misses_ignore_case_and_far_ones_give_nothing() -> None:
    """A suggestion is made only when one candidate is near."""
    assert did_you_mean("inf0", ["INFO", "ERROR"]) == 'did you mean "INFO"?'
    assert did_you_mean("zzzz", ["INFO", "ERROR"]) is None


def test_the_error_survives_pickling() -> None:
    """A worker process can hand the error to its parent with every problem."""
    error = ConfigurationError([Problem("a", "must be set", allowed=("x",)), Problem("b", "unknown setting")])

    copy = pickle.loads(pickle.dumps(error))

    assert str(copy) == str(error)
    assert copy.problems == error.problems
