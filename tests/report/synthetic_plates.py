"""Run records of plates made by formula: a plate over days with every kind of well, and one of metrics alone."""

from __future__ import annotations

import base64
import hashlib
import zlib

import numpy as np

WELL_RUBRIC = {"name": "network", "version": "0.9", "sha256": hashlib.sha256(b"network").hexdigest()}
TITLE = "Networks of stem-cell-derived motor neurons, multi-electrode array"
NOTE = "No published scale of network maturity exists for motor neurons: every cut is provisional."
N_BINS = 1000
PLATE, HOSTILE_LINE, NO_DATA = "MN <b>7</b> & co", "39b <i>A4V</i>", "No data: the export leaves this well blank."

# feature, unit, immature, mature, domain, source, basis
CRITERIA = (
    ("active_electrode_fraction", "1", 0.1, 0.5, "activity",
     "immature: Example et al. 2001, J Synth 1:1 (10.5555/active.1); mature: Other 2002 (10.5555/active.2)",
     "secondary"),
    ("weighted_mean_firing_rate", "Hz", 0.1, 2.0, "activity", "10.5555/rate.3", "proxy"),
    ("burst_percentage", "%", 10.0, 50.0, "bursting", "10.5555/burst.4", "proxy"),
    ("network_burst_rate", "Hz", 0.005, 0.05, "bursting", "10.5555/burst.4", "proxy"),
    ("network_burst_percentage", "%", 5.0, 40.0, "synchrony", "10.5555/network.5", "proxy"),
    ("electrodes_per_network_burst", "1", 2.0, 8.0, "synchrony", "10.5555/network.5", "proxy"),
    ("sttc", "1", 0.1, 0.4, "synchrony", "10.1523/JNEUROSCI.2767-14.2014", "seen"),
    ("network_inter_burst_interval_cv", "1", None, None, "synchrony", "10.5555/network.5", "proxy"),
)  # fmt: skip
DEFINITIONS = {
    "name": "axis-2023", "active_min_rate": 5.0, "burst_max_isi": 0.1, "burst_min_spikes": 5,
    "network_burst_max_isi": 0.1, "network_burst_min_spikes": 50, "network_burst_min_electrodes": 35.0,
    "sttc_window": 0.05,
}  # fmt: skip


def well_names(rows, columns):
    return [f"{chr(65 + row)}{column + 1}" for row in range(rows) for column in range(columns)]


def encoded(counts):
    """Counts of spikes as an evidence record keeps them."""
    return base64.b64encode(zlib.compress(np.minimum(counts, 255).astype(np.uint8).tobytes())).decode("ascii")


def criteria(level, rng):
    """Values that rise with `level` (0 to 1); a network that hardly bursts has no interval between bursts."""
    rows = []
    for name, unit, immature, mature, domain, source, basis in CRITERIA:
        row = {
            "feature": name, "value": None, "text": "", "unit": unit, "status": "ok", "reason": "",
            "immature": immature, "mature": mature, "points": None, "domain": domain,
            "source": source, "basis": basis, "note": "",
            "cut": "reported only" if mature is None else f"at least {mature:g}; below {immature:g} is immature",
        }  # fmt: skip
        if mature is None:
            value = 0.9 - 0.5 * level if level > 0.3 else None
        else:
            value = max(0.0, immature + (mature - immature) * float(level * 1.1 - 0.05 + rng.normal(0, 0.08)))
        if name in {"network_inter_burst_interval_cv", "electrodes_per_network_burst"} and level <= 0.3:
            row |= {"status": "too_few_events", "reason": "fewer than 3 network bursts"}
        else:
            row["value"] = value
            if mature is not None:
                row["points"] = float(np.clip((value - immature) / (mature - immature), 0, 1))
        rows.append(row)
    return rows


def stage_of(index):
    return "absent" if index == 0 else "emerging" if index < 0.5 else "organised"


