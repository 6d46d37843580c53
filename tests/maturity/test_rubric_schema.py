"""The published schema and the parser say the same."""

from __future__ import annotations

import copy
import json
import re
import tomllib
from importlib import resources

import jsonschema
import pytest

from mnephys.maturity.parse_scale import rubric_names
from mnephys.maturity.rubric_set import load_any
from mnephys.maturity.section import Section

FOLDER = resources.files("mnephys.maturity") / "rubrics"
SCHEMA = json.loads((FOLDER / "rubric.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
DEFS = SCHEMA["$defs"]
FILES = {name: (FOLDER / f"{name}.toml").read_text(encoding="utf-8") for name in rubric_names()}
SPINAL, NETWORK = (tomllib.loads(FILES[name]) for name in ("spinal_motor_neuron", "network"))

# Which part of the schema speaks of which table, by what the parser calls it.
PLACES = {
    "": "cell",
    r"domains\.\w+": "domain",
    r"criteria \w+": "criterion",
    r"criteria \w+\.source": "criterion/source",
    r"references\.\w+": "references/*",
    "claims": "cell/claims",
    r"claims\.\w+": "gated",
    r"claims\.\w+\.gates [\w:*]+": "gate",
    r"claims\.\w+\.gates \w+\.any_of \w+": "gate",
    "scenarios": "cell/scenarios",
    "identity": "cell/identity",
    "stages": "cell/stages",
    "confidence": "well/confidence",
    "plate": "well/plate",
    r"stages\.\w+": "gated",
    r"stages\.\w+\.gates [\w:]+": "gate",
    r"stages\.\w+\.gates \w+\.any_of \w+": "gate",
}


def part(name: str) -> dict:
    first, _, rest = name.partition("/")
    found = DEFS[first]
    if rest == "*":
        return found["additionalProperties"]
    return found["properties"][rest] if rest else found


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", FILES)
def test_the_built_in_files_follow_it(name):
    assert [error.message for error in VALIDATOR.iter_errors(tomllib.loads(FILES[name]))] == []


@pytest.mark.parametrize("name", FILES)
def test_every_table_has_the_keys_that_the_parser_takes(name, monkeypatch):
    seen: dict[str, set[frozenset[str]]] = {}
    plain = Section.__init__

    def noting(self, data, file, place="", keys=None, spot=None):
        keys = None if keys is None else list(keys)
        if keys is not None:
            seen.setdefault(place, set()).add(frozenset(keys))
        plain(self, data, file, place, keys, spot)

    monkeypatch.setattr(Section, "__init__", noting)
    level = load_any(name).level
    checked = set()
    for place, taken in seen.items():
        (pattern,) = [pattern for pattern in PLACES if re.fullmatch(pattern, place)] or [None]
        if re.fullmatch(r"criteria \w+\.(phrases|categories)", place):
            continue
        assert pattern is not None, place
        where = PLACES[pattern].replace("cell", level) if place in {"", "stages"} else PLACES[pattern]
        stated = set(part(where)["properties"])
        # A criterion takes those sources only that it has cuts for; all together are those of the schema.
        if where == "criterion/source":
            assert set().union(*taken) <= stated
            continue
        assert taken == {frozenset(stated)}, place
        checked.add(where)
    assert checked >= {level, "domain", "criterion", "gate", "gated", "references/*"}


def tables(value, path=()):
    """Yield the way to each table whose keys are given."""
    if isinstance(value, dict):
        if path not in {("domains",), ("references",)} and path[-1:] not in {("categories",), ("phrases",)}:
            yield path
        for key, inner in value.items():
            yield from tables(inner, (*path, key))
    if isinstance(value, list):
        for place, inner in enumerate(value):
            yield from tables(inner, (*path, place))


def changed(document, path, change):
    found = inner = copy.deepcopy(document)
    for step in path:
        inner = inner[step]
    change(inner)
    return found


@pytest.mark.parametrize("document", [SPINAL, NETWORK], ids=["cell", "well"])
def test_a_key_more_or_a_needed_one_less_is_refused(document):
    for path in tables(document):
        assert not VALIDATOR.is_valid(changed(document, path, lambda table: table.update(unheard_of=1))), path
    for key in DEFS[document["level"]]["required"]:
        assert not VALIDATOR.is_valid(changed(document, (), lambda table, key=key: table.pop(key))), key
    for name in document["domains"]:
        assert not VALIDATOR.is_valid(changed(document, ("domains", name), lambda table: table.pop("weight"))), name
    for place in range(len(document["criteria"])):
        for key in ("feature", "unit"):
            path = ("criteria", place)
            assert not VALIDATOR.is_valid(changed(document, path, lambda table, key=key: table.pop(key)))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("criteria", 1, "mature"), "ten"),
        (("criteria", 1, "basis"), "guess"),
        (("criteria", 1, "role"), "penality"),
        (("domains", "ap", "weight"), -0.3),
        (("domains", "ap", "minimum"), 1.5),
        (("references", "leroy2014", "link"), "http://x"),
        (("claims", "functional", "gates"), []),
        (("scenarios", "seal_mohm"), [-1]),
        (("name",), "  "),
        (("level",), "organ"),
    ],
)
def test_a_wrong_value_is_refused(path, value):
    document = inner = copy.deepcopy(SPINAL)
    for step in path[:-1]:
        inner = inner[step]
    assert VALIDATOR.is_valid(document)
    inner[path[-1]] = value
    assert not VALIDATOR.is_valid(document)
