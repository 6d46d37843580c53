"""Every public name is documented, and what its documentation says is what its code does."""

from __future__ import annotations

import ast
import builtins
import functools
import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from numpydoc.docscrape import get_doc_object
from numpydoc.validate import validate

ROOT = Path(__file__).parents[1]

CHECKS = {
    "GL03": "two blank lines in a row",
    "GL05": "tabs",
    "GL06": "unknown section",
    "GL07": "sections in another order than usual",
    "GL08": "no docstring",
    "SS01": "no summary",
    "SS03": "summary without a full stop",
    "SS06": "summary longer than one line",
    "PR01": "a parameter is not documented",
    "PR02": "a documented parameter does not exist",
    "PR03": "parameters in another order than in the signature",
    "PR04": "a parameter without a type",
    "PR07": "a parameter without a description",
    "PR10": "no space before the colon after a parameter",
    "RT03": "a result without a description",
    "YD01": "a generator without Yields",
}
"""The checks of numpydoc that hold here; Returns, Raises and shapes are checked below, against the code."""

ARRAY = re.compile(r"\b(NDArray|FloatArray|IntArray|BoolArray|ArrayLike)\b")
SHAPE = re.compile(r"\bshapes?\b|\(n_|\bscalar\b")
ELSEWHERE = re.compile(r"As (in|for) `")


