"""Facts about the flags that the native module is compiled with."""

from pathlib import Path

import pytest

from pgo.flags import compiler, profile_of, with_profile

COMPILER = "1.99.0-x86_64-unknown-linux-gnu"


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """A profile for `COMPILER`, in a directory with a blank in its name."""
    file = profile_of(COMPILER, tmp_path / "a b")
    file.parent.mkdir()
    file.write_bytes(b"profile")
    return file


def test_the_profile_of_the_compiler_is_used(profile: Path) -> None:
    """It is a single flag, whatever its path."""
    environ = with_profile({"HOME": "/home"}, COMPILER, profile.parent)

    assert environ == {"HOME": "/home", "CARGO_ENCODED_RUSTFLAGS": f"-Cprofile-use={profile}"}


def test_flags_that_are_there_are_kept(profile: Path) -> None:
    """Cargo reads one of two variables; both are honoured in its order of preference."""
    flag = f"-Cprofile-use={profile}"

    plain = with_profile({"RUSTFLAGS": "-Cx=1  -Cy"}, COMPILER, profile.parent)
    encoded = with_profile(
        {"RUSTFLAGS": "-Cz", "CARGO_ENCODED_RUSTFLAGS": "-Cx\x1f1 2"}, COMPILER, profile.parent
    )

    assert plain["CARGO_ENCODED_RUSTFLAGS"] == f"-Cx=1\x1f-Cy\x1f{flag}"
    assert encoded["CARGO_ENCODED_RUSTFLAGS"] == f"-Cx\x1f1 2\x1f{flag}"


@pytest.mark.parametrize("name", ["1.98.0-x86_64-unknown-linux-gnu", "1.99.0-aarch64-apple-darwin", ""])
def test_another_compiler_does_without(profile: Path, name: str) -> None:
    """To it the profile would mean nothing, or be an error."""
    assert with_profile({"A": "b"}, name, profile.parent) == {"A": "b"}


def test_it_can_be_left_out(profile: Path) -> None:
    """For comparing what it brings."""
    environ = {"METAEXPERT_PGO": "none"}

    assert with_profile(environ, COMPILER, profile.parent) == environ


def test_counting_needs_no_profile(tmp_path: Path) -> None:
    """Training asks for a module that counts."""
    environ = with_profile({"METAEXPERT_PGO": f"generate:{tmp_path}"}, "", tmp_path)

    assert environ["CARGO_ENCODED_RUSTFLAGS"] == f"-Cprofile-generate={tmp_path}"


@pytest.mark.parametrize("wanted", ["yes", "generate:", "use:somewhere"])
def test_a_wish_that_means_nothing_is_refused(wanted: str, tmp_path: Path) -> None:
    """A typing error does not silently build something else."""
    with pytest.raises(ValueError, match=f"must be none or generate:DIRECTORY, was {wanted}"):
        with_profile({"METAEXPERT_PGO": wanted}, COMPILER, tmp_path)


def test_a_compiler_that_is_missing_has_no_name() -> None:
    """The build itself will say so better."""
    assert compiler({"RUSTC": "/nonexistent/rustc"}) == ""


def test_the_target_may_be_another_machine(tmp_path: Path) -> None:
    """A profile holds for what is built, not for what builds."""
    rustc = tmp_path / "rustc"
    rustc.write_text("#!/bin/sh\necho release: 1.99.0\necho host: x86_64-unknown-linux-gnu\n")
    rustc.chmod(0o755)

    assert compiler({"RUSTC": str(rustc)}) == COMPILER
    assert compiler({"RUSTC": str(rustc), "CARGO_BUILD_TARGET": "aarch64-apple-darwin"}) == (
        "1.99.0-aarch64-apple-darwin"
    )
