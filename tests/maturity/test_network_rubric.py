"""The rubric for wells: what must be true of the shipped one, and what a bad one says."""

from __future__ import annotations

import re
import tomllib
from importlib import resources

import pytest

from mnephys.errors import RubricError
from mnephys.maturity.network_rubric import BUILT_IN, load_network_rubric
from mnephys.maturity.rubric_set import load_rubrics
from mnephys.maturity.scale import Role
from mnephys.mea import measure

TEXT = (resources.files("mnephys.maturity") / "rubrics" / BUILT_IN).read_text(encoding="utf-8")
RUBRIC = load_network_rubric()
EXPORTED_ONLY = {"synchrony_index", "area_under_normalized_cross_correlation"}


def test_every_cut_has_a_source_and_every_reference_is_used():
    cited = {key for c in RUBRIC.criteria.values() for keys in c.source.values() for key in keys}
    cited |= {key for gates in RUBRIC.stages.values() for gate in gates for key in gate.source}
    assert cited == set(RUBRIC.references)
    for criterion in RUBRIC.criteria.values():
        assert RUBRIC.cite(criterion)


def test_every_feature_is_measured_or_exported():
    assert set(RUBRIC.criteria) - EXPORTED_ONLY <= set(measure.FEATURES)
    for name in set(RUBRIC.criteria) - EXPORTED_ONLY:
        assert RUBRIC.criteria[name].unit == measure.FEATURES[name].unit


def test_no_rate_is_scored():
    rates = [c for c in RUBRIC.criteria.values() if c.unit == "Hz"]
    assert rates
    assert all(c.role is Role.REPORTED for c in rates)


def test_it_says_that_it_is_provisional():
    assert "provisional" in RUBRIC.title
    assert "Provisional" in RUBRIC.note


def test_organised_asks_for_activity_network_bursts_and_synchrony():
    first = {gate.any_of[0].target if gate.any_of else gate.target for gate in RUBRIC.stages["organised"]}
    assert first == {"active_electrode_fraction", "network_burst_percentage_axis_2015", "domain:synchrony"}


def test_bursts_count_only_as_far_as_there_is_synchrony():
    bursting = [c for c in RUBRIC.counted if c.domain == "bursting"]
    assert bursting
    assert all(c.capped_by == "synchrony" for c in bursting)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('level = "well"', 'level = "cell"', "write 'well'"),
        ("wells = 3", "wells = 0.5", "wells is 0.5"),
        ("duration_s = 300", "duration = 300", "unknown key 'duration'"),
        ("[[stages.organised.gates]]", "[[stages.organised.gatess]]", "unknown key"),
        ('target = "domain:synchrony"', 'target = "domain:sync"', "domain:synchrony"),
        ("needs_active = 2", "needs_active = -1", "needs_active is -1"),
        ('capped_by = "synchrony"', 'capped_by = "sync"', "capped_by is 'sync'"),
        ("share = 0.5", "share = 5", "share is 5"),
        ('stands_in_for = "synchrony_index"', 'stands_in_for = "sync"', "stands_in_for is 'sync'"),
        ("mature = 0.90", "mature = 0.10", "immature and mature are both 0.1"),
        ('feature = "active_electrode_count"', 'feature = "actives"', "active_electrode_count"),
    ],
)
def test_a_bad_rubric_gives_one_line_with_file_and_place(tmp_path, old, new, words):
    assert old in TEXT
    file = tmp_path / "mine.toml"
    file.write_text(TEXT.replace(old, new), encoding="utf-8")
    with pytest.raises(RubricError, match=r"mine\.toml") as caught:
        load_network_rubric(file)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_rubric_is_for_the_level_that_it_names(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(re.sub(r'version = "[0-9.]+"', 'version = "9.9.9"', TEXT), encoding="utf-8")
    rubrics = load_rubrics([own])
    assert (rubrics.well.version, rubrics.cell.name) == ("9.9.9", "spinal_motor_neuron")
    with pytest.raises(RubricError, match="level 'well' too"):
        load_rubrics([own, own])
    own.write_text("level = 'plate'")
    with pytest.raises(RubricError, match="level is 'plate'"):
        load_rubrics([own])


def test_the_numbers_of_the_notes_are_plain_toml():
    assert tomllib.loads(TEXT)["definitions"] == "axis-2015"