def modules() -> list[str]:
    """Return the names of all modules, found as files, so that one that cannot be imported is one failure."""
    files = sorted((ROOT / "mnephys").rglob("*.py"))
    return [".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in files]


def public_objects(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Yield the documented functions, classes, commands, methods and properties that a module defines and exports."""
    for name in getattr(module, "__all__", [name for name in vars(module) if not name.startswith("_")]):
        item = getattr(module, name)
        if isinstance(item, click.Command) or getattr(item, "__module__", None) == module.__name__:
            if callable(item):
                yield name, item
            if inspect.isclass(item):
                yield from public_members(name, item)


def public_members(name: str, owner: type) -> Iterator[tuple[str, Any]]:
    for key, member in vars(owner).items():
        if key.startswith("_"):
            continue
        if isinstance(member, functools.cached_property):
            yield f"{name}.{key}", property(member.func)
        elif isinstance(member, property) or inspect.isfunction(member):
            yield f"{name}.{key}", member
        elif isinstance(member, classmethod | staticmethod):
            yield f"{name}.{key}", getattr(owner, key)


def faults(item: Any) -> list[str]:
    """Return what the documentation of one object lacks, one line each."""
    if isinstance(item, click.Command):
        return [] if item.help else ["command without help"]
    # An inherited constructor is documented where it is defined; nobody makes members of an enumeration, or protocols.
    constructed = not inspect.isclass(item) or (
        "__init__" in vars(item) and not issubclass(item, Enum) and not getattr(item, "_is_protocol", False)
    )
    checks = set(CHECKS) if constructed else set(CHECKS) - {"PR01", "PR02", "PR03"}
    doc = get_doc_object(item)
    described_elsewhere = {name for entry in doc["Parameters"] if elsewhere(entry) for name in entry.name.split(", ")}
    found = [
        f"{code} {text}"
        for code, text in validate(doc)["errors"]
        if code in checks and not (code == "PR04" and text.split('"')[1] in described_elsewhere)
    ]
    if not inspect.getdoc(item):
        return found
    code = inspect.unwrap(item.__func__ if inspect.ismethod(item) else item) if callable(item) else item
    if inspect.isfunction(code):
        result = code.__annotations__.get("return")
        if result not in {None, "None", "NoReturn"} and not (doc["Returns"] or doc["Yields"]):
            found.append(f"no Returns, but it is annotated to return {result}")
        if result in {None, "None"} and doc["Returns"]:
            found.append("Returns, but it is annotated to return nothing")
    return [*found, *raise_faults(code, doc), *shape_faults(code, doc)]


def elsewhere(entry: Any) -> bool:
    """Say whether a parameter is only passed on, and described where it is used: "As in `other_function`."."""
    return bool(ELSEWHERE.match(" ".join(entry.desc)))


def raise_faults(code: Any, doc: Any) -> Iterator[str]:
    """Yield the exceptions that the body raises and the documentation does not name."""
    documented = " ".join(f"{entry.name} {entry.type}" for entry in doc["Raises"])
    for body, names in bodies(code):
        for raised in own_raises(body):
            kind = names.get(raised, getattr(builtins, raised, None))
            if not (inspect.isclass(kind) and issubclass(kind, BaseException)):
                if not documented:
                    yield f"raises what {raised} makes, but there is no Raises"
                continue
            family = {parent.__name__ for parent in kind.__mro__} - {"Exception", "BaseException", "object"}
            if not any(re.search(rf"\b{name}\b", documented) for name in family):
                yield f"raises {raised}, which Raises does not name"


def bodies(code: Any) -> Iterator[tuple[ast.AST, Mapping[str, Any]]]:
    """Yield the syntax tree and the global names of every function that runs when the object is called."""
    functions = [code.fget] if isinstance(code, property) else [code]
    if inspect.isclass(code):
        functions = [vars(code).get(name) for name in ("__new__", "__init__", "__post_init__")]
    for function in functions:
        # Dataclasses and enumerations have generated constructors, which are no source of this project.
        if inspect.isfunction(function) and function.__code__.co_filename == source_file(code):
            yield ast.parse(textwrap.dedent(inspect.getsource(function))).body[0], function.__globals__


def source_file(code: Any) -> str:
    return inspect.getfile(code.fget if isinstance(code, property) else code)


def own_raises(body: ast.AST) -> list[str]:
    """Return the names that a function raises itself; what it only passes on is documented by its author."""
    names = []
    nested = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    waiting = list(ast.iter_child_nodes(body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, nested):
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Raise) and node.exc is not None:
            named = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            names.append(named.attr if isinstance(named, ast.Attribute) else ast.unparse(named))
    return sorted(set(names))


def shape_faults(code: Any, doc: Any) -> Iterator[str]:
    """Yield the arrays whose shape is not said."""
    annotations = {} if isinstance(code, property) else getattr(code, "__annotations__", {})
    for entry in doc["Parameters"]:
        for name in [] if elsewhere(entry) else entry.name.split(", "):
            if ARRAY.search(str(annotations.get(name, ""))) and not SHAPE.search(" ".join([entry.type, *entry.desc])):
                yield f"the shape of {name} is not said"
    result = " ".join(" ".join([entry.name, entry.type, *entry.desc]) for entry in doc["Returns"] + doc["Yields"])
    if ARRAY.search(str(annotations.get("return", ""))) and not SHAPE.search(result):
        yield "the shape of the result is not said"


@pytest.mark.parametrize("name", modules())
def test_every_public_name_is_documented(name):
    module = importlib.import_module(name)
    assert (module.__doc__ or "").strip(), f"{name} has no docstring"
    public = list(public_objects(module))
    library = [key for key, item in public if not isinstance(item, click.Command)]
    assert hasattr(module, "__all__") or not library, f"{name} has no __all__, but {', '.join(library)}"
    found = [f"{name}.{key}: {fault}" for key, item in public for fault in faults(item)]
    assert not found, "\n".join(["", *found])


def test_every_public_name_of_the_package_is_reached():
    assert {"mnephys.errors", "mnephys.patch.steps", "mnephys.readers.abf.reading"} <= set(modules())
    names = [name for name, _ in public_objects(importlib.import_module("mnephys.recording.sweeps"))]
    assert {"SweepRecording", "SweepRecording.require", "SweepRecording.n_sweeps", "Clamp"} <= set(names)
    assert not [name for name in names if name.partition(".")[2].startswith("_")]


# --- the checks themselves can fail ---


def no_docstring(x: int) -> int:
    return x


def not_documented(x: int, y: int) -> None:
    """Do a thing.

    Parameters
    ----------
    x : int
        A number.
    """


def does_not_exist(x: int) -> None:
    """Do a thing.

    Parameters
    ----------
    x, y : int
        Two numbers.
    """


def no_returns() -> int:
    """Return a thing."""
    return 1


def no_raises(x: int) -> None:
    """Do a thing.

    Parameters
    ----------
    x : int
        A number.
    """
    if x:
        raise ValueError(x)


def other_raises(x: int) -> None:
    """Do a thing.

    Parameters
    ----------
    x : int
        A number.

    Raises
    ------
    KeyError
        Never.
    """
    if x:
        raise ValueError(x)


def made_elsewhere(x: Callable[[], Exception]) -> None:
    """Do a thing.

    Parameters
    ----------
    x : callable
        Makes the exception.
    """
    raise x()


def no_shape(x: NDArray[np.float64], y: ArrayLike) -> NDArray[np.float64]:
    """Return a thing.

    Parameters
    ----------
    x : ndarray
        Numbers.
    y : array_like, shape (n_samples,)
        Numbers.

    Returns
    -------
    ndarray
        Numbers.
    """
    return x * np.asarray(y)


@dataclass
class RaisesWhenMade:
    """A thing.

    Parameters
    ----------
    x : int
        A number.
    """

    x: int

    def __post_init__(self) -> None:
        if self.x:
            raise ValueError(self.x)

    @property
    def bad(self) -> int:  # the property has no docstring
        return self.x


@click.command
def no_help() -> None:
    pass


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (no_docstring, ["GL08"]),
        (not_documented, ["PR01"]),
        (does_not_exist, ["PR02"]),
        (no_returns, ["no Returns"]),
        (no_raises, ["raises ValueError, which"]),
        (other_raises, ["raises ValueError, which"]),
        (made_elsewhere, ["raises what x makes"]),
        (no_shape, ["the shape of x", "the shape of the result"]),
        (RaisesWhenMade, ["raises ValueError, which"]),
        (RaisesWhenMade.bad, ["GL08"]),
        (no_help, ["command without help"]),
    ],
)
def test_a_fault_is_found(item, expected):
    found = faults(item)
    assert len(found) == len(expected)
    for text, beginning in zip(found, expected, strict=True):
        assert text.startswith(beginning)


class Inherits(RaisesWhenMade):
    """A thing made like its parent."""


@contextmanager
def borrow(x: NDArray[np.float64]) -> Iterator[int]:
    """Lend a thing.

    Parameters
    ----------
    x : ndarray of any shape
        Numbers.

    Yields
    ------
    int
        The thing.

    Raises
    ------
    ArithmeticError
        If there is nothing in it; a parent of what is raised is enough.
    """

    def nested() -> None:
        raise KeyError  # what an inner function raises is not the outer one's

    if not x.size:
        raise ZeroDivisionError
    yield len([nested])


def passes_on(x: NDArray[np.float64]) -> None:
    """Do a thing.

    Parameters
    ----------
    x
        As in `borrow`.
    """
    borrow(x)


@functools.lru_cache
def cached() -> int:
    """Return a thing.

    Returns
    -------
    int
        One.
    """
    return 1


@pytest.mark.parametrize("item", [Inherits, borrow, cached, passes_on])
def test_what_is_documented_is_let_through(item):
    assert faults(item) == []
