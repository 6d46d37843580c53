"""A run record made by formula: a mature cell, a silent one, one with a bridge artefact, and a file that failed."""

from __future__ import annotations

import hashlib

import numpy as np

RATE, DURATION, START, STOP = 10_000.0, 1.0, 0.2, 0.8
RUBRIC = {"name": "motor-neuron", "version": "1", "sha256": hashlib.sha256(b"rubric").hexdigest()}


def evidence(recording, currents, *, rest, resistance, rheobase, gain, peak, width, artefact=0.0, noise=0.25):
    """Step responses of a leaky cell (resistance in MOhm, tau 20 ms) with APs at the rate gain * (I - rheobase)."""
    time = np.arange(int(RATE * DURATION)) / RATE
    rng = np.random.default_rng(int(hashlib.sha256(recording.encode()).hexdigest()[:8], 16))
    on = (time >= START) & (time < STOP)
    rise = np.where(time < START, 0, 1 - np.exp(-(time - START) / 0.02))
    decay = np.where(time < STOP, 1, np.exp(-(time - STOP) / 0.02))
    responses, commands, spikes, steps, shapes = [], [], [], [], []
    for sweep, current in enumerate(currents):
        drive = min(current * resistance / 1000, 22 if current >= rheobase else 40)
        trace = rest + drive * np.where(time < STOP, rise, decay * (1 - np.exp(-(STOP - START) / 0.02)))
        trace += artefact * current / 100 * on + rng.normal(0, noise, time.size)
        rate = max(0.0, gain * (current - rheobase) + 4) if current >= rheobase else 0.0
        times = START + 0.02 + np.arange(int(rate * (STOP - START - 0.02))) / max(rate, 1)
        for at in times:
            dt = 1000 * (time - at)
            foot = float(trace[np.searchsorted(time, at) - 1])
            bump = np.exp(-0.5 * (dt / np.where(dt < 0, 0.42 * width, 0.6 * width)) ** 2)
            ahp = np.where(dt > 0, (dt / 3) * np.exp(1 - dt / 3), 0)
            trace = trace + (peak - foot) * bump - 11 * ahp * (dt < 40)
            shapes.append((sweep, at))
        peaks = trace[np.searchsorted(time, times)].tolist()
        spikes += [(sweep, at, top, at - width / 1000, -38.0) for at, top in zip(times, peaks, strict=True)]
        steps.append((sweep, 0, START, STOP, float(current), len(times), rate if len(times) > 2 else None))
        responses.append(trace)
        commands.append(np.where(on, float(current), 0.0))
    points, chosen = _decimated(np.array(responses))
    return {
        "recording": recording,
        "kind": "sweeps",
        "origin": "recorded",
        "clamp": "current clamp",
        "sampling_rate": RATE,
        "n_sweeps": len(currents),
        "duration": DURATION,
        "command_source": "epoch table",
        "response_unit": "mV",
        "command_unit": "pA",
        "time": points,
        "response": [[round(float(v), 3) for v in row] for row in chosen],
        "command": [[float(np.interp(t, time, row)) for t in points] for row in commands],
        "excluded_sweeps": {},
        "steps": dict(
            zip(
                ("sweep", "step", "start", "stop", "current", "spike_count", "sustained_rate"),
                map(list, zip(*steps, strict=True)),
                strict=True,
            )
        )
        | {"pattern": ["sustained" if s[5] > 2 else "none" for s in steps]},
        "spikes": dict(
            zip(
                ("sweep", "peak_time", "peak_voltage", "threshold_time", "threshold_voltage"),
                map(list, zip(*spikes, strict=True)) if spikes else [[]] * 5,
                strict=True,
            )
        ),
        "waveforms": _waveforms(time, responses, shapes[:40]),
        "problems": [],
        "provenance": {
            "path": f"/private/rig/{recording}",
            "sha256": hashlib.sha256(recording.encode()).hexdigest(),
            "size": 5_281_280,
            "format": "ABF",
            "format_version": "2.6.0.0",
            "reader": "mnephys.readers.abf.reading",
            "mnephys_version": "0.1.0",
            "parameters": {},
        },
    }


