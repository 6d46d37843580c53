"""The second opinion on the page of a plate: numbers, where they come from, and where they disagree with the stages."""

from __future__ import annotations

import copy

from mnephys import report
from mnephys.report.opinions import KEY, second_opinion
from mnephys.report.plates import Plate, PlateDay

ORDER = {"absent": -1.0, "emerging": 0.0, "organised": 1.0}


def well(name, stage, score, reference=None):
    opinion = {"score": score, "reference": reference or {"name": "mine", "sha256": "ab" * 32}}
    return {
        "level": "well", "id": name, "status": "ok", "maturity_index": 0.5, "network_stage": stage,
        KEY: opinion, "sample": {}, "recording": "a.csv",
    }  # fmt: skip


def plate(*wells, day=5.0):
    return Plate("P", (PlateDay("a.csv", day, None, wells),))


def in_order():
    return [
        well(f"{row}{i}", stage, ORDER[stage] + i / 10)
        for row, stage in zip("ABC", ORDER, strict=True)
        for i in (1, 2, 3)
    ]


def test_without_a_reference_there_is_none():
    bare = {key: value for key, value in well("A1", "emerging", 0.0).items() if key != KEY}
    assert second_opinion(plate(bare, {**bare, KEY: None})) is None


def test_agreement_is_said_with_the_medians():
    found = second_opinion(plate(*in_order()))
    assert found["disagreements"] == []
    assert found["words"][1] == (
        "It puts the stages in the order of the rubric: median \N{MINUS SIGN}0.80 of absent wells, 0.20 of emerging "
        "ones, 1.20 of organised ones."
    )
    assert (found["name"], found["sha256"], found["heads"]) == ("mine", "ab" * 6, ["day 5"])
    assert found["rows"][0] == {"well": "A1", "values": ["\N{MINUS SIGN}0.90"]}


def test_wells_beyond_the_median_of_another_stage_are_named():
    found = second_opinion(plate(*in_order(), well("D1", "emerging", 1.3), well("D2", "organised", -2.0)))
    assert found["disagreements"] == [
        "Day 5: D1 is emerging by the rubric, but above the median of the organised ones by the second opinion.",
        "Day 5: D2 is organised by the rubric, but below the median of the absent ones by the second opinion.",
    ]


def test_stages_in_another_order_are_one_sentence_and_no_list_of_wells():
    wells = [well(f"A{i}", "emerging", 1.0) for i in (1, 2)] + [well(f"B{i}", "organised", 0.0) for i in (1, 2)]
    (sentence,) = second_opinion(plate(*wells))["disagreements"]
    assert (
        sentence == "It disagrees with the order of the stages: median 1.00 of emerging wells, 0.00 of organised ones."
    )


def test_an_indeterminate_well_has_a_number_and_no_place_in_the_order():
    found = second_opinion(plate(*in_order(), well("D1", "indeterminate", 9.0)))
    assert found["disagreements"] == []
    assert found["rows"][-1] == {"well": "D1", "values": ["9.00"]}


def test_wells_without_a_number_are_counted():
    found = second_opinion(plate(*in_order(), well("D1", "emerging", None)))
    assert found["words"][-1] == "1 of 10 judged wells and days have none: too little was measured."
    assert found["rows"][-1]["values"] == [""]


def test_the_page_shows_it_and_escapes_the_name(plate_run):
    named = copy.deepcopy(plate_run)
    for score in named["scores"]:
        if score["level"] == "well":
            score[KEY] = {"score": 0.5, "reference": {"name": "<b>mine</b>", "sha256": "cd" * 32}}
    html = report.render(named)
    assert "Second opinion well by well" in html
    assert "&lt;b&gt;mine&lt;/b&gt;" in html
    assert "<b>mine</b>" not in html
    assert "Second opinion" not in report.render(plate_run)
