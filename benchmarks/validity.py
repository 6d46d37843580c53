"""How right the feature core is: against simulated ground truth, and beside eFEL on real recordings.

Prints the page `docs/validity.md`, which says what is simulated and compared. Run ``python benchmarks/validity.py``
or, for a short check, ``python benchmarks/validity.py --quick``; with ``--table FILE`` the page is also written there.
Real recordings are compared where ``MNEPHYS_DATA`` is set.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np

import mnephys
from mnephys.recording import SweepRecording

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

# The rig of the tests, so that the table and the bounds are of the same cells.
from reference import peers, rig

Columns = dict[str, np.ndarray]

STAGES = ("nascent", "immature", "intermediate", "mature", "blocking")
MEMBRANES = {f"{stage}, passive": stage for stage in STAGES if stage in mnephys.simulate.STAGES}
TOOLS: dict[str, Callable[[np.ndarray, float, float, float], Columns]] = {
    "mnephys": mnephys.patch.action_potentials,
    "eFEL": peers.efel_action_potentials,
    "elephant": peers.elephant_peaks,
}
PEERS = {
    "eFEL": "at the native interval, action potentials of the step only, those that pass -20 mV",
    "elephant": "`peak_detection` at 0 mV, in the step only; it has no thresholds and no widths",
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
COLUMNS = {
    "peak_voltage": "peak (mV)",
    "threshold_voltage": "threshold (mV)",
    "half_width": "half-width (ms)",
    "max_upstroke": "maximum upstroke (mV/ms)",
}
UNKNOWN = "-"

HEAD = """# How right the numbers are

`python benchmarks/validity.py --table docs/validity.md` writes this page; nothing in it is written by hand.

Neurons are simulated that stand for five stages, from *nascent*, whose action potentials never reach 10 mV/ms, to
*mature*, and *blocking*, which fails on strong steps; three of each, of which two vary from the preset, under 15
current steps of 400 ms. They are integrated at 1.1 MHz, which gives the true threshold, peak and half-width of every
action potential. An amplifier (four-pole Bessel low-pass at 10 kHz, or at 0.4 x the sampling rate where that is
lower; its noise passes it too) then records them at 10, 20 and 50 kHz.
"""
SHAPES = """
## Action potentials

Measured minus true: median / 95th percentile of the size / largest size. A median in bold is beyond 0.5 mV for the
threshold, 0.2 mV for the peak or 1 % for the half-width. *Found of true* counts those of at least 20 mV and
5 mV/ms. "-": the tool gives none, or not as many as it gives peaks.
"""
CELLS = """
## Cells

Measured minus true at 0.1 mV of noise, the largest of each stage. *Passive* cells are the membranes of the others
without their channels. The true time constant is the capacitance over all conductance that is open at rest, the true
input resistance that of the noise-free steady state over steps of at most 20 mV. "-": the cell has no such value.
Capacitance and time constant come from one fit of a membrane with late channels. Such steps open and close channels at
once, too: while they last, the time constant is shorter than at rest, the less the smaller they are.
"""
REAL_HEAD = """
## Real recordings, beside eFEL

