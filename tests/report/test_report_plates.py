"""The page of plates: whole, safe, small; every well is found, and no well is counted as a cell."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping

import numpy as np
import pytest
from report import synthetic_plates, synthetic_run
from report.html_page import Page

from mnephys import report
from mnephys.plot import style
from mnephys.report.heatmap import heat_map
from mnephys.report.plates import PlateDay

NBSP = "\N{NO-BREAK SPACE}"
NO_VALUE = r"\b(None(?! of )|nan|NaN|null|undefined|inf)\b"
HOSTILE = "<img src=x onerror=alert(1)>\"'&$\\frac{${{ 7*7 }}\x00\u202e</script></svg>"
N_RECORDINGS, N_WELLS = 5, 4 * 48 + 24


def words(html):
    return "".join(Page(html).texts).replace(NBSP, " ")


def section(html, name):
    return re.search(rf'<section[^>]* id="{name}".*?</section>', html, re.DOTALL)[0]


def maps(html):
    return re.findall(r'<svg class="plate".*?</svg>', html, re.DOTALL)


def wells_of(drawn):
    """Return target, title and content of each well of a map."""
    return re.findall(r'<a href="#([^"]+)"[^>]*><title>(.*?)</title>(.*?)</a>', drawn)


def only(run, *recordings):
    scores = [score for score in run["scores"] if score["recording"] in recordings]
    return run | {"scores": scores, "evidence": {name: run["evidence"][name] for name in recordings}}


def test_the_first_heading_is_the_verdict_of_the_latest_recordings(plate_run, plate_html):
    last = [s for s in plate_run["scores"] if s["recording"] in {"DIV28.csv", "lone_<plate>.csv"}]
    stages = [s["network_stage"] for s in last if s["level"] == "well" and s["status"] == "ok"]
    n = {stage: stages.count(stage) for stage in ("organised", "emerging")}
    head = words(re.search(r"<h1>.*?</h1>", plate_html)[0])
    assert head == (
        f"48 wells of 2 plates: in the latest recording of each, {n['organised']} organised, {n['emerging']} emerging. "
        "provisional"
    )
    scope = plate_html.index('<p class="scope">A network is no cell')
    assert plate_html.index("<h1>") < scope < plate_html.index("<nav")


def test_a_plate_over_days_is_told_by_its_last_day(plate_run):
    html = report.render(only(plate_run, *(f"DIV{day:02}.csv" for day in (7, 14, 21, 28))))
    assert re.search(r"<h1>24 wells on 4 days: on day 28, \d+.organised, \d+.emerging. <span", html)
    html = report.render(only(plate_run, "DIV14.csv"))
    assert "<h1>23 wells on day 14: 22 emerging, 1 without network activity, 1 excluded." in html.replace(NBSP, " ")


def test_cells_and_wells_are_never_counted_together(run, plate_run):
    both = run | {
        "scores": [*plate_run["scores"][:49], *run["scores"], *plate_run["scores"][49:]],
        "evidence": run["evidence"] | plate_run["evidence"],
        "rubrics": run["rubrics"] | plate_run["rubrics"],
    }
    html = report.render(both)
    head = words(re.search(r"<h1>.*?</h1>", html)[0])
    assert head.startswith("3 cells: 1 mature, 1 immature, 1 indeterminate.48 wells of 2 plates: ")
    assert html.count('class="shares"') == 2 + N_RECORDINGS
    overview = section(html, "overview")
    first, second = re.findall(r"<tbody.*?</tbody>", overview, re.DOTALL)
    assert [first.count("<tr"), second.count("<tr")] == [3, N_RECORDINGS]
    assert not re.search(r"\d+ cells?: [^.]*(organised|emerging)", words(html))
    text = words(html)
    for level in ("cell", "well"):
        assert f"{both['rubrics'][level]['name']} (version {both['rubrics'][level]['version']}) for {level}s" in text
        assert both["rubrics"][level]["sha256"] in text


def test_a_page_of_plates_says_nothing_of_action_potentials(plate_html, html):
    for word in ("action potential", "junction potential", "Claim"):
        assert word not in words(plate_html)
        assert word in words(html)
    for word in ("Network burst", "heat map", "STTC"):
        assert word not in words(html)


def test_every_id_is_unique_and_every_inner_link_leads_somewhere(plate_page):
    ids = [attrs["id"] for _, attrs in plate_page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = [a["href"] for _, a in plate_page.elements if a.get("href", "").startswith("#")]
    targets += [f"#{a['aria-labelledby']}" for _, a in plate_page.elements if "aria-labelledby" in a]
    targets += re.findall(r"url\((#[^)]+)\)", str(plate_page.elements))
    assert set(targets) <= {f"#{i}" for i in ids}
    levels = [int(tag[1]) for tag, _ in plate_page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert max(np.diff(levels)) == 1


def test_every_well_of_every_map_is_a_link_to_what_tells_of_it(plate_html, plate_run):
    drawn = maps(plate_html)
    assert [len(wells_of(plate)) for plate in drawn] == [24, 48, 48, 48, 48]
    scored = {(s["recording"], s["id"]): s for s in plate_run["scores"] if s["level"] == "well"}
    for name, plate in zip(
        ["lone_<plate>.csv", "DIV07.csv", "DIV14.csv", "DIV21.csv", "DIV28.csv"], drawn, strict=True
    ):
        for target, title, content in wells_of(plate):
            well = re.match(r"[A-Z]\d+", title)[0]
            score = scored.get((name, well), {"maturity_index": None})
            if score["maturity_index"] is not None:
                row = re.search(rf'<tr id="{target}">.*?</tr>', plate_html, re.DOTALL)[0]
                assert re.search(rf'<th scope="row">(<a href="#[^"]+">)?{well}(</a>)?</th>', row)
                assert content.endswith(f">{score['maturity_index']:.2f}</text>")
                assert f"{score['network_stage']}, index {score['maturity_index']:.2f}, " in title
                assert f'href="#m-{score["network_stage"]}"' in content
            else:
                place = re.search(rf'<(p|tr)[^>]* id="{target}".*?</\1>', plate_html, re.DOTALL)[0]
                assert "<text" not in content
                assert 'href="#f-' in content
                assert place


def test_wells_of_each_kind_are_drawn_apart_and_listed_in_one_line(plate_html):
    (day7, day14) = maps(plate_html)[1:3]
    frames = {title: re.search(r"#f-(\w+)", content)[1] for _, title, content in wells_of(day7) if "#f-" in content}
    kinds = [(well[:2], frame) for well, frame in frames.items() if well[:2] in {"A5", "A7", "C2", "F8"}]
    assert dict(kinds) == {"A5": "blank", "A7": "unplated", "C2": "open", "F8": "blank"}
    excluded = [title for _, title, content in wells_of(day14) if "#f-excluded" in content]
    why = "Excluded: 3 of 120 rows could not be read &lt;!-- --&gt;."
    assert excluded == [f"B3, 39b corrected, day 14: excluded. {why}"]
    text = words(plate_html)
    dash = "\N{EN DASH}"
    assert f"Not plated: rows A{dash}E, columns 7{dash}8; F7 (11 wells)" in text
    assert f"No data (the export leaves this well blank): rows A{dash}F, columns 5{dash}6 (12 wells)" in text
    assert "Excluded (3 of 120 rows could not be read <!-- -->): B3 (1 well)" in text
    assert "No score: F8 (1 well)" in text
    assert len(re.findall(r'<tr id="p2r4-', plate_html)) == 24


def test_a_legend_explains_colours_marks_and_frames(plate_html):
    legend = re.search(r'<div class="legend".*?</div>', plate_html, re.DOTALL)[0]
    for word in ("Maturity index 0", "organised", "emerging", "absent", "indeterminate", "not plated", "no data",
                 "excluded", "no index"):  # fmt: skip
        assert word in words(legend)
    for drawn in ("organised", "emerging", "absent", "indeterminate"):
        assert f'<g id="m-{drawn}"' in plate_html
    assert [f'class="q{i}"' in legend for i in range(10)] == [True] * 10


def test_maps_stand_in_the_order_of_days_and_name_their_recording(plate_html):
    heads = re.findall(r'<figure class="map">\s*<figcaption class="head"><a href="#(\w+)"><b>(.*?)</b>', plate_html)
    assert heads == [("p1r1", "lone_&lt;plate&gt;.csv")] + [
        (f"p2r{i}", f"Day {day}") for i, day in enumerate((7, 14, 21, 28), 1)
    ]
    assert all(f'<details class="recording" id="{key}"' in plate_html for key, _ in heads)


def test_criteria_have_value_points_and_the_reason_where_there_is_none(plate_html, plate_run):
    score = next(s for s in plate_run["scores"] if s["id"] == "D2" and s["recording"] == "DIV28.csv")
    row = re.search(r'<tr id="p2r4-D2">.*?</tr>', plate_html, re.DOTALL)[0]
    cells = re.findall(r'<td class="number" data-sort="([^"]*)">([^<]*)(?:<small>([^<]*)</small>)?</td>', row)
    expected = [(repr(c["value"]), "" if c["points"] is None else f"{c['points']:.2f}") for c in score["criteria"]]
    assert [(sort, points) for sort, _, points in cells] == expected
    assert score["reasons"][0] in words(row)
    letter = re.search(r"<td data-sort=\"high\">high<sup>(\w)</sup></td>", row)[1]
    assert f"<b>{letter}</b> Confidence is lowered: one recording of 2 min." in plate_html
    early = section(plate_html, "p2")
    first, second = early[early.index('id="p2r1"') :].split('id="p2r2"')
    absent = re.search(r"Measured in no well: [^<]*", first)[0]
    assert absent.endswith("CV of inter-network-burst intervals (fewer than 3 network bursts).")
    assert re.search(r"<sup>(\w)</sup>.*<b>\1</b> too few events: fewer than 3 network bursts", second, re.DOTALL)
    assert not re.search(NO_VALUE, words(plate_html))


def test_rasters_are_those_of_the_highest_and_the_lowest_well_of_the_last_day(plate_html, plate_run):
    last = [s for s in plate_run["scores"] if s["recording"] == "DIV28.csv" and s["level"] == "well"]
    ranked = sorted((s["maturity_index"], s["id"]) for s in last if s["maturity_index"] is not None)
    rasters = re.findall(r'<figure class="raster">.*?</figure>', plate_html, re.DOTALL)
    assert len(rasters) == 2
    for raster, (index, well), head in zip(rasters, (ranked[-1], ranked[0]), ("Highest", "Lowest"), strict=True):
        assert f"{head} index: {well}{index:.2f}" in words(raster)
        n_bursts = len(plate_run["evidence"]["DIV28.csv"]["network_bursts"][well])
        assert f"{n_bursts} network burst" in words(raster)
        assert 0 < raster.count('class="band"') <= n_bursts
        assert raster.count("data:image/png;base64,") == 1
    text = words(plate_html)
    assert "on day 28 (DIV28.csv), the latest recording of the plate that holds spikes" in text
    assert "holds metrics alone and no spike times, so that there is no raster" in text


def test_a_well_without_a_spike_is_named_in_place_of_its_raster(plate_run):
    text = words(report.render(only(plate_run, "DIV07.csv", "DIV21.csv")))
    assert "on day 21 (DIV21.csv)" in text
    assert "Lower still without a spike to draw: A1." in text


def test_a_silent_well_with_the_index_of_the_lowest_raster_is_not_called_lower(plate_run):
    tied = copy.deepcopy(only(plate_run, "DIV07.csv", "DIV21.csv"))
    wells = [s for s in tied["scores"] if s["recording"] == "DIV21.csv" and s["level"] == "well"]
    indices = sorted(s["maturity_index"] for s in wells if s["maturity_index"] is not None)
    for score in wells:
        if score["id"] == "A1":
            score["maturity_index"] = indices[1]
    text = words(report.render(tied))
    assert "on day 21 (DIV21.csv)" in text
    assert "Lower still" not in text


def test_a_well_is_drawn_in_its_row_and_its_column():
    score = {"level": "well", "id": "B3", "status": "ok", "maturity_index": 0.31, "network_stage": "emerging"}
    drawn = heat_map(PlateDay("a.csv", 5.0, None, (score,)), {"B3": "p1-B3"}, {"rows": 4, "columns": 6})
    (well,) = [well for well in drawn["wells"] if well["title"].startswith("B3, day 5: emerging")]
    head = drawn["columns"][2]
    assert head["label"] == 3
    assert head["x"] == well["centre"]
    assert drawn["rows"][1]["label"] == "B"
    assert well["y"] < drawn["rows"][1]["y"] < well["y"] + drawn["well_height"]
    assert len({(well["x"], well["y"]) for well in drawn["wells"]}) == 24


def test_a_damaged_raster_costs_one_picture(plate_run):
    broken = copy.deepcopy(only(plate_run, "DIV28.csv"))
    for well in broken["evidence"]["DIV28.csv"]["raster"]["wells"]:
        broken["evidence"]["DIV28.csv"]["raster"]["wells"][well] = "%"
    html = report.render(broken)
    assert "Not drawn: the raster of" in words(html)
    assert '<figure class="raster">' not in html
    assert len(maps(html)) == 1


def test_trajectories_have_a_panel_per_line_and_the_warning(plate_html):
    part = section(plate_html, "courses")
    panels = re.findall(r'<figure class="panel">.*?</figure>', part, re.DOTALL)
    assert [re.search("<b>(.*?)</b>", panel)[1] for panel in panels] == ["39b &lt;i&gt;A4V&lt;/i&gt;", "39b corrected"]
    for panel in panels:
        assert re.search(r'class="wells" d="([^"]*)"', panel)[1].count("M") == 12
        assert "on day 28" in re.search(r'aria-label="([^"]*)"', panel)[1]
    text = words(part)
    assert "Rate and bursting differ between the lines of patients and their controls without being maturity" in text
    assert "the index must not be read as maturity" in text


def test_one_day_has_no_trajectory(plate_run):
    html = report.render(only(plate_run, "DIV28.csv", "lone_<plate>.csv"))
    assert 'id="courses"' not in html
    assert "Well by well over days" not in html


def test_wells_over_days_are_left_out_where_the_page_would_grow_too_long(plate_run, plate_html, monkeypatch):
    assert plate_html.count('<details class="course"') == 24
    monkeypatch.setattr("mnephys.report.plate_view.MOST_VALUES", 100)
    html = report.render(plate_run)
    assert '<details class="course"' not in html
    assert {a["href"] for a in Page(html).named("a")} >= {"#p2r4-D2"}


def test_methods_say_how_bursts_and_durations_are_defined(plate_html):
    text = words(plate_html)
    assert "All 5 recordings: by the definitions axis-2023" in text
    assert "A network burst is a run of at least 50 spikes with intervals of at most 100 ms" in text
    assert "with a spike on at least 35 % of the electrodes" in text
    assert "Duration of lone_<plate>.csv: 600 s (stated by the file)." in text
    assert "Duration of DIV07.csv, DIV14.csv, DIV21.csv and 1 more: 600 s (first to last spike)." in text
    assert synthetic_plates.NOTE in text
    assert "network (version 0.9)" in text
    assert synthetic_plates.WELL_RUBRIC["sha256"] in text
    assert "DIV28.csv: row 12 of DIV28.csv names the electrode Z9_11" in text


def test_labels_that_are_code_stay_text(plate_run):
    first = next(s for s in plate_run["scores"] if s["id"] == "D1")
    texts = {
        synthetic_plates.PLATE, synthetic_plates.HOSTILE_LINE, "39b corrected", "DIV28.csv", "lone_<plate>.csv",
        "moderate", "high", "48-well", "11", "axis-2023", "first to last spike", "Axion spike list", "network",
        "mnephys.readers.synthetic", "proxy", "activity", "sttc", "%", "Hz", "ok", "organised",
        "fewer than 3 network bursts",
        synthetic_plates.TITLE, synthetic_plates.NOTE, synthetic_plates.NO_DATA, *first["reasons"], "well",
        *(row["source"] for row in first["criteria"]), *(row["cut"] for row in first["criteria"]), "A2", "0.1.0",
    }  # fmt: skip
    texts |= {problem for record in plate_run["evidence"].values() for problem in record["problems"]}
    for kept in ({"well", "ok", "organised"}, {"sttc", "48-well"}):
        page = Page(report.render(changed(plate_run, texts - kept)))
        assert not page.named("img")
        assert len(page.named("script")) == 1
        assert not [attrs for _, attrs in page.elements if any(name.startswith("on") for name in attrs)]
        assert "<img src=x onerror=alert(1)>\"'&$\\frac{${{ 7*7 }} </script></svg>" in page.text
        assert not set("\x00\u202e") & set(page.text)


def changed(value, old):
    if isinstance(value, dict):
        return {
            key if key in {"well", "network", "ok"} else changed(key, old): changed(v, old) for key, v in value.items()
        }
    if isinstance(value, list):
        return [changed(v, old) for v in value]
    return HOSTILE if isinstance(value, str) and value in old else value


def test_a_well_of_another_name_has_a_row_all_the_same(plate_run):
    odd = copy.deepcopy(only(plate_run, "DIV28.csv"))
    odd["scores"][0]["id"] = "slice <2>"
    html = report.render(odd)
    assert re.search(r'<tr id="p1r1-w\d+"><th scope="row">slice &lt;2&gt;</th>', html)
    assert "No score: A1, F8 (2 wells)" in words(html)


def test_nothing_is_asked_of_any_server(plate_page, plate_html):
    for tag, attrs in plate_page.elements:
        assert tag not in {"link", "iframe", "object", "embed", "base", "form", "img"}
        assert not {"src", "srcset", "data", "style", "action", "background"} & set(attrs)
        href = attrs.get("href", "")
        allowed = ("#", "https://doi.org/10.") if tag == "a" else ("#", "data:image/png;base64,")
        assert not href or href.startswith(allowed)
    assert "url(" not in plate_page.raw["style"]
    assert "/private/rig" not in plate_html


def test_simulated_plates_are_named_first(plate_run):
    made = copy.deepcopy(plate_run)
    made["evidence"]["DIV28.csv"]["origin"] = "simulated"
    html = report.render(made)
    assert html.index("<body>") < html.index('class="banner"') < html.index("<h1>")
    assert "Simulated plates: made by mnephys" in words(html)
    assert "1 of the 5 results are simulated" in words(html)
    assert html.count('<span class="simulated">') == 3


def test_a_run_without_evidence_is_a_page(plate_run):
    html = report.render({**plate_run, "evidence": {}})
    assert [len(wells_of(plate)) for plate in maps(html)] == [24, 48, 48, 48, 48]
    assert "No evidence record was kept, so that no spikes can be drawn." in words(html)


def test_plates_of_which_no_well_was_judged_are_a_page(plate_run):
    gone = copy.deepcopy(only(plate_run, "DIV07.csv"))
    for score in gone["scores"]:
        score |= {
            "status": "excluded",
            "maturity_index": None,
            "interval": None,
            "criteria": [],
            "reasons": ["Broken."],
        }
        score["network_stage"] = "indeterminate"
    html = report.render(gone)
    assert "<h1>No well could be judged." in html
    assert len(maps(html)) == 1
    assert "Excluded (Broken)" in words(html)


def test_the_same_run_gives_the_same_bytes_in_another_process(plate_run, plate_html, tmp_path):
    (tmp_path / "run.json").write_text(json.dumps(plate_run))
    script = "import json, sys; from mnephys import report; report.write(json.load(open(sys.argv[1])), sys.argv[2])"
    target = tmp_path / "report.html"
    environment = {**os.environ, "PYTHONHASHSEED": "3"}
    subprocess.run([sys.executable, "-c", script, tmp_path / "run.json", target], check=True, env=environment)
    assert target.read_bytes() == plate_html.encode()


@pytest.mark.parametrize(("made", "most"), [(synthetic_plates.large, 3e6), (synthetic_plates.many_spikes, 3e6)])
def test_a_thousand_wells_stay_small_and_fast(made, most):
    run = made()
    start = time.perf_counter()
    html = report.render(run)
    assert time.perf_counter() - start < 8
    assert len(html.encode()) < most
    assert sum(len(wells_of(plate)) for plate in maps(html)) == sum(s["level"] == "well" for s in run["scores"])


class Lazy(Mapping):
    """Evidence that counts what is asked of it; iterating over it is refused."""

    def __init__(self, records):
        self.records, self.asked = records, []

    def __getitem__(self, name):
        self.asked.append(name)
        return self.records[name]

    def __iter__(self):
        raise AssertionError("all evidence was asked for at once")

    def __len__(self):
        return len(self.records)


def test_evidence_is_asked_for_one_record_at_a_time(plate_run):
    evidence = Lazy(plate_run["evidence"])
    report.render({**plate_run, "evidence": evidence})
    assert sorted(evidence.asked) == sorted([*plate_run["evidence"], "DIV28.csv"])


def luminance(colour):
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_numbers_are_legible_on_every_colour_of_the_scale(plate_page, scheme):
    style_sheet = plate_page.raw["style"]
    blocks = re.findall(r":root \{(.*?)\}", style_sheet, re.DOTALL)
    light_block, dark_block = [block for block in blocks if "--q0" in block]
    ink = dict(re.findall(r"\.q(\d) \{ --cell: var\(--q\d\); --on: var\(--on-(\w+)\)", style_sheet))
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light_block if scheme == "light" else dark_block))
    if scheme == "dark":
        changed_in_dark = re.search(r"((?:\.q\d,? )+)\{ --on: var\(--on-deep\); \}", style_sheet)[1]
        ink |= dict.fromkeys(re.findall(r"\.q(\d)", changed_in_dark), "deep")
    scale = [luminance(colours[f"q{i}"]) for i in range(10)]
    assert (np.diff(scale) < 0).all() if scheme == "light" else (np.diff(scale) > 0).all()
    for i, cell in enumerate(scale):
        low, high = sorted((cell, luminance(colours[f"on-{ink[str(i)]}"])))
        assert (high + 0.05) / (low + 0.05) >= 4.5, i
    if scheme == "light":
        assert tuple(colours[f"q{i}"] for i in range(10)) == style.INDEX_COLOURS


def test_cells_alone_are_a_page_without_plates(html):
    assert not maps(html)
    assert "provisional" not in words(html)
    assert synthetic_run.RUBRIC["name"] in words(html)
