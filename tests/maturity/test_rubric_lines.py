"""Lines of keys against files of which every line is known as it is written."""

from __future__ import annotations

import re
import tomllib
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnephys.errors import RubricError
from mnephys.maturity.parse_scale import parse_toml, rubric_names
from mnephys.maturity.section import Section
from mnephys.maturity.toml_lines import Spot, lines_of_keys

WORDS = st.sampled_from(["a", "b", "long_name", "x-1", "mature"])
# Each value may hold what looks like a key, a header, a comment or a bracket.
VALUES = st.sampled_from(
    [
        "1",
        '"text"',
        '"[x] # a = 1 \\" {"',
        "'it [ # '",
        '"""one line"""',
        '"""\na = 1\n[b]\n\\""" still inside ]\n"""',
        "'''\n[[b]]\nb = 2\n'''",
        "[1, 2]",
        '[\n  "a = 1",  # ]\n  "]",\n]',
        "[\n  [1],\n  [2]\n]",
        '{ a = 1, b = "}" }',
        "1  # a = [",
    ]
)


@given(st.lists(st.tuples(WORDS, VALUES), max_size=6, unique_by=lambda pair: pair[0]), st.integers(0, 3), st.data())
def test_each_key_has_its_line(top, tables, data):
    text, expected = "", {}

    def write(path, pairs):
        nonlocal text
        for key, value in pairs:
            expected[*path, key] = text.count("\n") + 1
            text += f"{key} = {value}\n"

    write((), top)
    for number in range(tables):
        text += data.draw(st.sampled_from(["", "\n", "# [x]\n"]))
        expected["list", number] = text.count("\n") + 1
        text += "[[list]]  # of tables\n"
        write(("list", number), data.draw(st.lists(st.tuples(WORDS, VALUES), max_size=3, unique_by=lambda p: p[0])))
        expected["list", number, "inner"] = text.count("\n") + 1
        text += "[list.inner]\nz = 1\n"
    tomllib.loads(text)
    found = lines_of_keys(text)
    assert {path: found.get(path) for path in expected} == expected


@pytest.mark.parametrize("name", rubric_names())
def test_lines_of_the_built_in_files_name_their_keys(name):
    text = (resources.files("mnephys.maturity") / "rubrics" / f"{name}.toml").read_text(encoding="utf-8")
    content, lines = tomllib.loads(text), text.split("\n")
    for path, line in lines_of_keys(text).items():
        inner = content
        for step in path:
            inner = inner[step]
        last = [step for step in path if isinstance(step, str)][-1]
        assert re.match(rf"\s*(\[\[?[\w.]*\b{last}\b|{last}\s*=)", lines[line - 1])
    assert len([path for path in lines_of_keys(text) if path[-1] == "feature"]) == len(content["criteria"])


@given(st.text(alphabet="ab[]{}=#\"'\\.\n ", max_size=60))
def test_nonsense_is_read_without_an_error(text):
    assert all(1 <= line <= text.count("\n") + 1 for line in lines_of_keys(text).values())


def test_a_message_gets_the_line_of_the_key_that_it_names_and_else_that_of_the_table():
    top, _ = parse_toml(
        b"name = 'x'\n\n[domains.ap]\nlabel = 'AP'\nweight = { a = { b = 1 } }\n[[criteria]]\ncut = [1, 'x']\n", "f"
    )
    domain = top.below("domains").below("ap")
    assert str(domain.error("weight is 3", "no")).startswith("f: line 5: [domains.ap] weight")
    assert str(domain.error("has no sources", "no")).startswith("f: line 3: [domains.ap]")
    assert str(domain.below("weight").error("a is 1", "no")).startswith("f: line 5: [domains.ap.weight]")
    assert str(domain.below("weight").below("a").error("is odd", "no")).startswith("f: line 5: [domains.ap.weight.a]")
    assert str(top.below("missing").error("is odd", "no")) == "f: [missing] is odd; no"
    (criterion,) = top.each("criteria", ["cut"], "feature")
    with pytest.raises(RubricError, match=r"^f: line 7: \[criteria 1\] cut\[1\] is 'x'"):
        criterion.numbers("cut")
    assert str(Section({}, "f").error("is odd", "no")) == "f: is odd; no"
    assert Spot().line("name") is None