def well_score(recording, plate, well, level, sample, rng):
    """A scored well; at the level None one that is not."""
    score = {
        "subject": f"{plate} {well}", "level": "well", "id": well, "recording": recording, "sources": [recording],
        "stage": None, "claim": None, "network_stage": "indeterminate", "maturity_index": None, "interval": None,
        "confidence": None, "domains": {}, "criteria": [], "status": "excluded", "rubric": WELL_RUBRIC,
        "identity": {"call": "not assessed", "reasons": ["MEA says nothing of identity."], "criteria": []},
        "reasons": [NO_DATA], "sample": sample | {"well": well},
    }  # fmt: skip
    if level is None:
        return score
    rows = criteria(level, rng)
    points = [row["points"] for row in rows if row["points"] is not None]
    index = 0.0 if level == 0 else float(np.clip(np.mean(points), 0.01, 1))
    stage = stage_of(index)
    return score | {
        "network_stage": stage, "maturity_index": index, "status": "ok", "criteria": rows,
        "interval": [max(0.0, index - 0.09), min(1.0, index + 0.07)],
        "confidence": "low" if index < 0.2 else "moderate" if index < 0.6 else "high",
        "domains": {"activity": {"score": index, "weight": 0.33, "measured": 2, "criteria": 2}},
        "reasons": {"absent": ["No spike was recorded although the well is plated."],
                    "emerging": ["Active, but less than 40 % of its spikes lie in network bursts."],
                    "organised": ["Network bursts hold most of its spikes."]}[stage]
        + ["Confidence is lowered: one recording of 2 min."],
    }  # fmt: skip


def plate_score(recording, plate, wells, sample):
    indices = sorted(s["maturity_index"] for s in wells if s["maturity_index"] is not None)
    stages = [s["network_stage"] for s in wells if s["maturity_index"] is not None]
    counts = ", ".join(f"{stages.count(s)} {s}" for s in ("organised", "emerging", "absent") if s in stages)
    return {
        "subject": plate, "level": "plate", "id": "", "recording": recording, "sources": [recording], "stage": None,
        "claim": None, "network_stage": max(set(stages), key=lambda s: (stages.count(s), s)),
        "maturity_index": float(np.median(indices)), "interval": [indices[0], indices[-1]], "confidence": "moderate",
        "domains": {}, "criteria": [], "identity": {"call": "not assessed", "reasons": [], "criteria": []},
        "reasons": [f"{len(indices)} wells were scored: {counts}.", "The other wells hold no cells or no data."],
        "status": "ok", "rubric": WELL_RUBRIC, "sample": sample,
    }  # fmt: skip


def raster(wells, labels, levels, rng, duration):
    """Counts of each well in bins: background, and bursts of all electrodes that grow with the level."""
    counts, bursts = {}, {}
    for well in wells:
        level = levels.get(well)
        if not level:
            continue
        background = rng.poisson(0.02 + 0.25 * level * rng.random((len(labels), 1)), (len(labels), N_BINS))
        starts = np.sort(rng.choice(np.arange(5, N_BINS - 8), int(30 * level), replace=False))
        for start in starts:
            background[:, start : start + 4] += rng.poisson(9 * level, (len(labels), 4))
        counts[well] = encoded(background)
        bursts[well] = [[100 + s * duration / N_BINS, 100 + (s + 4) * duration / N_BINS] for s in starts.tolist()]
    return counts, bursts


def evidence(recording, layout, *, source, levels, rng, duration=600.0, problems=()):
    rows, columns, labels = layout
    spikes = source == "spikes"
    wells = well_names(rows, columns)
    counts, bursts = raster(wells, labels, levels, rng, duration) if spikes else ({}, {})
    return {
        "kind": "plate", "recording": recording, "origin": "recorded", "source": source,
        "layout": {"name": f"{rows * columns}-well", "rows": rows, "columns": columns, "labels": list(labels)},
        "start": 100.0 if spikes else None, "stop": 100.0 + duration if spikes else None, "duration": duration,
        "duration_source": "first to last spike" if spikes else "stated by the file",
        "n_spikes": 383_647 if spikes else None, "definitions": DEFINITIONS,
        "raster": {"n_bins": N_BINS if spikes else 0, "wells": counts}, "network_bursts": bursts, "well_facts": {},
        "problems": list(problems),
        "provenance": {
            "path": f"/private/rig/{recording}", "sha256": hashlib.sha256(recording.encode()).hexdigest(),
            "size": 914_112, "format": "Axion spike list" if spikes else "Axion neural metrics", "format_version": "",
            "reader": "mnephys.readers.synthetic", "mnephys_version": "0.1.0", "parameters": {},
        },
    }  # fmt: skip


