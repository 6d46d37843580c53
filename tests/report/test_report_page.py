"""The page: whole, safe, small, the same every time, and never a number that is none."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import os
import re
import subprocess
import sys

import numpy as np
from report import synthetic_run
from report.html_page import Page

from mnephys import report
from mnephys.report.recordings import look_up

NO_VALUE = r"\b(None(?! of )|nan|NaN|null|undefined|inf)\b"
HOSTILE = "<img src=x onerror=alert(1)>\"'&$\\frac{${{ 7*7 }}\x00\u202e</script></svg>"


def changed(value, old, new):
    """Return a copy in which every text equal to one of `old` is replaced, keys too."""
    if isinstance(value, dict):
        return {changed(k, old, new): changed(v, old, new) for k, v in value.items()}
    if isinstance(value, list):
        return [changed(v, old, new) for v in value]
    return new if isinstance(value, str) and value in old else value


def test_the_first_heading_is_the_verdict(page, html):
    first = html.index("<h1>")
    assert html[first:].startswith(
        "<h1>3 cells: 1\N{NO-BREAK SPACE}mature, 1\N{NO-BREAK SPACE}immature, 1\N{NO-BREAK SPACE}indeterminate.</h1>"
    )
    assert "1 recording could not be used." in page.text
    assert "0.91" in page.text
    assert "0.84 to 0.95" in page.text


def test_every_id_is_unique_and_every_inner_link_leads_somewhere(page):
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = [a["href"] for _, a in page.elements if a.get("href", "").startswith("#")]
    targets += [f"#{a['aria-labelledby']}" for _, a in page.elements if "aria-labelledby" in a]
    targets += re.findall(r"url\((#[^)]+)\)", str(page.elements))
    assert targets
    assert set(targets) <= {f"#{i}" for i in ids}


def test_nothing_is_asked_of_any_server(page):
    for tag, attrs in page.elements:
        assert tag not in {"link", "iframe", "object", "embed", "base", "form"}
        for name in ("src", "srcset", "data", "poster", "action", "background"):
            assert name not in attrs
        href = attrs.get("href", "")
        allowed = ("#", "https://doi.org/10.") if tag == "a" else ("#", "data:image/png;base64,")
        assert not href or href.startswith(allowed)
    assert "url(" not in page.raw["style"]
    assert "@import" not in page.raw["style"]
    assert "http" not in page.raw["script"]


def test_the_security_policy_allows_this_style_and_this_script_only(page, html):
    policy = next(a["content"] for a in page.named("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy
    for name in ("style", "script"):
        assert html.count(f"<{name}>") == len(page.named(name)) == 1
        digest = base64.b64encode(hashlib.sha256(page.raw[name].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    for _, attrs in page.elements:
        assert not [name for name in attrs if name == "style" or name.startswith("on")]


def test_labels_that_are_code_stay_text(run):
    first = run["scores"][0]
    texts = {
        "cell07", "day42/cell07.abf", "day42/cell12.abf", "epoch table", "ABF", "2.6.0.0",
        "mnephys.readers.abf.reading", "seen", "at least 60 mV; below 50 mV is immature", "ap_amplitude", "firing",
        "mV", "consistent", "0.1.0",
        "cell", "no voltage-clamp recording of this cell", "sustained", "mature_in_vitro", "current clamp", "pA",
        "motor-neuron", "holding current drifted by 34 pA", run["notes"][0], run["failures"][0]["error"],
        run["rubrics"]["cell"]["title"], run["rubrics"]["cell"]["sha256"],
        run["evidence"]["day42/cell11.abf"]["problems"][0],
        first["reasons"][0], first["identity"]["reasons"][0], first["criteria"][0]["source"],
        first["criteria"][8]["note"], "synthetic line 3", "drug A", "uM", "Mature means mature in vitro.",
    }  # fmt: skip
    page = Page(report.render(changed(run, texts, HOSTILE)))
    assert not page.named("img")
    assert len(page.named("script")) == 1
    assert not [attrs for _, attrs in page.elements if any(name.startswith("on") for name in attrs)]
    assert page.text.count("<img src=x onerror=alert(1)>\"'&$\\frac{${{ 7*7 }} </script></svg>") > 20
    assert not set("\x00\u202e") & set(page.text)


def test_a_doi_that_is_code_stays_text():
    run = {**synthetic_run.run(), "evidence": {}}
    for row in run["scores"][0]["criteria"]:
        row["source"] = 'mature: A (10.5555/"onmouseover=alert(1)), B (javascript:alert(1)); 10.5555/<b>x</b>'
    page = Page(report.render(run))
    links = page.named("a")
    assert not [attrs for attrs in links if set(attrs) - {"href", "rel", "title"}]
    assert not [attrs for attrs in links if not attrs["href"].startswith(("#", "https://doi.org/10."))]
    assert not [attrs for attrs in links if "<" in attrs["href"]]


def test_what_was_not_measured_shows_its_reason(page, html):
    assert not re.search(NO_VALUE, page.text)
    rows = [
        Page(f"<table>{row}</table>").text
        for row in re.findall(r"<tr role=\"row\" class=\"open\">.*?</tr>", html, re.DOTALL)
    ]
    assert len(rows) > 15
    for row in rows:
        assert "not measured" in row
        assert re.search("bridge is not|no action potential|no voltage-clamp|holding current is not", row)


def test_values_that_are_not_finite_are_not_shown(run):
    broken = copy.deepcopy({**run, "evidence": {}})
    score = broken["scores"][0]
    score["maturity_index"], score["interval"] = float("nan"), [None, float("inf")]
    score["domains"]["firing"]["score"] = None
    for row in score["criteria"]:
        row.update(value=float("nan"), status="failed", reason="the computation gave no finite number", points=None)
    page = Page(report.render(broken))
    assert not re.search(NO_VALUE, page.text)
    assert "failed: the computation gave no finite number" in page.text
    assert "no domain was measured" in page.text


def test_numbers_have_a_true_minus_and_their_unit(page):
    assert "\N{MINUS SIGN}63.1\N{NO-BREAK SPACE}mV" in "".join(page.texts)
    assert "378\N{NO-BREAK SPACE}M\N{GREEK CAPITAL LETTER OMEGA}" in "".join(page.texts)
    visible = re.sub(r"10\.\d{4,}/\S+", "", page.text)
    assert not re.search(r"(?<![\w./)])-\d", visible)


def test_the_paths_of_the_rig_are_not_on_the_page(html):
    assert "/private/rig" not in html


def test_the_same_run_gives_the_same_bytes_in_another_process(run, html, tmp_path):
    (tmp_path / "run.json").write_text(json.dumps(run))
    script = "import json, sys; from mnephys import report; report.write(json.load(open(sys.argv[1])), sys.argv[2])"
    target = tmp_path / "report.html"
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    subprocess.run([sys.executable, "-c", script, tmp_path / "run.json", target], check=True, env=environment)
    assert target.read_bytes() == html.encode()


def test_a_page_of_three_cells_stays_small(html):
    assert len(html.encode()) < 3 * 200_000


def test_a_cell_of_noise_in_many_sweeps_and_recordings_stays_small(run):
    noise = np.random.default_rng(1)
    heavy = copy.deepcopy(run)
    source = heavy["evidence"]["day42/cell07.abf"]
    n = len(source["time"])
    source["response"] = noise.normal(-60, 20, (16, n)).round(3).tolist()
    source["command"] = noise.normal(0, 50, (16, n)).round(2).tolist()
    source["waveforms"]["voltage"] = noise.normal(0, 20, (40, len(source["waveforms"]["time"]))).tolist()
    source["waveforms"]["slope"] = noise.normal(0, 90, (40, len(source["waveforms"]["time"]))).tolist()
    source["spikes"] = {
        "peak_time": noise.uniform(0, 1, 5000).tolist(),
        "peak_voltage": noise.normal(0, 9, 5000).tolist(),
    }
    steps = {"sweep": [0] * 900, "start": [0.0] * 900, "stop": [0.5] * 900, "spike_count": list(range(900))}
    source["steps"] = steps | {"current": noise.normal(0, 99, 900).tolist()}
    heavy["evidence"]["again.abf"] = copy.deepcopy(source)
    heavy["scores"] = heavy["scores"][:1]
    heavy["scores"][0]["sources"].append("again.abf")
    html = report.render(heavy)
    assert html.count("<figure") == 7
    assert len(html.encode()) < 250_000 + len(report.render({"rubrics": run["rubrics"]}).encode())


def test_a_run_without_scores_is_a_page():
    page = Page(
        report.render({"version": "0.1.0", "scores": [], "evidence": {}, "failures": [], "rubrics": {}, "notes": []})
    )
    assert "No cell could be scored." in page.text
    assert not page.named("table")


def test_a_run_of_failures_names_file_and_reason(run):
    page = Page(report.render({"version": "0.1.0", "failures": run["failures"] * 2}))
    assert "2 recordings could not be used." in page.text
    assert "ends at byte 4096" in page.text
    assert [a["href"] for a in page.named("a")].count("#failures") == 2


def test_a_score_without_evidence_says_so(run):
    page = Page(report.render({**run, "evidence": {}}))
    assert "There is no picture of the recording." in page.text
    assert "no evidence record was kept" in page.text
    assert "No problem was found" not in page.text


def test_voltage_clamp_has_sweeps_only(run):
    clamped = copy.deepcopy(run)
    clamped["scores"] = clamped["scores"][:1]
    record = clamped["evidence"]["day42/cell07.abf"]
    record.update(clamp="voltage clamp", response_unit="pA", command_unit="mV", steps={}, spikes={}, waveforms={})
    html = report.render(clamped)
    assert html.count("<figure") == 2
    assert "Current (pA)" in html
    assert "Command (mV)" in html
    assert "detected action potential" not in html
    record.update(currents={"command": [-20, 0], "inward_peak": [-900, -700]}, synaptic={"amplitude": [-9]}, n_events=1)
    html = report.render(clamped)
    assert html.count("<figure") == 4
    assert "Postsynaptic currents by size (1);" in html


def test_wells_are_counted_as_wells(run):
    well = {
        "subject": "plate1",
        "id": "A1",
        "level": "well",
        "stage": None,
        "network_stage": "emerging",
        "claim": "none",
    }
    page = Page(report.render({**run, "evidence": {}, "scores": [*run["scores"], well, {**well, "id": "A2"}]}))
    assert "2 wells: 2\N{NO-BREAK SPACE}emerging." in "".join(page.texts)
    assert "3 cells: 1\N{NO-BREAK SPACE}mature" in "".join(page.texts)


def test_sources_are_listed_once_with_their_link(page, html):
    text = page.text
    assert text.count("Example et al. 2001, J Synth 1:1, neurons (abstract)") == 1
    assert "Third 2003, table (PubMed 1, 2). https://example.org/3" in text
    assert html.count('<a href="https://doi.org/10.5555/firing.1" rel="noreferrer">10.5555/firing.1</a>') == 1
    assert "https://doi.org/10.1016/0896-6273(91)90373-6" in html


def test_excluded_sweeps_with_one_reason_stand_together():
    record = {"problems": ["too noisy"], "excluded_sweeps": {"0": "drift", "3": "drift", "4": "seal lost"}}
    expected = ("a: too noisy", "a: sweeps 0, 3 excluded: drift", "a: sweep 4 excluded: seal lost")
    assert look_up({"a": record}, ["a"])["a"].problems == expected


def test_write_replaces_the_page_whole(run, tmp_path):
    target = tmp_path / "report.html"
    target.write_text("old")
    failed = {**run, "scores": []}
    report.write(failed, target)
    assert target.read_text(encoding="utf-8") == report.render(failed)
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]