def _decimated(traces, bins=700):
    """Minimum and maximum of each bin, as an evidence record keeps them."""
    cut = traces[:, : traces.shape[1] // bins * bins].reshape(len(traces), bins, -1)
    both = np.stack([cut.min(axis=2), cut.max(axis=2)], axis=2).reshape(len(traces), -1)
    width = cut.shape[2] / RATE
    return [round(float(t), 6) for t in np.repeat(np.arange(bins) * width, 2) + np.tile([0, width / 2], bins)], both


def _waveforms(time, responses, shapes):
    around = np.arange(-30, 60)
    voltage = [responses[sweep][np.searchsorted(time, at) + around] for sweep, at in shapes]
    smooth = [np.convolve(row, np.ones(3) / 3, mode="same") for row in voltage]
    slope = [np.gradient(row, 1000 / RATE) for row in smooth]
    return {
        "time": [float(i) / 10 for i in around[2:-2]],
        "voltage": [[round(float(v), 3) for v in row[2:-2]] for row in voltage],
        "slope": [[round(float(v), 3) for v in row[2:-2]] for row in slope],
    }


# feature, unit, immature, mature, domain, cut, source, basis
CRITERIA = (
    ("firing_pattern", "1", None, None, "firing", "at least 3 APs, to the end of the step; none or one is immature", (
        "immature: Example et al. 2001, J Synth 1:1, neurons (abstract) (10.5555/firing.1); mature: Other et al. 2002, "
        "J Synth 2:2 (10.5555/rate.2), Third 2003, table (PubMed 1, 2) (https://example.org/3)"
     ), "seen"),
    ("max_sustained_rate", "Hz", 3, 10, "firing", "at least 10 Hz; below 3 Hz is immature", "10.5555/rate.2",
     "proxy"),
    ("fi_gain", "Hz/pA", None, None, "firing", "above 0", "10.5555/gain.3", "secondary"),
    ("spike_frequency_adaptation", "1", None, None, "firing", "reported", "10.5555/gain.3", "secondary"),
    ("ap_amplitude", "mV", 50, 60, "action_potential", "at least 60 mV; below 50 mV is immature",
     "10.1016/0896-6273(91)90373-6; 10.5555/amplitude.4", "proxy"),
    ("ap_peak", "mV", -10, 10, "action_potential", "above 10 mV; below -10 mV is immature", "10.5555/shape.5",
     "seen"),
    ("ap_half_width", "ms", 4, 2.5, "action_potential", "at most 2.5 ms; above 4 ms is immature",
     "10.5555/shape.5", "seen"),
    ("ap_threshold", "mV", None, None, "action_potential", "reported; above -25 mV counts against",
     "10.5555/shape.5", "seen"),
    ("resting_membrane_potential", "mV", -45, -55, "passive", "at most -55 mV; above -45 mV is immature",
     "10.5555/shape.5", "seen"),
    ("input_resistance", "MOhm", 1000, 500, "passive", "at most 500 MOhm; above 1000 MOhm is immature",
     "10.5555/passive.6", "proxy"),
    ("membrane_capacitance", "pF", 25, 50, "passive", "at least 50 pF; below 25 pF is immature",
     "10.5555/rate.2", "proxy"),
    ("na_current_peak", "pA", 500, 1000, "currents", "at least 1000 pA; below 500 pA is immature", "mnephys",
     "proxy"),
)  # fmt: skip


def criteria(values, reasons):
    rows = []
    for name, unit, immature, mature, domain, cut, source, basis in CRITERIA:
        value = values.get(name)
        text = value if isinstance(value, str) else ""
        number = None if isinstance(value, str) or value is None else float(value)
        points = None
        if text:
            points = {"none": 0.0, "single": 0.0, "phasic": 0.5, "sustained": 1.0}[text]
        elif number is not None and mature is not None:
            points = float(np.clip((number - immature) / (mature - immature), 0, 1))
        elif values.get("firing_pattern") == "none" and domain == "action_potential" and mature is not None:
            points = 0.0
        rows.append({
            "feature": name, "value": number, "text": text, "unit": unit,
            "status": "ok" if value is not None else "not_applicable",
            "reason": "" if value is not None else reasons.get(name, "no action potential was evoked"),
            "cut": cut, "immature": immature, "mature": mature, "points": points, "domain": domain,
            "source": source, "basis": basis,
            "note": f"Note on {name}: 58 +- 7.5, from -3 to 4." if domain == "passive" else "",
        })  # fmt: skip
    return rows


def score(recording, stage, claim, index, *, interval, values, missing, reasons, identity):
    rows = criteria(values, missing)
    weights = {"firing": 0.35, "action_potential": 0.30, "passive": 0.25, "currents": 0.10}
    domains = {}
    for name, weight in weights.items():
        points = [row["points"] for row in rows if row["domain"] == name and row["points"] is not None]
        domains[name] = {
            "score": float(np.mean(points)) if points else None, "weight": weight, "measured": len(points),
            "criteria": sum(row["domain"] == name for row in rows),
        }  # fmt: skip
    return {
        "subject": recording.split("/")[-1].removesuffix(".abf"), "level": "cell", "id": "",
        "recording": recording, "sources": [recording],
        "stage": stage, "claim": claim, "network_stage": None, "maturity_index": index, "interval": interval,
        "domains": domains, "criteria": rows, "identity": identity, "reasons": reasons, "status": "ok",
        "rubric": RUBRIC,
    }  # fmt: skip


def run():
    """Three cells and one failure."""
    currents = np.arange(-60, 181, 20)
    records = [
        evidence("day42/cell07.abf", currents, rest=-63, resistance=380, rheobase=60, gain=0.22, peak=34, width=1.6),
        evidence("day21/cell02.abf", np.arange(-20, 61, 10), rest=-41, resistance=1150, rheobase=1e9, gain=0,
                 peak=0, width=1),
        evidence("day42/cell11.abf", currents, rest=-52, resistance=420, rheobase=80, gain=0.1, peak=12, width=2.6,
                 artefact=-25),
    ]  # fmt: skip
    records[0]["excluded_sweeps"] = {"0": "holding current drifted by 34 pA"}
    records[2]["problems"] = [
        "the potential jumps by -25 mV per 100 pA when a step begins: the bridge is not balanced",
        "the epoch table and the recorded command disagree by 20 pA in sweep 4",
    ]
    records[2]["command"] = None
    records[2]["command_source"] = "inferred"
    open_identity = {"call": "not assessed",
                     "reasons": ["None of medium AHP, spike-frequency adaptation, rebound APs was measured."],
                     "criteria": []}  # fmt: skip
    bridge = "the bridge is not balanced: potentials during steps cannot be used"
    no_clamp = {"na_current_peak": "no voltage-clamp recording of this cell"}
    scores = [
        score(
            "day42/cell07.abf",
            "mature",
            "mature_in_vitro",
            0.91,
            interval=[0.84, 0.95],
            values={"firing_pattern": "sustained", "max_sustained_rate": 26.3, "fi_gain": 0.218,
                    "spike_frequency_adaptation": 1.31, "ap_amplitude": 72.4, "ap_peak": 33.9, "ap_half_width": 1.72,
                    "ap_threshold": -38.2, "resting_membrane_potential": -63.1, "input_resistance": 378.2,
                    "membrane_capacitance": 46.0},
            missing=no_clamp,
            reasons=["Fires to the end of the step, and firing, APs and passive properties are all mature in vitro.",
                     "Maturity index 0.91: firing 1.00, action potential 1.00, passive 0.95."],
            identity={"call": "consistent", "reasons": ["As in motor neurons: spike-frequency adaptation."],
                      "criteria": [criteria({"spike_frequency_adaptation": 1.31}, {})[3]]},
        ),
        score(
            "day21/cell02.abf",
            "immature",
            "none",
            0.08,
            interval=[0.05, 0.12],
            values={"firing_pattern": "none", "resting_membrane_potential": -41.0, "input_resistance": 1149.0,
                    "membrane_capacitance": 21.3},
            missing=no_clamp,
            reasons=["Fires no AP although it was driven hard enough: the steady state reached -1.2 mV."],
            identity=open_identity,
        ),
        score(
            "day42/cell11.abf",
            "indeterminate",
            "excitable",
            0.55,
            interval=[0.31, 0.78],
            values={"firing_pattern": "phasic", "max_sustained_rate": 6.5, "membrane_capacitance": 38.9},
            missing=dict.fromkeys(
                ("ap_amplitude", "ap_peak", "ap_half_width", "ap_threshold", "input_resistance"), bridge
            ) | {"resting_membrane_potential": "the holding current is not known"} | no_clamp,
            reasons=["Too little of the action potential domain was measured (AP amplitude, AP half-width).",
                     "The bridge is not balanced: potentials during steps cannot be used."],
            identity=open_identity,
        ),
    ]  # fmt: skip
    return {
        "version": "0.1.0",
        "scores": scores,
        "evidence": {record["recording"]: record for record in records},
        "failures": [{"recording": "day42/cell12.abf",
                      "error": "day42/cell12.abf: ends at byte 4096, its header says 5281280; copy it again"}],
        "rubrics": {
            "cell": RUBRIC | {"title": "Functional maturity of stem-cell-derived motor neurons, in vitro",
                              "note": "Mature means mature in vitro."},
        },
        "samples": {
            "day42/cell07.abf": {"line": "synthetic line 3", "day_of_differentiation": 42.0, "temperature_c": 32.0,
                                 "treatment": "drug A", "dose": 5.0, "dose_unit": "uM", "ljp_mv": 14.5,
                                 "ljp_subtracted": False, "rseal_mohm": 2400.0, "bias_pa": -0.0},
            "day42/cell11.abf": {"ljp_mv": 14.5},
        },
        "notes": ["No liquid junction potential was subtracted (-14 mV would be typical of K-gluconate)."],
    }  # fmt: skip
