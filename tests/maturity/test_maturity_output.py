from __future__ import annotations

import json
from html.parser import HTMLParser

from mnephys.maturity import load_rubric, score_cell
from mnephys.measurement import FeatureTable, Measurement, Status

KEYS = [
    "subject",
    "level",
    "id",
    "recording",
    "sources",
    "stage",
    "claim",
    "network_stage",
    "maturity_index",
    "interval",
    "domains",
    "criteria",
    "identity",
    "reasons",
    "status",
    "rubric",
    "confidence",
    "sample",
    "changes",
    "resolutions",
    "posterior",
]
CRITERION = {
    "feature",
    "value",
    "text",
    "unit",
    "status",
    "reason",
    "cut",
    "immature",
    "mature",
    "points",
    "domain",
    "source",
    "basis",
    "note",
    "raw",
    "corrected",
}
HOSTILE = '<script>alert("x")</script>\n\x1b[31m'


def table(cell) -> FeatureTable:
    return cell(
        "phasic", ap_amplitude=70, ap_half_width=3, ap_peak=20, resting_membrane_potential=-52, input_resistance=700
    )


def test_json_has_exactly_these_keys_and_no_nan(cell):
    found = json.loads(json.dumps(score_cell(table(cell), subject="c1").to_json(), allow_nan=False))
    assert list(found) == KEYS
    assert (found["network_stage"], found["level"], found["id"]) == (None, "cell", "")
    assert set(found["identity"]) == {"call", "reasons", "criteria"}
    assert {frozenset(c) for c in [*found["criteria"], *found["identity"]["criteria"]]} == {frozenset(CRITERION)}
    assert set(found["rubric"]) == {"name", "version", "sha256"}
    assert found["rubric"]["sha256"] == load_rubric().sha256
    assert all(set(d) == {"score", "weight", "measured", "criteria"} for d in found["domains"].values())
    assert found["domains"]["passive"] == {"score": 0.65, "weight": 0.25, "measured": 2, "criteria": 3}


def test_everything_that_the_rubric_looks_at_is_in_the_evidence(cell):
    found = score_cell(table(cell))
    listed = [e.feature for e in (*found.criteria, *found.identity.criteria)]
    assert sorted(listed) == sorted(load_rubric().criteria)
    assert all(e.reason for e in found.criteria if e.status is not Status.OK)
    assert all(e.source and "(" in e.source for e in found.criteria)


def test_the_same_input_gives_the_same_bytes(cell):
    one, two = (json.dumps(score_cell(table(cell)).to_json()) for _ in range(2))
    assert one == two


def test_a_score_survives_the_round_trip_of_its_table(cell):
    found = table(cell)
    again = FeatureTable.from_records(found.records())
    assert score_cell(again).to_json() == score_cell(found).to_json()


def test_repr_is_a_few_lines_of_text(cell):
    text = repr(score_cell(table(cell), subject="cell07"))
    lines = text.splitlines()
    assert lines[0].startswith("cell07: intermediate, claim excitable, maturity index 0.")
    assert 3 <= len(lines) <= 8
    assert "Fires a few APs and stops" in lines[1]
    assert "Identity (apart from maturity)" in lines[-1]


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        assert not attrs


def test_hostile_reasons_in_the_evidence_are_escaped(cell):
    bad = Measurement("ap_amplitude", None, "", "mV", Status.TOO_FEW_EVENTS, HOSTILE)
    score = score_cell(FeatureTable((*cell("none", why=HOSTILE), bad)))
    assert next(e for e in score.criteria if e.feature == "ap_amplitude").points == 0
    parser = _Tags()
    parser.feed(score._repr_html_())
    assert "script" not in parser.tags


def test_hostile_labels_are_escaped():
    rows = (
        Measurement("firing_pattern", None, HOSTILE, "1", recording=HOSTILE),
        Measurement("input_resistance", 1.0, "", HOSTILE, recording=HOSTILE),
        Measurement("qc_recording", None, "", "1", Status.EXCLUDED, HOSTILE, recording="b" + HOSTILE),
        Measurement("qc_drive", None, "not driven", "1", reason=HOSTILE, recording=HOSTILE),
    )
    score = score_cell(FeatureTable(rows), subject=HOSTILE)
    parser = _Tags()
    parser.feed(score._repr_html_())
    assert set(parser.tags) <= {"div", "b", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"}
    assert "\x1b" not in repr(score)
    assert len(repr(score).splitlines()) <= 8
    json.dumps(score.to_json(), allow_nan=False)
