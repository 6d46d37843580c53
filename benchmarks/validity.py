"""How right the feature core is: against simulated ground truth, and beside eFEL on real recordings.

Prints tables in Markdown. For the first two, cells are integrated at 1.1 MHz, pass an amplifier (four-pole Bessel
low-pass at 10 kHz, or 0.4 x the sampling rate where that is lower; noise goes through it too) and are sampled at 10,
20 and 50 kHz: the action potentials that mnephys, eFEL (at the native interval) and elephant (peaks only) find are
compared with those of the integration, and the properties of the cell with the cell. The third needs
``MNEPHYS_DATA``: it puts each property of each action potential beside eFEL's.

Run ``python benchmarks/validity.py`` or, for a short check, ``python benchmarks/validity.py --quick``; with
``--table FILE`` the tables are also written there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

import mnephys

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

# The rig of the tests, so that the table and the bounds are of the same cells.
from reference import peers, rig

Columns = dict[str, np.ndarray]

STAGES = ("nascent", "immature", "intermediate", "mature", "blocking")
TOOLS: dict[str, Callable[[np.ndarray, float, float, float], Columns]] = {
    "mnephys": mnephys.patch.action_potentials,
    "eFEL": peers.efel_action_potentials,
    "elephant": peers.elephant_peaks,
}
BOUNDS = (0.5, 0.2, 1.0)
NOISE = (0.0, 0.1)

# Recording, step in s, eFEL's fixed threshold in mV: at its default of -20 mV it merges the action potentials
# of the third one, whose troughs stay above that.
REAL = [
    ("171116sh_0018", 0.14685, 0.64685, -20.0),
    ("18713001", 0.8234, 1.3234, -20.0),
    ("190619B_0003", 1.0478, 2.0478, 0.0),
    ("File_axon_5", 0.2156, 0.7156, -20.0),
    ("File_axon_6", 0.21565, 0.26, -20.0),
]
COLUMNS = ("peak_voltage", "threshold_voltage", "half_width", "max_upstroke")


def simulated(seeds: list[int | None], length: float) -> dict[str, list[rig.Cell]]:
    """Return the cells of each stage."""
    runs = [rig.simulate(STAGES, length=length, seed=seed) for seed in seeds]
    return {name: [run[n] for run in runs] for n, name in enumerate(STAGES)}


def spread(errors: np.ndarray, bound: float) -> str:
    """Return median, 95th percentile and largest of errors; bold where the median breaks the bound."""
    if not np.isfinite(errors).any():
        return "-"
    size = np.abs(errors[np.isfinite(errors)])
    middle = f"{np.nanmedian(errors):+.2f}"
    if abs(np.nanmedian(errors)) >= bound:
        middle = f"**{middle}**"
    return f"{middle} / {np.percentile(size, 95):.2f} / {size.max():.2f}"


def shape_table(cells: dict[str, list[rig.Cell]], rates: tuple[float, ...]) -> Iterator[str]:
    """Yield the errors of every tool, rate, noise and stage."""
    yield "| rate (kHz) | noise (mV) | cells | tool | found of true | threshold (mV) | peak (mV) | half-width (%) |"
    yield "|---|---|---|---|---|---|---|---|"
    for rate in rates:
        for noise in NOISE:
            for stage, group in cells.items():
                traces = [rig.recorded(cell, rate, noise, seed) for seed, cell in enumerate(group)]
                for tool, measure in TOOLS.items():
                    found = [
                        rig.errors(cell, measure(trace, rate, cell.start, cell.stop), rig.delay(rate))
                        for cell, trace in zip(group, traces, strict=True)
                    ]
                    errors, true = np.concatenate([rows for rows, _ in found]), sum(n for _, n in found)
                    parts = [spread(e, bound) for e, bound in zip(errors.T, BOUNDS, strict=True)]
                    row = (f"{rate / 1000:g}", f"{noise:g}", stage, tool, f"{len(errors)} of {true}", *parts)
                    yield f"| {' | '.join(row)} |"


def cell_table(cells: dict[str, list[rig.Cell]], rates: tuple[float, ...], noise: float) -> Iterator[str]:
    """Yield the largest errors of the properties of cells."""
    names = ("rate (kHz)", "cells", "rest (mV)", "input resistance (%)", "time constant (%)", "capacitance (%)")
    yield f"| {' | '.join(names)} | rheobase (pA) |"
    yield "|---|---|---|---|---|---|---|"
    for rate in rates:
        for stage, group in cells.items():
            rows = np.array([rig.cell_errors(cell, rate, noise, seed) for seed, cell in enumerate(group)])
            parts = [f"{row[np.argmax(np.abs(row))]:+.2f}" if np.isfinite(row).all() else "-" for row in rows.T]
            yield f"| {rate / 1000:g} | {stage} | {' | '.join(parts)} |"


def efel_table(root: Path) -> Iterator[str]:
    """Yield median and largest difference to eFEL, one row per recording."""
    yield f"| recording | AP counts, own / eFEL | {' | '.join(COLUMNS)} |"
    yield "|---|---|---|---|---|---|"
    for name, start, stop, threshold in REAL:
        recording = mnephys.read(root / "patch" / f"{name}.abf")
        rate = recording.sampling_rate
        own = mnephys.patch.action_potentials(recording.response, rate, start, stop)
        other = peers.efel_action_potentials(recording.response, rate, start, stop, threshold=threshold)
        pair = peers.pairs(own, other, 1.5 / rate)
        parts = []
        for column in COLUMNS:
            differences = own[column][pair[0]] - other[column][pair[1]]
            parts.append(f"{np.nanmedian(differences):+.3g} / {np.nanmax(np.abs(differences)):.3g}")
        yield f"| {name} | {own['sweep'].size} / {other['sweep'].size} | {' | '.join(parts)} |"


def tables(*, quick: bool) -> Iterator[str]:
    """Yield all lines."""
    cells = simulated([None] if quick else [None, 1, 2], 0.2 if quick else 0.4)
    rates = (20e3,) if quick else rig.RATES
    yield "Action potentials against simulated ground truth: median, 95th percentile and largest error."
    yield "Of those of at least 20 mV and 5 mV/ms. A median beyond 0.5 mV, 0.2 mV or 1 % is in bold.\n"
    yield from shape_table(cells, rates)
    yield "\nProperties of cells against simulated ground truth at 0.1 mV of noise: largest error."
    yield "Cells named passive are the membranes of the others without their channels. Of an active membrane the time"
    yield "constant is held against one exponential that another program fits to the noise-free onset.\n"
    membranes = {
        f"{stage}, passive": [rig.passive(stage, length=0.4)] for stage in STAGES if stage in mnephys.simulate.STAGES
    }
    yield from cell_table(cells | membranes, rates, NOISE[-1])
    root = os.environ.get("MNEPHYS_DATA")
    if not root:
        yield "\nMNEPHYS_DATA is not set: not compared with eFEL on real recordings"
        return
    yield "\nmnephys minus eFEL at the native interval: median / largest difference.\n"
    yield from efel_table(Path(root))


def main(arguments: list[str]) -> None:
    """Print the tables, and write them where asked."""
    lines = []
    for line in tables(quick="--quick" in arguments):
        print(line, flush=True)
        lines.append(line)
    if "--table" in arguments:
        Path(arguments[arguments.index("--table") + 1]).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