def over_days(plate, days, layout, *, kind_of, line_of, source, seed=7, name="DIV{:02d}.csv"):
    """Scores and evidence of a plate; `kind_of(well, day)` is a level, or a word for what is not scored."""
    rng = np.random.default_rng(seed)
    scores, records = [], {}
    for day in days:
        recording = name.format(day or 0)
        common = {"plate": plate, "div": None if day is None else float(day)}
        common = {key: value for key, value in common.items() if value is not None}
        levels, wells = {}, []
        for well in well_names(*layout[:2]):
            kind = kind_of(well, day)
            if kind == "missing":
                continue
            sample = common | ({"line": line_of(well)} if line_of(well) else {})
            level = None if isinstance(kind, str) else float(kind)
            levels[well] = level
            score = well_score(recording, plate or recording, well, level, sample, rng)
            if kind == "unplated":
                score |= {
                    "reasons": ["Not plated, by the sample sheet."],
                    "sample": common | {"well": well, "plated": False},
                }
            elif kind == "damaged":
                score["reasons"] = ["Excluded: 3 of 120 rows could not be read <!-- -->."]
            elif kind == "open":
                score |= {"status": "ok", "reasons": ["Too little could be measured: fewer than 3 network bursts."]}
            wells.append(score)
        scores += [*wells, plate_score(recording, plate or recording, wells, common)]
        problems = [f"row 12 of {recording} names the electrode Z9_11, which no plate has"]
        records[recording] = evidence(recording, layout, source=source, levels=levels, rng=rng, problems=problems)
    return scores, records


GRID = tuple(f"{column}{row}" for column in range(1, 5) for row in range(1, 5))
EIGHT = ("11", "12", "13", "21", "22", "23", "31", "33")


def _level(well, day, last, seed=0):
    rng = np.random.default_rng(ord(well[0]) * 100 + int(well[1:]) + seed)
    reach = (0.55 if well[0] in "ABC" else 0.95) + rng.normal(0, 0.1)
    return float(np.clip(reach * (day / last) ** 1.3 + rng.normal(0, 0.03), 0.03, 1))


def many_kinds(well, day):
    """Columns 1 to 4 hold cells, 5 and 6 are blank, 7 and 8 not plated; a few wells are something else."""
    column = int(well[1:])
    if well == "F8":
        return "missing"
    if column > 4:
        return "unplated" if column > 6 else "blank"
    if well == "B3" and day == 14:
        return "damaged"
    if well == "C2" and day == 7:
        return "open"
    return 0.0 if well == "A1" and day < 28 else _level(well, day, 28)


def plates():
    """Scores and evidence: a plate of 48 wells on four days, and one of 24 without plate, day and line."""
    scores, records = over_days(
        PLATE, (7, 14, 21, 28), (6, 8, GRID), kind_of=many_kinds, source="spikes",
        line_of=lambda well: "39b corrected" if well[0] in "ABC" else HOSTILE_LINE,
    )  # fmt: skip
    more, others = over_days(
        "", (None,), (4, 6, GRID), kind_of=lambda well, _: _level(well, 20, 28, 3), line_of=lambda _: "",
        source="metrics", name="lone_<plate>.csv",
    )  # fmt: skip
    return scores + more, records | others


def run():
    """Plates only."""
    scores, records = plates()
    return {
        "version": "0.1.0", "scores": scores, "evidence": records, "failures": [], "notes": ["No duration was stated."],
        "rubrics": {"well": WELL_RUBRIC | {"title": TITLE, "note": NOTE}}, "samples": {},
    }  # fmt: skip


def large():
    """1152 wells: a plate of 96 on twelve days, of which a third hold cells, by metrics alone."""

    def kind(well, day):
        column = int(well[1:])
        return _level(well, day, 34) if column < 5 else "blank" if column < 9 else "unplated"

    days = (5, 8, 11, 14, 15, 17, 21, 23, 26, 28, 31, 34)
    scores, records = over_days(
        "14nov15", days, (8, 12, EIGHT), kind_of=kind, source="metrics",
        line_of=lambda well: "39b corrected" if well[0] in "ABC" else "39b",
    )  # fmt: skip
    return run() | {"scores": scores, "evidence": records}


def many_spikes():
    """48 wells that all hold cells, on ten days, with spikes."""
    scores, records = over_days(
        "P1", range(2, 22, 2), (6, 8, GRID), kind_of=lambda well, day: _level(well, day, 20), source="spikes",
        line_of=lambda well: f"line {well[0]}",
    )  # fmt: skip
    return run() | {"scores": scores, "evidence": records}
