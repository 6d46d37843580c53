"""How right the feature core is: against simulated ground truth, and beside eFEL on real recordings.

Prints two tables in Markdown. The first takes simulated cells through an ABF file and the reader and compares
every action potential with the truth of the fine integration. The second needs ``MNEPHYS_DATA``: it puts each
property of each action potential beside eFEL's at the native sampling interval.

Run ``python benchmarks/validity.py`` or, for a short check, ``python benchmarks/validity.py --quick``.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np

import mnephys

# Recording, step in s, eFEL's fixed threshold in mV: at its default of -20 mV it merges the action potentials
# of the last one, whose troughs stay above that.
REAL = [
    ("171116sh_0018", 0.1468, 0.6468, -20.0),
    ("18713001", 0.82345, 1.32345, -20.0),
    ("190619B_0003", 1.0478, 2.0478, 0.0),
]
COLUMNS = {
    "peak_voltage": "peak_voltage",
    "threshold_voltage": "AP_begin_voltage",
    "half_width": "AP_duration_half_width",
    "max_upstroke": "AP_peak_upstroke",
}


def truth_rows(stages: list[str], noise: float) -> list[str]:
    """Return one table row per stage: largest and median errors against ground truth."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        paths = mnephys.simulate.simulate_cells(stages, folder, seed=7, noise=noise)
        for path in paths:
            truth = json.loads(path.with_suffix(".truth.json").read_text())
            aps = mnephys.extract(mnephys.read(path), bias=0.0).spikes
            errors = []
            for sweep in truth["sweeps"]:
                for true in sweep["action_potentials"]:
                    near = (aps["sweep"] == sweep["sweep"]) & (np.abs(aps["peak_time"] - true["peak_time"]) < 1e-3)
                    if near.sum() == 1 and not true["threshold_at_break"] and true["half_width"]:
                        own = {name: column[near][0] for name, column in aps.items()}
                        errors.append(
                            (
                                own["threshold_voltage"] - true["threshold_voltage"],
                                own["peak_voltage"] - true["peak_voltage"],
                                100.0 * (own["half_width"] / true["half_width"] - 1.0),
                            )
                        )
            if errors:
                table = np.array(errors, dtype=float)
                cells = [f"{np.nanmedian(e):+.3f} / {np.nanmax(np.abs(e)):.3f}" for e in table.T]
                name = f"{truth['stage']}, {path.stem}"
                rows.append(f"| {name} | {noise:g} | {len(errors)} | {' | '.join(cells)} |")
    return rows


def efel_rows(root: Path) -> list[str]:
    """Return one table row per recording: median and largest difference to eFEL."""
    import efel

    rows = []
    for name, start, stop, threshold in REAL:
        recording = mnephys.read(root / "patch" / f"{name}.abf")
        rate = recording.sampling_rate
        efel.reset()
        efel.set_setting("interp_step", 1000.0 / rate)
        efel.set_setting("strict_stiminterval", True)
        efel.set_setting("Threshold", threshold)
        t = np.arange(recording.n_samples) * 1000.0 / rate
        traces = [
            {"T": t, "V": v.astype(float), "stim_start": [1000 * start], "stim_end": [1000 * stop]}
            for v in recording.response
        ]
        peer = efel.get_feature_values(traces, ["peak_time", *COLUMNS.values()], raise_warnings=False)
        aps = mnephys.patch.action_potentials(recording.response, rate, start, stop)
        cells = []
        for own, other in COLUMNS.items():
            differences = []
            for sweep, values in enumerate(peer):
                mine = aps[own][aps["sweep"] == sweep]
                theirs = values[other]
                if theirs is not None and len(theirs) == len(mine):
                    differences.extend(mine - np.asarray(theirs, dtype=float))
            cells.append(f"{np.nanmedian(differences):+.3g} / {np.nanmax(np.abs(differences)):.3g}")
        peaks = sum(0 if r["peak_time"] is None else len(r["peak_time"]) for r in peer)
        rows.append(f"| {name} | {aps['sweep'].size} / {peaks} | {' | '.join(cells)} |")
    return rows


def main(*, quick: bool) -> None:
    """Print the tables."""
    stages = ["mature"] if quick else ["immature", "intermediate", "mature", "blocking"]
    print("Against simulated ground truth at 20 kHz: median / largest error\n")
    print("| cell | noise (mV) | n | threshold (mV) | peak (mV) | half-width (%) |")
    print("|---|---|---|---|---|---|")
    for noise in (0.0, 0.1):
        print("\n".join(truth_rows(stages, noise)))
    root = os.environ.get("MNEPHYS_DATA")
    if not root:
        print("\nMNEPHYS_DATA is not set: not compared with eFEL on real recordings")
        return
    print("\nminus eFEL at the native interval: median / largest difference\n")
    print(f"| recording | AP counts, own / eFEL | {' | '.join(COLUMNS)} |")
    print("|---|---|---|---|---|---|")
    print("\n".join(efel_rows(Path(root))))


if __name__ == "__main__":
    main(quick="--quick" in sys.argv[1:])
