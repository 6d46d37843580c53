"""Lines beside one another: rate apart from synchrony and bursts, with the sentence that rate is confounded."""

from __future__ import annotations

import copy

import pytest
from report.html_page import Page

from mnephys import report
from mnephys.report.lines import WARNING, lines


def well(line, day, *, treatment="", stage="emerging", recording="a.csv", **values):
    units = {"mean_firing_rate": "Hz", "burst_percentage": "%", "network_burst_duration": "s"}
    criteria = [
        {"feature": feature, "value": value, "unit": units.get(feature, "1"), "status": "ok"}
        for feature, value in values.items()
    ]
    sample = {"line": line, "treatment": treatment} | ({} if day is None else {"div": day})
    return {
        "level": "well", "id": "A1", "status": "ok", "maturity_index": 0.5, "network_stage": stage,
        "criteria": criteria, "sample": sample, "recording": recording,
    }  # fmt: skip


def test_one_line_is_no_comparison():
    assert lines([well("a", 5.0), well("a", 9.0), well("", 9.0)]) is None
    assert lines([]) is None


def test_medians_by_day_and_line_in_groups_of_their_own():
    found = lines(
        [
            well("b", 9.0, mean_firing_rate=4.0, sttc=0.1, burst_percentage=50.0),
            well("a", 21.0, mean_firing_rate=3.0, sttc=0.5, burst_percentage=None),
            well("a", 9.0, mean_firing_rate=1.0, sttc=0.3),
            well("a", 9.0, mean_firing_rate=2.0, sttc=0.2),
            well("a", 9.0, mean_firing_rate=9.0),
        ]
    )
    assert found["groups"] == [
        {"name": "Rate", "n": 1},
        {"name": "Synchrony", "n": 1},
        {"name": "Structure of bursts", "n": 1},
    ]
    assert [head.split(" (")[-1] for head in found["heads"]][::2] == ["Hz)", "%)"]
    assert [(row["when"], row["line"], row["n_wells"], row["values"]) for row in found["rows"]] == [
        ("day 9", "a", 3, ["2.00", "0.250", ""]),
        ("day 9", "b", 1, ["4.00", "0.100", "50.0"]),
        ("day 21", "a", 1, ["3.00", "0.500", ""]),
    ]


def test_treated_and_unjudged_wells_are_not_compared():
    out = {**well("b", 9.0), "maturity_index": None, "status": "excluded", "network_stage": "indeterminate"}
    assert lines([well("a", 9.0), well("b", 9.0, treatment="CNQX"), out]) is None
    assert lines([well("a", 9.0), well("b", 9.0, treatment="DMSO")]) is not None


def test_without_days_recordings_are_told_apart():
    found = lines([well("a", None, recording="x.csv"), well("b", None, recording="y.csv")])
    assert [row["when"] for row in found["rows"]] == ["x.csv", "y.csv"]


@pytest.mark.parametrize("axis_2015", [True, False])
def test_another_detector_stands_only_where_the_first_did_not_measure(axis_2015):
    values = {"network_burst_percentage": 10.0} | ({"network_burst_percentage_axis_2015": 20.0} if axis_2015 else {})
    found = lines([well("a", 9.0, **values), well("b", 9.0, **values)])
    assert found["rows"][0]["values"] == (["20.0"] if axis_2015 else ["10.0"])


def test_the_page_says_it_wherever_lines_are_compared_and_nowhere_else(plate_run):
    named = copy.deepcopy(plate_run)
    for i, score in enumerate(s for s in named["scores"] if s["level"] == "well"):
        score["sample"] = {**score["sample"], "line": f"line <i>{i % 2}</i>", "treatment": "", "dose": 0.0}
    html = report.render(named)
    section = html[html.index('id="lines"') :].partition("</section>")[0]
    assert WARNING.partition(":")[0] in section
    assert "line &lt;i&gt;1&lt;/i&gt;" in section
    assert "<i>1</i>" not in section
    assert 'href="#lines"' in html
    for score in named["scores"]:
        score["sample"]["line"] = "one"
    alone = report.render(named)
    assert 'id="lines"' not in alone
    assert 'href="#lines"' not in alone
    assert Page(html)
