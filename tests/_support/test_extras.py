"""Optional packages: the table of extras is that of the project, and what is not there, too old or broken is said."""

import re
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

import adlcore as adl
from adlcore._support import extras
from adlcore._support.extras import PACKAGES, optional_import, require
from support import features
from support.processes import python
from support.refusals import refused

pytestmark = pytest.mark.files

TESTS = Path(__file__).parents[1]
PROJECT = tomllib.loads((TESTS.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LISTED = PROJECT["optional-dependencies"]

#: By the extra, the purposes that it is for; `all` has every one of them.
PURPOSES = {"files": set(), "report": set(), "lab": set(), "query": {"files"}, "cli": {"files", "report", "lab"}}


def reached(extra: str) -> set[str]:
    """The packages that an extra brings, by what it says and what the extras in it say."""
    found = set()
    for requirement in LISTED[extra]:
        if others := re.fullmatch(r"adlcore\[(.+)\]", requirement):
            found |= set().union(*map(reached, others[1].split(",")))
        else:
            found.add(requirement.partition(">=")[0])
    return found


# The table ------------------------------------------------------------------------------------------------------------


def test_the_table_is_what_the_project_lists():
    listed = {requirement: extra for extra in PURPOSES for requirement in LISTED[extra] if ">=" in requirement}
    assert listed == {f"{name}>={package.oldest}": package.extra for name, package in PACKAGES.items()}
    assert {name: package.extra for name, package in PACKAGES.items()} == features.EXTRAS


@pytest.mark.parametrize("extra", PURPOSES)
def test_an_extra_brings_what_its_purpose_needs(extra):
    own = {name for name, package in PACKAGES.items() if package.extra == extra}
    assert reached(extra) == own.union(*map(reached, PURPOSES[extra]))


def test_all_brings_everything_and_nothing_is_needed_but_numpy():
    assert reached("all") == set(PACKAGES)
    assert reached("test") > set(PACKAGES)
    assert [re.match(r"\w+", requirement)[0] for requirement in PROJECT["dependencies"]] == ["numpy"]


# What is not there ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder in which every feature was tried, with all packages there."""
    folder = tmp_path_factory.mktemp("features")
    done = python(str(TESTS / "support" / "features.py"), str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^\d\d features without nothing: 0 wrong$", done.stdout, re.MULTILINE)
    return folder


@pytest.mark.parametrize("absent", [*((name,) for name in PACKAGES), tuple(PACKAGES)], ids="+".join)
def test_each_feature_names_the_extra_that_it_lacks_and_the_others_work(kept, absent):
    done = python(str(TESTS / "support" / "features.py"), str(kept), *absent)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f" features without {', '.join(sorted(absent))}: 0 wrong" in done.stdout


def test_a_simulation_says_before_it_begins_that_there_will_be_no_report(run, tmp_path, monkeypatch):
    (tmp_path / "small.toml").write_text(features.SCENARIO)
    monkeypatch.setitem(sys.modules, "plotly", None)
    code, out, err = run("simulate", tmp_path / "small.toml", "--out", tmp_path / "made")
    assert (code, out) == (2, "")
    assert err == "error: a report needs the 'report' extra: pip install 'adlcore[report]'\n"
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_that_is_not_there(package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    extra = PACKAGES[package].extra
    for module in (package, f"{package}.part"):
        told = f"doing this needs the '{extra}' extra: pip install 'adlcore[{extra}]'"
        error = refused(lambda module=module: require(module, "doing this"), told)
        assert isinstance(error, adl.MissingExtraError)
        assert isinstance(error, ImportError)
        assert error.argument == extra


def test_a_package_that_is_not_there_in_the_words_of_another_finder(monkeypatch):
    """Some raise an ImportError without a name: what nobody has installed is missing all the same."""
    monkeypatch.delitem(sys.modules, "duckdb", raising=False)
    monkeypatch.setattr(extras, "_listed_version", lambda _: None)
    with pytest.raises(adl.MissingExtraError), optional_import("duckdb", "asking"):
        raise ImportError("duckdb")


# What is there, and does not do ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["14.0.2", "14.0.2.post1", "1.0", "14rc1"])
def test_a_version_that_is_too_old(version, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", SimpleNamespace(__version__=version))
    told = f"reading Parquet needs pyarrow 15 or newer, {version} is installed: pip install 'adlcore[files]'"
    error = refused(lambda: require("pyarrow", "reading Parquet"), told)
    assert not isinstance(error, adl.MissingExtraError)
    assert (error.argument, error.value) == ("pyarrow", version)


@pytest.mark.parametrize("version", ["15", "15.0", "15.0.0rc1", "15.0.1", "16.0.0.dev5+g1234", "115.0", "unknown"])
def test_a_version_that_is_new_enough_or_says_nothing(version, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", SimpleNamespace(__version__=version))
    if version == "unknown":
        monkeypatch.delattr(sys.modules["pyarrow"], "__version__")
        monkeypatch.setattr(extras, "_listed_version", lambda _: None)
    require("pyarrow", "reading Parquet")


@pytest.mark.parametrize(
    "fault",
    [
        ImportError("libarrow.so.2600: cannot open shared object file"),
        ImportError("cannot import name 'Table' from 'pyarrow'", name="pyarrow"),
        ModuleNotFoundError("No module named 'pyarrow.parquet'", name="pyarrow.parquet"),
        ModuleNotFoundError("No module named 'numpy.core'", name="numpy.core"),
        AttributeError("_ARRAY_API not found"),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_a_package_that_is_broken(fault, monkeypatch):
    there = SimpleNamespace(__version__="26.0.1")
    monkeypatch.setitem(sys.modules, "pyarrow", there)

    def reading():
        with optional_import("pyarrow", "reading Parquet"):
            raise fault

    reason = f"26.0.1 is installed and cannot be imported: {type(fault).__name__}: {fault}"
    error = refused(reading, f"reading Parquet needs pyarrow; {reason}")
    assert not isinstance(error, adl.MissingExtraError)
    assert error.__cause__ is fault
    there.__version__ = "12.0.0"
    error = refused(
        reading, "reading Parquet needs pyarrow 15 or newer, 12.0.0 is installed: pip install 'adlcore[files]'"
    )
    assert error.__cause__ is fault


@pytest.mark.parametrize(
    ("package", "source", "arguments", "told"),
    [
        ("typer", "import click_of_old", ("--version",), "cannot be imported: ModuleNotFoundError: No module named"),
        ("typer", "__version__ = '0.12.0'", ("--version",), "(typer) needs typer 0.15.4 or newer, 0.12.0 is installed"),
        ("rich", "raise ImportError('no\\nrich')", ("rank", "x.csv"), "cannot be imported: ImportError: no rich"),
        ("pyarrow", "raise OSError('DLL')", ("rank", "x.csv", "--mark", "1"), "cannot be imported: OSError: DLL"),
        ("pydantic", "__version__ = '1.10.2'", ("demo",), "needs pydantic 2.7 or newer, 1.10.2 is installed"),
        ("plotly", "__version__ = '5.24.1'", ("demo",), "a report needs plotly 7 or newer, 5.24.1 is installed"),
    ],
)
def test_the_command_line_says_in_one_line_what_is_wrong(tmp_path, package, source, arguments, told):
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text(source, encoding="utf-8")
    done = python("-m", "adlcore.cli", *arguments, path=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(rf"error: .*{re.escape(told)}.*\n", done.stderr)
    assert "extra" not in done.stderr
