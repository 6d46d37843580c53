"""A reference of wells comes back from its file as it was, and a file that was changed is refused by name and place."""

from __future__ import annotations

import hashlib
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnephys.errors import ReferenceSetError
from mnephys.maturity.activity_file import (
    WellReference,
    parse_well_reference,
    read_well_reference,
    well_reference_toml,
)
from mnephys.maturity.activity_score import fit_activity, score_activity

NAMES = ["share", "synchrony", "rate", "flat"]
UNITS = {"share": "%", "synchrony": "1", "rate": "Hz"}


def values(n=30):
    rng = np.random.default_rng(0)
    day = np.arange(n) % 5.0
    table = np.column_stack([day, day, np.exp(day), day * 0])
    return day, table * (1 + 0.1 * rng.normal(size=table.shape))


@pytest.fixture
def reference():
    day, table = values()
    return WellReference("my <b>wells</b>", fit_activity(table, NAMES, age=day), UNITS)


def test_it_comes_back_as_it_was(reference, tmp_path):
    path = tmp_path / "mine.toml"
    text = well_reference_toml(reference)
    path.write_text(text, encoding="utf-8")
    found = read_well_reference(path)
    assert (found.name, found.units) == (reference.name, UNITS)
    assert found.model.metrics == reference.model.metrics
    assert any(metric.offset is not None for metric in found.model.metrics)
    assert found.model.left_out == {"flat": "the same in all control wells"}
    _, table = values()
    assert score_activity(found.model, table, NAMES) == score_activity(reference.model, table, NAMES)
    assert found.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert well_reference_toml(found) == text
    assert found.identification == {"name": reference.name, "version": "1", "sha256": found.sha256}


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: text.split() != []))
def test_any_name_makes_a_file_that_can_be_read(name):
    day, table = values()
    text = well_reference_toml(WellReference("a" + name, fit_activity(table, NAMES, age=day), UNITS))
    assert parse_well_reference(text.encode(), "x").name.startswith("a")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('kind = "wells"', 'kind = "cells"'), "kind is 'cells'"),
        (("version = 1", "version = 2"), "version is 2; this program reads version 1"),
        (('unit = "Hz"', 'unit = "furlong"'), "[metrics rate] unit 'furlong' is not known"),
        (("noise =", "nois ="), "unknown key 'nois'; the nearest is 'noise'"),
        (("wells = 30", "wells = -1"), "wells is -1"),
        (('name = "share"', 'name = "rate"'), "different metrics"),
        (("loading = 0.5", "loading = 0.6"), "loadings do not add up to 1"),
        (("oriented_by", "# oriented_by"), "oriented_by is missing"),
        (("offset = ", "offset = -0.5 # "), "offset is -0.5"),
        (("[[metrics]]", "[[metric]]"), "unknown key 'metric'"),
    ],
)
def test_a_changed_file_is_refused_with_its_place(reference, change, said):
    text = well_reference_toml(reference)
    assert change[0] in text
    with pytest.raises(ReferenceSetError, match=r"^mine\.toml: ") as error:
        parse_well_reference(text.replace(*change).encode(), "mine.toml")
    assert said in str(error.value)


@pytest.mark.parametrize("number", ["nan", "inf", "-1.0", "0.0", "'1'", "true"])
def test_no_deviation_that_is_none(reference, number):
    text = re.sub("sd = .*", f"sd = {number}", well_reference_toml(reference), count=1)
    with pytest.raises(ReferenceSetError, match=r"\[metrics rate\] sd is"):
        parse_well_reference(text.encode(), "mine.toml")


@pytest.mark.parametrize("data", [b"", b"\xff", b"[[", b"a=" + b"[" * 5000, b" " * 1_000_001, b"metrics = 3"])
def test_anything_else_is_refused_in_one_line(data):
    with pytest.raises(ReferenceSetError) as error:
        parse_well_reference(data, "mine.toml")
    assert "\n" not in str(error.value)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ReferenceSetError, match="cannot be read"):
        read_well_reference(tmp_path)
