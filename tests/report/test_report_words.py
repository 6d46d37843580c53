"""What the page says: of simulated cells, of what was stated, and each thing once."""

from __future__ import annotations

import copy
import re
from dataclasses import asdict

import pytest
from report.html_page import Page

from mnephys import report
from mnephys.patch.limits import QualityLimits
from mnephys.report import text
from mnephys.report.facts import stated
from mnephys.report.references import References
from mnephys.report.svg import inline

NBSP = "\N{NO-BREAK SPACE}"
BANNER = "Simulated cells: made by mnephys to show and test the program. No biological evidence."


def with_origin(run, **origins):
    """Return the run without traces, some of its recordings of another origin."""
    made = copy.deepcopy(run)
    for name, record in made["evidence"].items():
        record.update(kind="spikes", origin=origins.get(name.split("/")[1].removesuffix(".abf"), "recorded"))
    return made


def rows(html, heading):
    """Return the cells of the table below each heading of that name."""
    tables = re.findall(rf"<h3>{heading}</h3>\s*<table.*?</table>", html, re.DOTALL)
    found = [re.findall(r"<tr.*?><th.*?>(.*?)</th><td>(.*?)</td></tr>", table) for table in tables]
    return [dict(table) for table in found]


def marked(html):
    """Return the cells with a mark, in the overview and at their own heading."""
    links = re.findall(r'<a href="#c\d+">([^<]*)</a> <span class="simulated">simulated</span>', html)
    heads = re.findall(r'<h2 id="c\d+-name">([^<]*)</h2>\s*<p class="facts"><span class="simulated">', html)
    return links, heads


def test_recorded_cells_carry_no_warning(page, html):
    assert "imulated" not in page.text
    assert marked(html) == ([], [])


def test_simulated_cells_are_named_first_and_marked_one_by_one(run):
    html = report.render(with_origin(run, cell07="simulated"))
    banner = html.index('class="banner"')
    assert html.index("<body>") < banner < html.index("<h1>")
    words = Page(html).text
    assert f"{BANNER} 1 of the 3 results are simulated and marked so." in words
    assert marked(html) == (["cell07"], ["cell07"])
    assert len(re.findall(r"<b>day42/cell07.abf</b> <span class=\"simulated\">", html)) == 1
    assert html.count('<span class="simulated">') == 3


def test_a_cell_with_one_simulated_recording_of_two_is_marked(run):
    mixed = with_origin(run, cell11="simulated")
    mixed["scores"] = mixed["scores"][:1]
    mixed["scores"][0]["sources"].append("day42/cell11.abf")
    html = report.render(mixed)
    assert marked(html) == (["cell07"], ["cell07"])
    assert "results are simulated" not in html
    assert BANNER in Page(html).text


def test_a_run_without_origins_and_samples_is_a_page(run):
    old = with_origin(run)
    for record in old["evidence"].values():
        del record["origin"]
    del old["samples"]
    html = report.render(old)
    assert "imulated" not in Page(html).text
    assert "was stated about" not in html


def test_what_was_stated_stands_at_each_cell_with_units(html):
    mature, silent, bridge = rows(html, "What was stated about the recording")
    assert mature == {
        "cell line": "synthetic line 3",
        "day of differentiation": "42",
        "treatment": f"drug A, 5{NBSP}uM",
        "temperature of the bath": f"32{NBSP}°C",
        "liquid junction potential": f"14.5{NBSP}mV, not subtracted",
        "seal resistance": f"2400{NBSP}M\N{GREEK CAPITAL LETTER OMEGA}",
        "bias current, injected all the time": f"0{NBSP}pA",
    }
    wanted = ["temperature of the bath", "liquid junction potential", "seal resistance"]
    wanted.append("bias current, injected all the time")
    assert silent == dict.fromkeys(wanted, "not stated")
    expected = f"14.5{NBSP}mV, whether it was subtracted: not stated"
    assert bridge == dict.fromkeys(wanted, "not stated") | {"liquid junction potential": expected}


def test_recordings_that_differ_are_named_behind_what_was_stated():
    samples = {"a.abf": {"bias_pa": -10.0, "line": "L"}, "b.abf": {"line": "L"}, "c.abf": {"bias_pa": -10.0}}
    facts = {row["fact"]: row["value"] for row in stated(samples, ["a.abf#1", "b.abf", "c.abf"])}
    assert facts["cell line"] == "L (a.abf#1, b.abf); not stated (c.abf)"
    minus = "\N{MINUS SIGN}"
    assert facts["bias current, injected all the time"] == f"{minus}10{NBSP}pA (a.abf#1, c.abf); not stated (b.abf)"


def test_a_fact_of_another_version_is_shown_under_its_own_name():
    facts = stated({"a": {"oxygen_level": 5.0, "plated": True}}, ["a"])
    assert {"fact": "oxygen level", "value": "5"} in facts
    assert {"fact": "cells in the well", "value": "yes"} in facts


