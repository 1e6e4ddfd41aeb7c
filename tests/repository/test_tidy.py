"""Where things stand in the repository, and that it stays so: one way down, a test for each module, nothing unused."""

import ast
import fnmatch
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

import adlcore as adl

ROOT = Path(__file__).parents[2]
PACKAGE = Path(adl.__file__).parent

pytestmark = pytest.mark.plain

#: The rooms from the bottom up: a module imports from its own room and from those before it, nowhere else.
ORDER = (
    "_kernels",
    "contracts",
    "ranking",
    "market",
    "clearing.snapshot",
    "clearing.margin",
    "clearing.order_book",
    "clearing.funds",
    "clearing.events",
    "clearing.closings",
    "clearing.state",
    "clearing.liquidation",
    "clearing.stages",
    "clearing.house",
    "clearing",
    "venues",
    "io",
    "lab",
    "report.facts",
    "report.figures",
    "report.page",
    "report.sections",
    "report",
    "cli",
)

#: What serves every room, and imports only itself and the kernels.
SERVING = ("_support", "errors", "_version")

#: Modules without a test of their name, and why.
REASONS = {
    "_version": "a constant, which tests/repository/test_packaging.py holds to what is installed",
    "cli._options": "annotations, which the tests of every command use",
}


@cache
def tree(path: Path) -> ast.Module:
    """A file, parsed."""
    return ast.parse(path.read_text(encoding="utf-8"))


def module(path: Path) -> str:
    """The name of a module below the package; a package's own is that of its folder, the package's is empty."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules() -> list[Path]:
    """Every Python file of the package but the kernels' own."""
    return [path for path in everything() if "_kernels" not in path.parts]


def everything() -> list[Path]:
    """Every Python file of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The modules below the package that a file imports, in functions and for types too."""
    here = module(path).split(".") if path.name == "__init__.py" else module(path).split(".")[:-1]
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names = [name.name.partition(".") for name in node.names]
            found |= {rest for first, _, rest in names if first == "adlcore"}
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level:
            base = [part for part in here if part][: len(here) - node.level + 1] if here != [""] else []
        elif (node.module or "").split(".")[0] == "adlcore":
            base = []
        else:
            continue
        base += (node.module or "").removeprefix("adlcore").strip(".").split(".") if node.module else []
        base = [part for part in base if part]
        for name in node.names:
            full = [*base, name.name]
            there = PACKAGE.joinpath(*full)
            found.add(".".join(full if there.is_dir() or there.with_suffix(".py").exists() else base))
    return found


def room(name: str) -> str | None:
    """The room of a module: the longest that its name begins with; None of what is none."""
    fitting = [each for each in (*ORDER, *SERVING) if name == each or name.startswith(each + ".")]
    return max(fitting, key=len, default=None)


@pytest.mark.parametrize("path", everything(), ids=lambda path: module(path) or "adlcore")
def test_imports_lead_downwards(path):
    name = module(path)
    if not name:
        return  # the package's own names are the way in to every room
    own = room(name)
    assert own is not None, f"{name} lies in no room"
    for other in imported(path):
        assert other, f"{name} imports the package itself, whose names lead into every room"
        there = room(other)
        assert there is not None, f"{name} imports {other}, which lies in no room"
        if own in SERVING:
            assert there in (*SERVING, "_kernels"), f"{name} serves every room, and imports {other}"
        elif there not in SERVING:
            assert ORDER.index(there) <= ORDER.index(own), f"{name} imports {other}, which lies above it"


def test_modules_are_imported_by_name_in_two_places_only():
    dynamic = {module(path) for path in everything() if {"import_module", "_import_module", "__import__"} & used(path)}
    assert dynamic == {"", "_support.extras"}


def test_every_room_is_there():
    assert {room(module(path)) for path in modules()} - {None} == {*ORDER, *SERVING} - {"_kernels"}


# Files ----------------------------------------------------------------------------------------------------------------


def sources(*folders: str, ending: str = ".py") -> list[Path]:
    """Files of the repository."""
    return [path for folder in folders for path in sorted((ROOT / folder).rglob(f"*{ending}"))]