mnephys minus eFEL at the native interval, over the action potentials of one step of each sweep: median / largest
size. eFEL takes what passes -20 mV, in 190619B_0003 0 mV, because it would merge action potentials whose troughs stay
above -20 mV. Where the largest half-width is above 1000 ms, it has followed the last one into the next step.
The pulse of File_axon_6 charges the cell faster than 10 mV/ms, which is the slope that marks a threshold: neither
tool's is one there, mnephys gives none for the cell, and eFEL's is where the current begins.
"""


def simulated(seeds: list[int | None], length: float) -> dict[str, list[rig.Cell]]:
    """Return the cells of each stage."""
    runs = [rig.simulate(STAGES, length=length, seed=seed) for seed in seeds]
    return {name: [run[n] for run in runs] for n, name in enumerate(STAGES)}


def spread(errors: np.ndarray, bound: float) -> str:
    """Return median, 95th percentile and largest of errors; bold where the median breaks the bound."""
    if not np.isfinite(errors).any():
        return UNKNOWN
    size = np.abs(errors[np.isfinite(errors)])
    middle = f"{np.nanmedian(errors):+.2f}"
    if abs(np.nanmedian(errors)) >= bound:
        middle = f"**{middle}**"
    return f"{middle} / {np.percentile(size, 95):.2f} / {size.max():.2f}"


def peer_table(versions: Mapping[str, str]) -> Iterator[str]:
    """Yield what was run beside mnephys."""
    yield "| tool | version | how |"
    yield "|---|---|---|"
    for tool, how in PEERS.items():
        yield f"| {tool} | {versions.get(tool, UNKNOWN)} | {how} |"


def shape_table(cells: Mapping[str, list[rig.Cell]], rates: tuple[float, ...]) -> Iterator[str]:
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
                    errors = np.concatenate([np.zeros((0, len(BOUNDS))), *(rows for rows, _ in found)])
                    count = f"{len(errors)} of {sum(n for _, n in found)}" if found else UNKNOWN
                    parts = [spread(e, bound) for e, bound in zip(errors.T, BOUNDS, strict=True)]
                    yield f"| {' | '.join((f'{rate / 1000:g}', f'{noise:g}', stage, tool, count, *parts))} |"


def cell_table(cells: Mapping[str, list[rig.Cell]], rates: tuple[float, ...], noise: float) -> Iterator[str]:
    """Yield the largest errors of the properties of cells."""
    names = ("rest (mV)", "input resistance (%)", "time constant (%)", "capacitance (%)", "rheobase (pA)")
    yield f"| rate (kHz) | cells | {' | '.join(names)} |"
    yield "|---|---|---|---|---|---|---|"
    for rate in rates:
        for stage, group in cells.items():
            errors = [rig.cell_errors(cell, rate, noise, seed) for seed, cell in enumerate(group)]
            rows = np.array(errors or [[np.nan] * len(names)])
            parts = [f"{row[np.argmax(np.abs(row))]:+.2f}" if np.isfinite(row).all() else UNKNOWN for row in rows.T]
            yield f"| {rate / 1000:g} | {stage} | {' | '.join(parts)} |"


def efel_table(recordings: Mapping[str, SweepRecording]) -> Iterator[str]:
    """Yield median and largest difference to eFEL, one row per recording."""
    yield f"| recording | action potentials, own / eFEL | {' | '.join(COLUMNS.values())} |"
    yield "|---|---|---|---|---|---|"
    for name, start, stop, threshold in REAL:
        parts = [UNKNOWN] * (1 + len(COLUMNS))
        if name in recordings:
            voltage, rate = recordings[name].response, recordings[name].sampling_rate
            own = mnephys.patch.action_potentials(voltage, rate, start, stop)
            other = peers.efel_action_potentials(voltage, rate, start, stop, threshold=threshold)
            pair = peers.pairs(own, other, 1.5 / rate)
            differences = [own[column][pair[0]] - other[column][pair[1]] for column in COLUMNS]
            parts = [f"{own['sweep'].size} / {other['sweep'].size}"]
            parts += [f"{np.nanmedian(d):+.3f} / {np.nanmax(np.abs(d)):.3f}" for d in differences]
        yield f"| {name} | {' | '.join(parts)} |"


@dataclass(frozen=True)
class Material:
    """What is compared; of no cells and no recordings the page has every row and no value."""

    cells: Mapping[str, list[rig.Cell]] = field(default_factory=lambda: {name: [] for name in STAGES})
    membranes: Mapping[str, list[rig.Cell]] = field(default_factory=lambda: {name: [] for name in MEMBRANES})
    recordings: Mapping[str, SweepRecording] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    rates: tuple[float, ...] = rig.RATES


def page(material: Material) -> Iterator[str]:
    """Yield the lines."""
    yield HEAD
    yield from peer_table(material.versions)
    yield SHAPES
    yield from shape_table(material.cells, material.rates)
    yield CELLS
    yield from cell_table({**material.cells, **material.membranes}, material.rates, NOISE[-1])
    yield REAL_HEAD
    yield from efel_table(material.recordings)


def recorded(root: Path) -> dict[str, SweepRecording]:
    """Read the real recordings."""
    found = {name: mnephys.read(root / "patch" / f"{name}.abf") for name, *_ in REAL}
    return {name: sweeps for name, sweeps in found.items() if isinstance(sweeps, SweepRecording)}


def gathered(*, quick: bool) -> Material:
    """Simulate the cells and read the recordings."""
    root = os.environ.get("MNEPHYS_DATA")
    if not root:
        print("MNEPHYS_DATA is not set: not compared with eFEL on real recordings", file=sys.stderr)
    return Material(
        cells=simulated([None] if quick else [None, 1, 2], 0.2 if quick else 0.4),
        membranes={name: [rig.passive(stage, length=0.4)] for name, stage in MEMBRANES.items()},
        recordings=recorded(Path(root)) if root else {},
        versions={tool: version(tool.lower()) for tool in PEERS},
        rates=(20e3,) if quick else rig.RATES,
    )


def main(arguments: list[str]) -> None:
    """Print the page, and write it where asked."""
    lines = []
    for line in page(gathered(quick="--quick" in arguments)):
        print(line, flush=True)
        lines.append(line)
    if "--table" in arguments:
        Path(arguments[arguments.index("--table") + 1]).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