def test_proxies_are_counted_once_for_all_cells(run):
    told = with_origin(run)
    for score in told["scores"]:
        score["reasons"].append("8 of the 8 features that count have cuts that rest in part on others (proxies).")
    words = Page(report.render(told)).text
    assert "(proxies)" not in words
    assert words.count("criteria that counted") == 1
    counted = {r["feature"]: r["basis"] for s in run["scores"] for r in s["criteria"] if r["points"] is not None}
    n = list(counted.values()).count("proxy")
    assert 0 < n < len(counted)
    assert f"they are behind {n} of the {len(counted)} criteria that counted" in words


def test_the_words_are_explained_and_the_program_is_named(page, html):
    assert html.index("<b>mnephys</b>") < html.index("<h1>")
    text_of_it = "".join(page.texts)
    terms = re.findall(r"<dt>(.*?)</dt>", html)
    assert {"Cut", "Abbreviations", "Baseline and resting potential"} <= set(terms)
    for words in ("AP: action potential", "AHP: after-hyper", "sPSC: spontaneous postsynaptic current"):
        assert words in text_of_it
    assert "f\N{EN DASH}I: firing rate (f) against injected current (I)" in text_of_it


def test_notes_of_the_run_and_failures_stay(page):
    assert "No liquid junction potential was subtracted" in page.text
    assert "its header says 5281280; copy it again" in page.text


@pytest.mark.parametrize(
    ("told", "scores", "shown"),
    [
        ("The passive domain scores 0.481; half is asked for.", [0.48149], "0.48;"),
        ("The passive domain scores 0.685; half is asked for.", [0.68452], "0.68;"),
        ("The ap domain scores 0.746; a mature cell reaches 0.75.", [0.7461], "0.746;"),
        ("The ap domain scores 0.683; a mature cell reaches 0.75.", [], "0.68;"),
        ("The ap domain scores 0.50.", [0.5], "0.50."),
    ],
)
def test_scores_of_domains_have_the_digits_of_their_table(told, scores, shown):
    domains = {str(i): {"score": score} for i, score in enumerate([None, *scores])}
    assert f"domain scores {shown}" in text.reasons({"reasons": [told], "domains": domains})[0]


def test_a_block_that_was_looked_for_is_not_called_unmeasured(run):
    looked = with_origin(run)
    row = {**looked["scores"][0]["criteria"][3], "feature": "depolarization_block_current", "value": None}
    row.update(status="too_few_events", reason="no block up to 360 pA")
    looked["scores"][0]["criteria"].append(row)
    html = report.render(looked)
    assert re.search(r"current of depolarisation block</th>\s*<td[^>]*>not seen</td>", html)


def test_marks_take_their_colour_where_they_are_used():
    from mnephys.plot import criteria

    row = {"feature": "ap_peak", "status": "not_applicable", "immature": 0.0, "mature": 2.0, "points": 0.0}
    svg = inline(criteria({"criteria": [row]}).figure, "k", "label")
    shapes = re.findall(r"<defs><path ([^>]*)/>", svg)
    assert shapes
    assert not [shape for shape in shapes if "stroke" in shape or "fill" in shape]
    assert re.search(r'<use [^>]*stroke="#22272e"', svg)


def test_a_semicolon_in_a_citation_does_not_end_it():
    references = References()
    cited = references.cite("immature: A set; days 5 to 34 (https://example.org/a); mature: B 2001 (10.5555/b)")
    assert cited.striptags() == "immature 1; mature 2"
    assert [entry["words"] for entry in references.entries()] == ["A set; days 5 to 34", "B 2001"]


def test_the_methods_name_the_quality_limits(run):
    def said(quality):
        return Page(report.render({**run, "quality": quality})).text

    shipped = asdict(QualityLimits.read())
    usual = "excluded by the quality limits default, the ones that come with mnephys."
    assert usual in said(shipped)
    # A run of an older version kept no limits, or none of voltage clamp.
    assert "quality limits" not in said(None)
    assert usual in said({key: value for key, value in shipped.items() if key != "voltage_clamp"})
    text = said({**shipped, "voltage_clamp": {**shipped["voltage_clamp"], "noise_slow": 30.0}})
    assert "quality limits custom. They differ" in text
    assert "in this: voltage_clamp.noise_slow 30 pA instead of none." in text
    assert "quality limits rig 2, whose numbers are the ones that come" in said({**shipped, "name": "rig 2"})
    for damaged in ([1], {"baseline_shift": "x"}, {"voltage_clamp": 3}):
        assert "Which limits of quality control were used is not known: " in said(damaged)


def test_the_name_of_limits_that_is_code_stays_text(run):
    html = report.render({**run, "quality": {"name": "<b>rig</b>"}})
    assert "quality limits &lt;b&gt;rig&lt;/b&gt;" in html
