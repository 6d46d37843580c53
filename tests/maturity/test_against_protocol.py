"""A score read against a protocol: the day is named, never believed, and what is only remembered judges nothing."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnephys.maturity.against_protocol import firing_of, read_against, stated_days
from mnephys.maturity.derivation import DayZero, Known, Reached, Said
from mnephys.maturity.parse_derivation import load_derivations
from mnephys.maturity.rubric import load_rubric
from mnephys.maturity.score import score_cell
from mnephys.measurement import FeatureTable

LIST = load_derivations()
DIFFERENTIATION, PLATING = DayZero.DIFFERENTIATION, DayZero.PLATING
END = "Days are no proof of maturity: the protocol changes neither stage, claim nor index."


@pytest.fixture(scope="module")
def silent(cell):
    return score_cell(cell("none"))


def read(score, key, days, fires="fires no AP"):
    return read_against(score, LIST.protocols[key], LIST.ladder, days, fires)


def test_a_silent_cell_on_the_day_when_function_is_reported(silent):
    assert read(silent, "du2015", {DIFFERENTIATION: 28.0}) == (
        (
            "Day 28 of Du et al. 2015: functional motor neurons are reported there by day 28 (seen in its abstract); "
            "this cell fires no AP and is immature by its own measurements (claim none)."
        ),
        f"What Du et al. 2015 recorded from them was not read by this project. {END}",
    )


SAYS = [
    (
        "du2015",
        {DIFFERENTIATION: 27.5},
        (
            "Day 27.5 of Du et al. 2015: that is before functional motor neurons are reported there, which is by day "
            "28 (seen in its abstract); "
        ),
    ),
    (
        "du2015",
        {},
        (
            "Read against Du et al. 2015: functional motor neurons are reported there by day 28 (seen in its "
            "abstract); day_of_differentiation of this cell is not stated, so that no day is compared; "
        ),
    ),
    (
        "du2015",
        {PLATING: 28.0},
        (
            "Read against Du et al. 2015: functional motor neurons are reported there by day 28 (seen in its "
            "abstract); day_of_differentiation of this cell is not stated, so that no day is compared; its other day "
            "is counted from another day zero; "
        ),
    ),
    (
        "takazawa2012",
        {PLATING: 20.0, DIFFERENTIATION: 50.0},
        (
            "20 DIV, read against Takazawa et al. 2012: functional motor neurons are reported there by 13 DIV "
            "(adaptation and rebound APs acquired over 13 DIV, seen in its abstract); "
        ),
    ),
    (
        "hester2011",
        {DIFFERENTIATION: 30.0},
        (
            "Read against Hester et al. 2011: functional motor neurons are reported there by 11 days after gene "
            "delivery (seen in its abstract); how long ago that was for this cell is not known, so that no day is "
            "compared; "
        ),
    ),
    (
        "wada2009",
        {DIFFERENTIATION: 30.0},
        (
            "Read against Wada et al. 2009 (human and monkey): functional motor neurons are reported there after a few "
            "weeks, counted from patterning (seen in its abstract), which is no day to compare with; "
        ),
    ),
    (
        "toma2015",
        {DIFFERENTIATION: 30.0},
        (
            "Read against Toma et al. 2015 (mouse): functional motor neurons are reported there after several weeks "
            "(seen in its abstract), which is no day to compare with; "
        ),
    ),
    (
        "amoroso2013",
        {DIFFERENTIATION: 30.0},
        (
            "Day 30 of Amoroso et al. 2013: motor neurons, by their markers, are reported there by day 21 (within 3 "
            "weeks, seen in its abstract); when motor neurons are functional there was not found; "
        ),
    ),
    (
        "boulting2011",
        {DIFFERENTIATION: 40.0},
        (
            "Read against Boulting et al. 2011: when motor neurons are functional there was not found, so that no "
            "day is compared; "
        ),
    ),
]


@pytest.mark.parametrize(("key", "days", "said"), SAYS)
def test_what_is_said_of_each_kind_of_day(silent, key, days, said):
    own = "this cell fires no AP and is immature by its own measurements (claim none)."
    assert read(silent, key, days)[0] == said + own


def test_the_ladder_is_read_in_words(silent):
    assert read(silent, "takazawa2012", {})[1] == (
        "Functional evidence read of Takazawa et al. 2012: an evoked AP (E2), repetitive firing (E3), adaptation, "
        f"rebound APs or persistent inward current (E6). {END}"
    )


def remembered(protocol):
    """Return a protocol of which everything is only remembered."""
    found = {}
    for field in dataclasses.fields(protocol):
        value = getattr(protocol, field.name)
        if isinstance(value, (Said, Reached)) and value.known is Known.SEEN:
            found[field.name] = replace(value, known=Known.MEMORY, place="")
    evidence = tuple(replace(item, known=Known.MEMORY, place="") for item in protocol.evidence)
    return replace(protocol, **found, evidence=evidence)


@pytest.mark.parametrize("key", LIST.protocols)
def test_nothing_is_judged_by_what_is_only_remembered(silent, key):
    protocol = remembered(LIST.protocols[key])
    days = {DIFFERENTIATION: 5555.0, PLATING: 7777.0}
    lines = read_against(silent, protocol, LIST.ladder, days, "fires no AP")
    assert not re.search(r"\d", "".join(lines).replace(protocol.name, ""))
    assert lines[1] == f"What {protocol.name} recorded from them was not read by this project. {END}"
    unknown = "was not found" if protocol.function.known is Known.NOT_FOUND else "is known from memory only"
    assert lines[0].startswith(f"Read against {protocol.name}: when motor neurons are functional there {unknown}, so")


def test_second_hand_values_say_so(silent):
    protocol = LIST.protocols["du2015"]
    function = replace(protocol.function, known=Known.SECONDARY, place="a review")
    line = read_against(silent, replace(protocol, function=function), LIST.ladder, {DIFFERENTIATION: 30.0})[0]
    assert "by day 28 (second-hand, from a review); this cell is immature" in line


days = st.dictionaries(st.sampled_from([DIFFERENTIATION, PLATING]), st.floats(0, 400), max_size=2)


@given(st.sampled_from(sorted(LIST.protocols)), days, st.sampled_from(["none", "phasic", "sustained", ""]))
def test_a_day_never_makes_a_cell_mature(cell, key, stated, pattern):
    score = score_cell(cell(pattern))
    before = score.to_json()
    fires = firing_of(score, load_rubric())
    young, old = read(score, key, {}, fires), read(score, key, stated, fires)
    assert score.to_json() == before
    assert young[1] == old[1]
    assert young[0].rpartition("; ")[2] == old[0].rpartition("; ")[2]
    assert "mature" not in old[0].rpartition("; ")[0]
    assert old[1].endswith(END)
    assert all(line.endswith(".") and line.isprintable() for line in old)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("none", "this cell fires no AP and is immature by its own measurements (claim none)."),
        ("", "its own measurements do not settle its stage (claim none)."),
    ],
)
def test_the_cell_is_described_by_its_own_measurements(cell, pattern, said):
    score = score_cell(cell(pattern))
    assert read(score, "du2015", {DIFFERENTIATION: 400.0}, firing_of(score, load_rubric()))[0].endswith(f"; {said}")


def test_a_cell_that_fires_and_is_indeterminate_is_both(silent):
    score = replace(silent, stage="indeterminate", claim="mature_in_vitro")
    line = read(score, "du2015", {DIFFERENTIATION: 30.0}, "fires to the end of the step")[0]
    said = "this cell fires to the end of the step, and its own measurements do not settle its stage"
    assert line.endswith(f"; {said} (claim mature in vitro).")


def test_only_days_that_somebody_stated_count():
    assert stated_days({"div": 14.0, "day_of_differentiation": 35.0}) == {DIFFERENTIATION: 35.0, PLATING: 14.0}
    assert stated_days({"plate": "P1", "div": None}) == {}


def test_a_table_of_nothing_is_read_too():
    score = score_cell(FeatureTable(()))
    assert firing_of(score, load_rubric()) == ""
    assert read(score, "qu2014", {DIFFERENTIATION: 20.0}, "")[0].endswith("settle its stage (claim none).")
