"""Differences between rubrics in plain lines, each against the change that was made."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from mnephys.errors import RubricError
from mnephys.maturity.parse_scale import rubric_names
from mnephys.maturity.rubric import parse_rubric
from mnephys.maturity.rubric_compare import changed_scores, differences
from mnephys.maturity.rubric_set import load_any
from mnephys.maturity.rubric_text import cuts_in_words, founded, gate_in_words, gates_of, rubric_json, rubric_lines

FOLDER = resources.files("mnephys.maturity") / "rubrics"
TEXT = (FOLDER / "spinal_motor_neuron.toml").read_text(encoding="utf-8").replace("\r\n", "\n")
SPINAL, NETWORK = load_any("spinal_motor_neuron"), load_any("network")
PATTERNS = "firing_pattern: scored, none 0, abortive 0, single 0, phasic {:g}, sustained 1"
RUBRICS = [load_any(name) for name in rubric_names()]


def mine(*changes):
    text = TEXT
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    return parse_rubric(text.encode(), "mine.toml")


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ([('version = "', 'version = "9')], []),
        ([('label = "AP half-width"', 'label = "width"')], []),
        ([("immature = 4.0", "immature = 5")], ["ap_half_width: scored, 4 -> 2.5 ms | scored, 5 -> 2.5 ms"]),
        (
            [("weight = 0.35", "weight = 0.25"), ("weight = 0.10", "weight = 0.20")],
            ["weight of firing: 0.35 | 0.25", "weight of currents: 0.1 | 0.2"],
        ),
        (
            [("minimum = 2\n", "minimum = 1\n")],
            ["features that a stage needs of firing: 2 | 1"],
        ),
        (
            [("phasic = 0.5", "phasic = 0.25")],
            [PATTERNS.format(0.5) + " | " + PATTERNS.format(0.25).removeprefix("firing_pattern: ")],
        ),
        (
            [('target = "domain:passive"\nat_least = 0.5', 'target = "domain:passive"\nat_least = 0.6')],
            [
                "mature in vitro needs, in the first alone: domain passive at least 0.5, from 2 features or more",
                "mature in vitro needs, in the second alone: domain passive at least 0.6, from 2 features or more",
            ],
        ),
        ([("held_above_pa = 1", "held_above_pa = 2")], ["held above pa: 1.0 | 2.0"]),
        ([("immature_below = 0.35", "immature_below = 0.3")], ["immature below: 0.35 | 0.3"]),
        ([("low = 1.5", "low = 2")], ["medium_ahp: identity, at least 1.5 mV | identity, at least 2 mV"]),
        ([('combine = "max"', 'combine = "median"')], ["combine of max_sustained_rate: max | median"]),
        ([("magnitude = true", "magnitude = false")], ["magnitude of na_current_peak: True | False"]),
    ],
)
def test_each_change_is_one_line_and_nothing_else_is(changes, lines):
    other = mine(*changes)
    assert differences(SPINAL, other) == lines
    assert len(differences(other, SPINAL)) == len(lines)
    assert differences(other, other) == []


def test_what_one_alone_has():
    start = TEXT.index('[[criteria]]\nfeature = "sag_ratio"')
    end = TEXT.index("[[criteria]]\nfeature", start + 1)
    without = parse_rubric((TEXT[:start] + "\n" + TEXT[end:]).encode(), "mine.toml")
    assert differences(SPINAL, without) == ["sag_ratio: reported | missing"]
    extra = "[domains.more]\nweight = 0.0\nreported_apart = true\n\n[domains.ap]"
    assert differences(mine(("[domains.ap]", extra)), SPINAL) == ["domain more: there | missing"]


def test_two_of_different_levels_are_not_compared():
    with pytest.raises(RubricError, match="spinal_motor_neuron is for a cell and network for a well; give two"):
        differences(SPINAL, NETWORK)


def test_well_rubrics():
    lines = differences(NETWORK, load_any("rodent_mea"))
    assert "weight of synchrony: 0.35 | 1" in lines
    assert "burst_percentage: scored, 0 -> 10 -> 50 % | reported" in lines
    assert "capped_by of burst_percentage: synchrony | none" in lines
    assert not any(line.startswith(("plate", "silencers", "definitions", "days")) for line in lines)


def score(subject, stage, index, level="cell"):
    cell = level == "cell"
    stages = {"stage": stage if cell else None, "network_stage": None if cell else stage}
    return {"subject": subject, "level": level, "id": "", "recording": "", **stages, "maturity_index": index}


def test_scores_that_change():
    first = [
        score("a", "mature", 0.9),
        score("b", "mature", 0.8),
        score("c", "immature", None),
        score("d", "absent", 0.0, "well"),
        score("e", "mature", 0.9),
    ]
    second = [
        score("a", "mature", 0.9004),
        score("b", "intermediate", 0.7),
        score("c", "immature", 0.1),
        score("d", "emerging", 0.0, "well"),
        score("e", "mature", 0.8),
    ]
    changed = changed_scores(first, second)
    assert [(c["subject"], c["stage"], c["index"]) for c in changed] == [
        ("b", ["mature", "intermediate"], [0.8, 0.7]),
        ("c", ["immature", "immature"], [None, 0.1]),
        ("d", ["absent", "emerging"], [0.0, 0.0]),
        ("e", ["mature", "mature"], [0.9, 0.8]),
    ]
    assert [c["by"] for c in changed] == [pytest.approx(-0.1), None, 0.0, pytest.approx(-0.1)]
    assert changed_scores(first, first) == []
    with pytest.raises(ValueError, match="shorter"):
        changed_scores(first, second[:-1])


@pytest.mark.parametrize("width", [72, 80, 120])
@pytest.mark.parametrize("rubric", RUBRICS, ids=lambda rubric: rubric.name)
def test_shown_is_everything_that_decides_and_it_fits(rubric, width):
    lines = rubric_lines(rubric, width)
    # What cannot be broken: a feature's name with its indent, an address.
    assert all(len(line) <= width or " " not in line.strip() for line in lines)
    text = " ".join(" ".join(lines).split())
    raw = tomllib.loads((FOLDER / f"{rubric.name}.toml").read_text(encoding="utf-8"))
    for entry in raw["criteria"]:
        assert f" {entry['feature']} " in text
        for cut in ("immature", "mature", "low", "high"):
            assert cut not in entry or f"{entry[cut]:g}" in cuts_in_words(rubric.criteria[entry["feature"]])
    for domain in raw["domains"].values():
        assert (
            f"{domain['label']}: {'weight ' + format(domain['weight'], 'g') if domain['weight'] else 'reported'}"
            in text
        )
    for key, reference in raw["references"].items():
        assert f"[{key}] {' '.join(reference['citation'].split())}. {reference['link']}" in text
    for gate in (gate for gates in gates_of(rubric).values() for gate in gates):
        assert gate_in_words(gate, rubric) in text
    assert " ".join(rubric.note.split()) in text
    assert founded(rubric) in text


def test_founded_counts_what_can_enter_the_index():
    assert founded(load_any("rodent_mea")) == "1 criterion counts; cuts: 1 seen, 0 secondary, 0 by proxy"
    raw = tomllib.loads(TEXT)["criteria"]
    counts = [
        e for e in raw if e.get("role", "scored") in {"scored", "stand_in", "penalty"} and e["domain"] != "synaptic"
    ]
    assert founded(SPINAL).startswith(f"{len(counts)} criteria count; cuts: 0 seen, ")


def test_json_has_each_cut_and_gate():
    found = rubric_json(SPINAL)
    half_width = next(entry for entry in found["criteria"] if entry["feature"] == "ap_half_width")
    assert (half_width["immature"], half_width["mature"], half_width["basis"]) == (4.0, 2.5, "proxy")
    assert half_width["source"]["mature"] == ["simkin2021", "organoid2020", "leroy2014", "omn", "cranial"]
    assert found["gates"]["mature_in_vitro"][2] == {
        "asks": "AP peak above 0 mV",
        "why": "a mature AP passes 0 mV",
        "source": ["leroy2014", "simkin2021"],
    }
    assert found["sha256"] == SPINAL.sha256
