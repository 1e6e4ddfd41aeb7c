"""README and docs: links and paths lead somewhere, who cites a section finds it, pictures are what scripts draw."""

import re
import runpy
from pathlib import Path

import pytest

import adlcore as adl

pytestmark = [pytest.mark.files, pytest.mark.plain]

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
#: The installed package where the suite runs on that; it has stubs and declarations of kernels, and not their sources.
PACKAGE = Path(adl.__file__).parent
TEXTS = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
#: Drawn by NumPy and plain Python; the others need a browser.
CHEAP = ("architecture", "queue")

EACH_TEXT = pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.stem)


def prose(path: Path) -> str:
    """A text without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    """What links may lead to in a text, as GitHub names its headings."""
    titles = re.findall(r"^#+ (.*)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def is_there(path: str) -> bool:
    """Whether a path that is cited exists: in the repository, or below the package."""
    if path.endswith("*.py") or path.endswith("_*.py"):
        return any([*ROOT.glob(path), *PACKAGE.glob(path)])
    named = [ROOT / path, PACKAGE / path, PACKAGE / path.removeprefix("adlcore/")]
    return any(
        found.exists() or found.with_suffix(".pyi").exists() or found.with_suffix(".pxd").exists() for found in named
    )


def cited(path: Path) -> set[str]:
    """What stands as a path in a text: in backticks, with a slash, and a suffix or a slash at its end."""
    spans = re.findall(r"`([\w./*-]+/[\w.*-]*)`", prose(path))
    looks = re.compile(r"(?:\./)?[\w.-]+(?:/[\w.*-]+)*(?:/|\.(?:py|pyx|pyi|pxd|sh|toml|md|svg|png|json))")
    return {span for span in spans if looks.fullmatch(span) and not re.search(r"\ba/b|test_b", span)}


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 250


@EACH_TEXT
def test_links_lead_somewhere(text):
    links = re.findall(r"\]\(([^)\s]+)\)", prose(text))
    assert links or text.stem in ("numbers", "speed")
    for link in links:
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = text if not name else (text.parent / name)
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


@EACH_TEXT
def test_paths_exist(text):
    assert [path for path in sorted(cited(text)) if not is_there(path)] == []


def test_each_text_can_be_reached_from_the_readme_in_one_step():
    linked = {link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", prose(ROOT / "README.md"))}
    assert {f"docs/{path.name}" for path in DOCS.glob("*.md")} <= linked


def test_what_cites_a_section_finds_it():
    numbers = re.findall(r"^## (\d+)\. ", prose(DOCS / "rules.md"), re.MULTILINE)
    assert numbers == ["1", "2", "3", "4", "5", "6"]
    titles = re.findall(r"^#+ (.*)$", prose(DOCS / "waterfall.md"), re.MULTILINE)
    found = []
    for folder in (PACKAGE, ROOT / "tests", ROOT / "benchmarks"):
        for path in [*folder.rglob("*.py"), *folder.rglob("*.pyx")]:
            text = path.read_text(encoding="utf-8")
            found += re.findall(r"\brules\.md(?:``)? §(\d+)", text)
            cites = re.findall(r'\bwaterfall\.md(?:``)?,?\s+"([^"]+)"', text)
            assert [title for title in cites if not any(each.startswith(title) for each in titles)] == [], path
    assert set(found) <= set(numbers)
    assert found


def test_generated_files_have_their_script():
    scripts = {path: path.read_text(encoding="utf-8") for path in DOCS.glob("draw_*.py")}
    told = (DOCS / "contributing.md").read_text(encoding="utf-8")
    made = {path.name for path in DOCS.iterdir() if path.is_file()} - {path.name for path in [*scripts, *TEXTS]}
    assert made == {"architecture.svg", "demo.svg", "queue.svg", "report.png"}
    for name in made:
        (script,) = [path for path, text in scripts.items() if name in text.split('"""')[1]]
        assert f"python docs/{script.name}" in told
        assert f"docs/{name}" in told


@pytest.mark.parametrize("name", CHEAP)
def test_a_picture_is_what_its_script_draws(name):
    drawn = runpy.run_path(str(DOCS / f"draw_{name}.py"))["draw"]()
    assert drawn == (DOCS / f"{name}.svg").read_text(encoding="utf-8")


def test_the_rooms_that_are_drawn_are_those_of_the_package():
    rooms = runpy.run_path(str(DOCS / "draw_architecture.py"))["rooms"]()
    found = {path.parent.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("__init__.py")} - {"."}
    subjects = [
        sorted(room for room in found if room.startswith(f"_kernels/{kind}/")) for kind in ("compiled", "reference")
    ]
    assert [room.replace("compiled", "reference") for room in subjects[0]] == subjects[1]
    assert rooms == found - {*subjects[0], *subjects[1]}
