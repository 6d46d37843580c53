"""The file of the published sets, and what is said of files that are wrong."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import tomllib
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from mnephys.errors import ReferenceSetError
from mnephys.maturity import load_rubric
from mnephys.maturity.reference import load_reference, parse_reference
from mnephys.maturity.reference.parse import BUILT_IN

TEXT = (resources.files("mnephys.maturity.reference") / BUILT_IN).read_text(encoding="utf-8")
RAW = tomllib.loads(TEXT)

SMALL = """
name = "small"
version = "1"
stages = ["immature", "mature"]

[caution]
degrees_of_freedom = 5
between_ratio = 1
between_weight = 4
unknown_n = 5
widening = 1
typical_at_least = 0.01
disagrees_below = 0.1
[caution.reasons]
degrees_of_freedom = "x"
between_ratio = "x"
between_weight = "x"
unknown_n = "x"
widening = "x"
typical_at_least = "x"
disagrees_below = "x"

[features.ap_half_width]
unit = "ms"
scale = "log"
[features.ap_amplitude]
unit = "mV"
scale = "linear"
[categories.firing_pattern]
values = ["none", "abortive", "single", "phasic", "sustained"]
prior_cells = 0.5
between = 0.1
[[correlation]]
pair = ["ap_half_width", "ap_amplitude"]
r = -0.4
reason = "y"
[sources.a]
citation = "A"
link = "10.1000/a"

