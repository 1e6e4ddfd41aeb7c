"""What docstrings call by name: every name in backticks or in a role, and what it stands for."""

import ast
import builtins
import importlib
import inspect
import pkgutil
import re
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import adlcore

ROLE = re.compile(r":(class|meth|func|mod|attr|exc|data):`([^`]+)`")
DOUBLE = re.compile(r"``([^`]+)``")
SINGLE = re.compile(r"(?<![`:\w])`([^`]+)`(?!`)")

#: A file's name, or how it ends.
FILE = re.compile(r"[\w.-]*\.(arrow|csv|go|jsonl|json|npz|parquet|toml|tsv|html)")

#: What docstrings call an object of a class: ``house.mark`` is ``ClearingHouse.mark``.
OBJECTS = {
    "book": "DepthLadder",
    "events": "Events",
    "fund": "Fund",
    "house": "ClearingHouse",
    "market": "Market",
    "plan": "Plan",
    "queue": "Queue",
    "run": "Run",
    "selection": "Selection",
    "snapshot": "Snapshot",
    "state": "MarginState",
    "tiers": "MarginTiers",
}

MISSING = object()


@dataclass(frozen=True)
class Place:
    """A docstring: where it stands, its text, and what it is of."""

    module: ModuleType
    owner: type | None
    subject: Any
    name: str
    text: str


def modules() -> list[ModuleType]:
    """Every public module of the package."""
    listed = (info.name for info in pkgutil.walk_packages(adlcore.__path__, "adlcore."))
    public = (name for name in listed if not any(part.startswith("_") for part in name.split(".")))
    return [adlcore, *map(importlib.import_module, public)]


def places() -> Iterator[Place]:
    """Every docstring of what is defined there."""
    for module in modules():
        yield from _place(module, None, module, module.__name__)
        for name, value in vars(module).items():
            if getattr(value, "__module__", None) != module.__name__:
                continue
            if inspect.isclass(value):
                yield from _place(module, value, value, f"{module.__name__}.{name}")
                for member, inner in vars(value).items():
                    subject = inner.__func__ if isinstance(inner, classmethod | staticmethod) else inner
                    yield from _place(module, value, subject, f"{module.__name__}.{name}.{member}")
            elif callable(value):
                yield from _place(module, None, value, f"{module.__name__}.{name}")


def _place(module: ModuleType, owner: type | None, subject: Any, name: str) -> Iterator[Place]:
    text = getattr(subject, "__doc__", None)
    if isinstance(text, str) and (inspect.isroutine(subject) or not callable(subject) or inspect.isclass(subject)):
        # What an example prints is no name.
        yield Place(module, owner, subject, name, re.sub(r"^\s*(>>>|\.\.\.).*$", "", text, flags=re.MULTILINE))


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """What stands in backticks, by how: in a role, in two, in one."""
    for kind, target in ROLE.findall(text):
        yield kind, re.sub(r"^.*<(.*)>$|^~", r"\1", target, flags=re.DOTALL)
    rest = ROLE.sub("", text)
    for token in DOUBLE.findall(rest):
        yield "``", token
    for token in SINGLE.findall(DOUBLE.sub("", rest)):
        yield "`", token


def chain(token: str) -> list[str] | None:
    """The names of ``a.b.c`` or ``a.b(x).c``; None for whatever else is written in backticks.

    A middle dot multiplies, though Python takes it for a letter.
    """
    if "·" in token or FILE.fullmatch(token):
        return None
    try:
        node: ast.expr = ast.parse(token.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None
    found: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            found.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Subscript) and found:
            return None
        elif isinstance(node, ast.Name):
            return [node.id, *found[::-1]]
        else:
            return None


# What a name stands for -----------------------------------------------------------------------------------------------