#: A class that a user reads as a whole may be longer by its docstrings: all calls of a house stand in one place.
ROOM_FOR_DOCSTRINGS = {"clearing_house.py": 600}


def test_no_file_is_too_long_to_be_read():
    own = [*modules(), *sources("tests", "benchmarks", "docs"), ROOT / "setup.py", ROOT / "conftest.py"]
    kernels = [path for path in (PACKAGE / "_kernels").rglob("*") if path.suffix in (".pyx", ".pxd", ".py", ".pyi")]

    def most(path: Path, kernels: list[Path]) -> int:
        return 320 if path in kernels else ROOM_FOR_DOCSTRINGS.get(path.name, 450)

    long = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (*own, *kernels)}
    assert {path.name: lines for path, lines in long.items() if lines > most(path, kernels)} == {}


def leads_to(path: Path) -> list[Path]:
    """The files that the path of a module leads to."""
    folder = ROOT / "tests" / path.relative_to(PACKAGE).parent
    stem = path.stem.removeprefix("_")
    if path.stem == "__init__":
        folder, stem = folder.parent, folder.name
    return [*folder.glob(f"test_{stem}.py"), *folder.glob(f"test_{stem}_*.py")]


def test_the_path_of_a_module_leads_to_its_test():
    own = [path for path in modules() if path.name not in ("__init__.py", "__main__.py")]
    without = {module(path) for path in own if not leads_to(path)}
    assert without == set(REASONS)


def test_the_path_of_a_test_leads_to_what_it_tests():
    spanning = {"laws", "machines", "repository", "support", "twins"}
    known = {path for each in modules() for path in leads_to(each)}
    folders = {path: path.relative_to(ROOT / "tests").parts[0] for path in sources("tests")}
    alone = {path for path in folders if path.name.startswith("test_") and folders[path] not in spanning}
    assert {str(path.relative_to(ROOT)) for path in alone - known} == set()


def test_nothing_is_imported_from_a_test():
    for path in sources("tests"):
        for node in ast.walk(tree(path)):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [name.name for name in node.names] if isinstance(node, ast.Import) else []
            assert not [name for name in names if re.search(r"(^|\.)test_", name)], path
    helpers = {path for path in sources("tests") if not path.name.startswith("test_") and path.name != "conftest.py"}
    assert {path.parent for path in helpers} == {ROOT / "tests" / "support"}


#: Modules by the last part of their names.
ENDS: dict[str, list[str]] = {}
for each in modules():
    ENDS.setdefault(module(each).rpartition(".")[2], []).append(module(each))


# Names ----------------------------------------------------------------------------------------------------------------