[[sets]]
id = "one"
stage = "immature"
source = "a"
basis = "seen"
[sets.values]
ap_half_width = { mean = 6, sd = 2, n = 12 }
firing_pattern = [{ one_of = ["none"], fraction = 0.5, n = 12 }]
[[sets]]
id = "two"
stage = "mature"
source = "a"
basis = "seen"
[sets.values]
ap_half_width = { mean = 1.5, sem = 0.1, n = 12 }
ap_amplitude = { mean = 80, sd = 9, n = 12 }
"""


def test_the_published_sets_are_valid_hashed_and_of_this_packages_features():
    reference = load_reference()
    assert reference.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()
    assert reference.not_used == {}
    criteria = load_rubric().criteria
    assert {name: f.unit for name, f in reference.features.items()} == {
        name: criteria[name].unit for name in reference.features
    }
    assert {entry["source"] for entry in RAW["sets"]} == set(RAW["sources"])
    for source in RAW["sources"].values():
        assert re.fullmatch(r"10\.\d{4,9}/\S+|https://\S+", source["link"])
    assert np.linalg.eigvalsh(reference.correlation)[0] > 0.2


def test_stages_follow_each_other_in_every_feature():
    """Each feature of the published sets goes one way from immature over intermediate to mature."""
    location = load_reference().location
    steps = np.diff(location, axis=0)
    assert ((steps >= 0).all(axis=0) | (steps <= 0).all(axis=0)).all()


def test_no_set_is_left_out_without_a_reason_and_none_is_from_memory():
    for entry in RAW["excluded"]:
        assert entry["reason"]
        assert entry["rows"] > 0
    assert sum(entry["rows"] for entry in RAW["excluded"] if "memory" in entry["reason"]) == 7
    assert {entry["basis"] for entry in RAW["sets"]} <= {"seen", "secondary", "proxy"}


def test_every_row_of_the_compiled_table_is_in_a_set_or_left_out_with_its_reason():
    """Where the table itself is at hand, beside the real recordings."""
    table = Path(os.environ.get("MNEPHYS_DATA", "none"), "..", "reference", "reference_values.csv")
    if not table.is_file():
        pytest.skip("the compiled table is not here")
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    values = [entry["values"] for entry in RAW["sets"]]
    used = sum(len(v) if isinstance(v, list) else 1 for entry in values for v in entry.values())
    assert used + sum(entry["rows"] for entry in RAW["excluded"]) == len(rows)


def test_a_small_file_is_read_and_what_one_stage_lacks_is_not_used():
    reference = parse_reference(SMALL.encode())
    assert list(reference.features) == ["ap_half_width"]
    assert reference.not_used == {
        "ap_amplitude": "no set of immature cells has it",
        "firing_pattern": "no set of mature cells has it",
    }
    assert reference.prior.tolist() == [0.5, 0.5]
    assert reference.correlation.tolist() == [[1.0]]
    windows = parse_reference(SMALL.replace("\n", "\r\n").encode())
    assert windows.sha256 == reference.sha256


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[features.ap_half_width]", "[features.ap_halfwidth]", r"\[features.ap_halfwidth\] feature 'ap_halfwidth' is"),
        ('unit = "ms"', 'unit = "s"', r"\[features.ap_half_width\] unit is s; write ms"),
        ('unit = "ms"', 'unit = "furlong"', r"\[features.ap_half_width\] .*furlong"),
        ('scale = "log"', 'scale = "lgo"', r"\[features.ap_half_width\] scale is 'lgo'; the nearest is 'log'"),
        ('scale = "log"', 'scale = "logit"', r"\[sets one.values.ap_half_width\] mean is 6, which has no place on a"),
        ('stage = "mature"', 'stage = "matur"', r"\[sets two\] stage is 'matur'; the nearest is 'mature'"),
        ('stages = ["immature", "mature"]', 'stages = ["mature", "immature"]', "stages are not two or more from least"),
        ('stages = ["immature", "mature"]', 'stages = ["mature"]', "stages are not two or more"),
        ('stages = ["immature", "mature"]', 'stages = ["young", "mature"]', "stages has 'young'"),
        ('source = "a"', 'source = "b"', r"\[sets one\] source 'b' is not declared; the nearest|known are a"),
        ('basis = "seen"', 'basis = "sen"', r"\[sets one\] basis is 'sen'; the nearest is 'seen'"),
        ("mean = 6, sd = 2, n = 12", "mean = 6, sd = 2, n = 1", r"a spread without n, or of one cell"),
        ("mean = 6, sd = 2, n = 12", "mean = 6, sd = 2", r"\[sets one.values.ap_half_width\] has a spread without n"),
        ("mean = 6, sd = 2, n = 12", "mean = -6, sd = 2, n = 12", "mean is -6, which has no place on a log scale"),
        ("mean = 6, sd = 2, n = 12", "mean = nan, sd = 2, n = 12", "mean is nan; it needs to be a finite number"),
        ("mean = 6, sd = 2, n = 12", "mean = 6, sd = 0, n = 12", "sd is 0; it needs to be above 0"),
        ("mean = 6, sd = 2, n = 12", "mean = 6, sd = 2, n = 2.5", "n is 2.5; it needs to be 1, 2, 3"),
        ("mean = 6, sd = 2, n = 12", "sd = 2, n = 12", "mean is missing"),
        ("mean = 6, sd = 2, n = 12", "mean = 6, centre = 2, n = 12", "has centre and mean"),
        ("mean = 6, sd = 2, n = 12", "mean = 6, spread = 2, n = 12", "has spread without centre"),
        ("sem = 0.1, n = 12", "sem = 0.1", "has sem with sd or without n"),
        ("sem = 0.1, n = 12", "sem = 0.1, sd = 1, n = 12", "has sem with sd or without n"),
        ("fraction = 0.5", "fraction = 1.5", "fraction is 1.5; it needs to be 0 to 1"),
        ('one_of = ["none"]', 'one_of = ["nome"]', "one_of has 'nome'; the nearest is 'none'"),
        ('one_of = ["none"]', "one_of = []", "one_of is empty"),
        ("r = -0.4", "r = -1.0", "r is -1; it needs to be between -1 and 1"),
        ("r = -0.4", "r = -0.99", "the correlations contradict each other"),
        ('pair = ["ap_half_width"', 'pair = ["rheobase"', "pair has 'rheobase'"),
        ('pair = ["ap_half_width"', 'pair = ["ap_amplitude"', "pair is not two features"),
        ('reason = "y"', "", "reason is missing"),
        ('widening = "x"', "", r"\[caution.reasons\] widening is missing"),
        ("widening = 1\n", "widening = 0.5\n", r"\[caution\] widening is 0.5; it needs to be 1 to 10"),
        ("widening = 1\n", "widneing = 1\n", r"unknown key 'widneing'; the nearest is 'widening'"),
        ("prior_cells = 0.5", "prior_cells = 0", "prior_cells is 0; it needs to be above 0"),
        ("between = 0.1", "between = 2", "between is 2; it needs to be 0 to 1"),
        ('"none", "abortive", ', '"none", ', "values are not the categories of the feature"),
        ('link = "10.1000/a"', 'link = "javascript:x"', r"\[sources.a\] link 'javascript:x' is no DOI"),
        ('id = "two"', 'id = "one"', r"\[sets one\] is there twice"),
        ('name = "small"', 'name = "small"\nkind = "wells"', "is a reference of wells; give one of cells"),
        ('name = "small"', 'name = "small"\nprior = [1, 0]', "prior is not one positive number for each stage"),
        ('name = "small"', 'name = "small"\nexcl = 1', "unknown key 'excl'"),
        ("[features.ap_amplitude]", '[features.ap_amplitude]\nborrow = { immature = "immature" }', "immature borrows"),
        ("ap_half_width = { mean = 6", "ap_halfwidth = { mean = 6", "unknown key 'ap_halfwidth'; the nearest is"),
        ("ap_half_width = { mean = 1.5, sem = 0.1, n = 12 }", "", "small: no feature can be compared"),
        ("[[sets]]", "[[sets", "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(old, new, message):
    assert old in SMALL
    with pytest.raises(ReferenceSetError, match=message) as error:
        parse_reference(SMALL.replace(old, new, 1).encode(), "mine.toml")
    assert "\n" not in str(error.value)


def test_a_feature_that_borrows_has_the_distribution_of_the_lender():
    text = SMALL.replace("[features.ap_amplitude]", '[features.ap_amplitude]\nborrow = { immature = "mature" }')
    reference = parse_reference(text.encode())
    column = list(reference.features).index("ap_amplitude")
    assert reference.location[0, column] == reference.location[1, column] == 80
    assert reference.scale[0, column] == reference.scale[1, column]
    assert reference.correlation[0, 1] == -0.4
    assert reference.lender == (1, 1)
    assert reference.own.tolist() == [[True, False], [True, True]]


def test_a_stage_borrows_from_one_other_stage_only():
    text = SMALL.replace('stages = ["immature", "mature"]', 'stages = ["immature", "intermediate", "mature"]')
    text = text.replace(
        'scale = "linear"', 'scale = "linear"\nborrow = { immature = "mature", intermediate = "mature" }'
    )
    text = text.replace('scale = "log"', 'scale = "log"\nborrow = { intermediate = "immature" }')
    with pytest.raises(
        ReferenceSetError, match="intermediate borrows from immature and mature; let it borrow from one"
    ):
        parse_reference(text.encode())


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(ReferenceSetError, match=re.escape(str(path))):
            load_reference(path)
    with pytest.raises(ReferenceSetError, match="not UTF-8"):
        parse_reference(b"\xff\xfe")