def attributes(owner: type) -> set[str]:
    """What an object of a class has: what its class has or annotates, and what its methods set."""
    found = set(dir(owner))
    for base in owner.__mro__:
        found |= set(vars(base).get("__annotations__", ())) | set(vars(base).get("PICKLED", ()))
        if base.__module__.startswith("adlcore"):
            found |= set(re.findall(r"\bself\.([a-z_]\w*)\b[^=\n]*=", inspect.getsource(base)))
    return found


class Names:
    """What docstrings of the package may call by name."""

    def __init__(self, found: list[ModuleType]) -> None:
        self.public: dict[str, Any] = {}
        for module in found:
            for name, value in vars(module).items():
                if not name.startswith("__"):
                    self.public.setdefault(name, value)
        self._attributes: dict[type, set[str]] = {}

    def resolves(self, place: Place, how: str, names: list[str], words: set[str]) -> bool:
        """Whether a chain of names stands for something where it is written."""
        root, rest = names[0], names[1:]
        if not rest and how == "`":
            # One backtick is for what belongs to the thing itself.
            return root in parameters(place) or self._own(place, root)
        if not rest:
            return root in words or root in parameters(place) or self._known(place, root)
        if root == "adlcore" or root == "adl":
            return self._walks(adlcore, rest)
        if root in OBJECTS:
            return self._walks(self.public[OBJECTS[root]], rest)
        value = self.find(place, root)
        return value is not MISSING and self._walks(value, rest)

    def _own(self, place: Place, name: str) -> bool:
        """Whether it is an attribute of the class, or a class or a constant of the module."""
        if place.owner is not None and name in self.attributes(place.owner):
            return True
        return name in vars(place.module) and not name.islower()

    def _known(self, place: Place, name: str) -> bool:
        return self.find(place, name) is not MISSING or name in OBJECTS or hasattr(builtins, name)

    def find(self, place: Place, name: str) -> Any:
        """What one name stands for: of the class, of the module, of the package."""
        if place.owner is not None and name in self.attributes(place.owner):
            return typed(place.owner, name)
        for scope in (vars(place.module), self.public):
            if name in scope:
                return scope[name]
        return MISSING

    def attributes(self, owner: type) -> set[str]:
        """As :func:`attributes`, kept."""
        return self._attributes.setdefault(owner, attributes(owner))

    def _walks(self, value: Any, rest: list[str]) -> bool:
        """Whether each name is one of what the one before stands for, as far as that is known."""
        for name in rest:
            if value is None:
                return True
            if inspect.isclass(value):
                if name not in self.attributes(value):
                    return False
                value = typed(value, name)
            elif isinstance(value, ModuleType):
                if not hasattr(value, name):
                    try:
                        importlib.import_module(f"{value.__name__}.{name}")
                    except ImportError:
                        return False
                value = getattr(value, name)
            else:
                return hasattr(value, name)
        return True


def typed(owner: type, name: str) -> type | None:
    """The class of an attribute, or of what a method returns, where it is one of the package's."""
    member = inspect.getattr_static(owner, name, None)
    if isinstance(member, property):
        member = member.fget
    elif isinstance(member, classmethod | staticmethod):
        member = member.__func__
    elif hasattr(member, "func"):  # a cached property
        member = member.func
    try:
        hints = typing.get_type_hints(member if inspect.isroutine(member) else owner)
    except (NameError, TypeError):
        return None
    found = hints.get("return" if inspect.isroutine(member) else name)
    return found if inspect.isclass(found) and found.__module__.startswith("adlcore") else None


def parameters(place: Place) -> set[str]:
    """The parameters of what a docstring is of; of a class those of all its methods."""
    found: set[str] = set()
    subject = place.subject.fget if isinstance(place.subject, property) else place.subject
    members = [subject]
    if place.owner is not None:
        members += [place.owner, *(m for m in vars(place.owner).values() if inspect.isroutine(m))]
    for member in members:
        try:
            found |= set(inspect.signature(member).parameters)
        except (TypeError, ValueError):
            continue
    return found