def defined(path: Path) -> set[str]:
    """The names that a module makes at its top, but for those that a decorator has taken note of."""
    found = set()
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.decorator_list:
            found.add(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            found |= {each.id for each in ast.walk(target) if isinstance(each, ast.Name)} if target else set()
    return {name for name in found if not name.startswith("__")}


def used(path: Path) -> set[str]:
    """The names that a file reads, but for those that only the definition of the same name does."""
    found = set()
    for part in tree(path).body:
        names = {node.id for node in ast.walk(part) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        found |= names - {getattr(part, "name", None)}
    return found


def taken(path: Path) -> set[tuple[str, str]]:
    """What a file takes from others: modules and names in them; the module of an attribute, not known, is empty."""
    found = {("", node.attr) for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom):
            end = (node.module or "").removeprefix("adlcore.")
            found |= {(each, name.name) for name in node.names for each in ENDS.get(end.rpartition(".")[2], ())}
    return found


def public(path: Path) -> set[str]:
    """What a module lists as its own, where users import it by its path."""
    name = module(path)
    users = name.startswith(("lab.", "venues.", "io.tiers.")) or name in ("clearing.house.replay", "clearing.closings")
    listed = [node for node in tree(path).body if isinstance(node, ast.Assign)] if users else []
    return {
        each.value
        for node in listed
        if isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__"
        for each in ast.walk(node.value)
        if isinstance(each, ast.Constant)
    }


def test_no_name_is_there_for_nothing():
    asked = {name for path in modules() for name in taken(path)}
    unused = [
        f"{module(path)}.{name}"
        for path in modules()
        for name in defined(path) - public(path)
        if name not in used(path) and (module(path), name) not in asked and ("", name) not in asked
    ]
    assert unused == []


# Paths ----------------------------------------------------------------------------------------------------------------

#: Paths that stand for any, that a build makes, and those of other projects, as sources of published numbers.
ELSEWHERE = {
    *("adlcore/a/b.py", "tests/a/test_b.py", "tests/a/test_b_*.py", "adlcore/_kernels/*.c"),
    *("docs/trading-guide/ADL.md", "tests/exchange/test_binance.py", "tests/exchange/test_exchange.py"),
}

#: What a path of the repository begins with.
FOLDERS = ("adlcore", "tests", "benchmarks", "docs", "ci", ".ci", ".github")
PATH = re.compile(rf"(?<![\w./-])(?:{'|'.join(map(re.escape, FOLDERS))})(?:/[\w.*-]+)+")
PAGE = re.compile(r"(?<![\w./\"-])((?:docs/)?[a-z_]+\.md)\b")


def kept() -> list[Path]:
    """Every file that git knows."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [Path(line) for line in listed.splitlines()]


#: The history, which names what was, and the test that makes a project of its own.
SELVES = {"CHANGELOG.md", "test_build.py"}


@pytest.mark.git
def test_a_path_that_is_named_is_there():
    speaking = {".py", ".pyx", ".pxd", ".pyi", ".md", ".sh", ".yml", ".html", ".toml"}
    files = [path for path in kept() if (path.suffix in speaking or path.name == "run") and path.name not in SELVES]
    there = {str(each) for path in kept() for each in (path, *path.parents)}
    absent = set()
    for path in files:
        text = (ROOT / path).read_text(encoding="utf-8")
        named = {found.rstrip(".") for found in PATH.findall(text)}
        if path.suffix != ".md":  # one page leads to the next by their names alone
            named |= set(PAGE.findall(text))
        absent |= {(str(path), name) for name in named - ELSEWHERE if not fnmatch.filter(there, name)}
    assert absent == set()


# What `tests/recorded/make.sh` made is what adlcore is held to, and lies with the tests.
@pytest.mark.git
def test_only_the_documentation_holds_what_a_script_made():
    kinds = {".c", ".so", ".svg", ".png", ".pdf", ".parquet", ".arrow", ".npz", ".csv"}
    made = [path for path in kept() if path.suffix in kinds and path.parts[:2] != ("tests", "recorded")]
    scripts = "".join(path.read_text(encoding="utf-8") for path in sources("docs"))
    assert {str(path.parent) for path in made} == {"docs"}
    assert [path for path in made if path.name not in scripts] == []


# Classes and functions ------------------------------------------------------------------------------------------------

#: Functions that stand once in each file of a room, and do there what the others do in theirs.
ROLES = {("report.sections", "section")}


def name_of(node: ast.expr) -> str | None:
    """The last part of a name, of what it is called or subscripted too: ``Generic`` of ``typing.Generic[T]``."""
    while isinstance(node, ast.Subscript | ast.Call):
        node = node.value if isinstance(node, ast.Subscript) else node.func
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)


def classes() -> list[ast.ClassDef]:
    """Every class of the package."""
    return [node for path in everything() for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef)]


def is_shaped_to_be_a_base(node: ast.ClassDef) -> bool:
    """Whether a class only says what its heirs are: an abstract one, a protocol, an exception."""
    return bool({"ABC", "Protocol", "Enum", "NamedTuple", "Exception", "ValueError"} & set(map(name_of, node.bases)))


def test_no_class_has_one_heir():
    own = {node.name for node in classes() if not is_shaped_to_be_a_base(node)}
    heirs: dict[str, list[str]] = {}
    for node in classes():
        for base in set(map(name_of, node.bases)) & own:
            heirs.setdefault(base, []).append(node.name)
    assert {base: names for base, names in heirs.items() if len(names) == 1} == {}


def test_a_room_has_one_function_of_a_name():
    named: dict[tuple[str, str], list[str]] = {}
    for path in modules():
        for node in tree(path).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                named.setdefault((room(module(path)) or "", node.name), []).append(module(path))
    assert {key: files for key, files in named.items() if len(files) > 1 and key not in ROLES} == {}


# Kernels --------------------------------------------------------------------------------------------------------------

#: How many arguments an entry point takes, and the constructor of a holder.
MOST_ARGUMENTS = 8

STUBS = sorted((PACKAGE / "_kernels" / "compiled").rglob("*.pyi"))
TWINS = [path for path in sorted((PACKAGE / "_kernels" / "reference").rglob("*.py")) if path.name != "__init__.py"]
CONSTRUCTORS = ("__init__", "__new__")

Function = ast.FunctionDef


def is_public(name: str) -> bool:
    return not name.startswith("_") or name in CONSTRUCTORS


def entry_points(path: Path) -> list[tuple[str, ast.ClassDef | None, Function]]:
    """The functions of a kernel, the constructors and methods of its holders, and what each is called by."""
    found: list[tuple[str, ast.ClassDef | None, Function]] = []
    for node in tree(path).body:
        if isinstance(node, Function) and is_public(node.name):
            found.append((node.name, None, node))
        elif isinstance(node, ast.ClassDef) and is_public(node.name):
            own = [part for part in node.body if isinstance(part, Function) and is_public(part.name)]
            found += [(f"{node.name}.{part.name}", node, part) for part in own]
    return found


def arguments(function: Function, holder: ast.ClassDef | None) -> list[str]:
    """The names of what a function takes, but for the holder that it belongs to."""
    own = function.args
    names = [each.arg for each in (*own.posonlyargs, *own.args, *own.kwonlyargs)]
    is_static = any(name_of(each) == "staticmethod" for each in function.decorator_list)
    return names if holder is None or is_static else names[1:]


@pytest.mark.parametrize("path", [*STUBS, *TWINS], ids=lambda path: f"{path.parts[-3]}.{path.parts[-2]}.{path.stem}")
def test_a_kernel_takes_few_arguments(path):
    taken = {name: len(arguments(function, holder)) for name, holder, function in entry_points(path)}
    assert {name: count for name, count in taken.items() if count > MOST_ARGUMENTS} == {}


@pytest.mark.parametrize("path", STUBS, ids=lambda path: f"{path.parts[-2]}.{path.stem}")
def test_a_stub_says_what_it_takes(path):
    unsaid = []
    for name, holder, function in entry_points(path):
        said = ast.get_docstring(holder if holder and function.name in CONSTRUCTORS else function) or ""
        listed = ast.get_docstring(holder) or "" if holder else ""
        if any(name_of(each) == "property" for each in function.decorator_list):
            ok = re.search(rf"\b{function.name}\b.* : ", said + listed) or said
        elif function.name in CONSTRUCTORS:
            # What a kernel gives is made of its attributes.
            ok = all(re.search(rf"\b{each}\b.* : ", said) for each in arguments(function, holder))
        else:
            ok = said and (not arguments(function, holder) or "Parameters\n----------\n" in said)
        if not ok:
            unsaid.append(name)
    assert unsaid == []


def test_no_tuple_is_splatted_into_a_kernel():
    named = {name.rpartition(".")[2] for path in STUBS for name, *_ in entry_points(path)} - set(CONSTRUCTORS)
    named |= {node.name for path in STUBS for node in tree(path).body if isinstance(node, ast.ClassDef)}
    splats = []
    for path in modules():
        if not any(name == "_kernels" or name.startswith("_kernels.") for name in imported(path)):
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and name_of(node.func) in named:
                splats += [f"{module(path)}:{node.lineno}" for each in node.args if isinstance(each, ast.Starred)]
    assert splats == []
