"""A folder of simulated patch-clamp recordings with their truth and a sample sheet."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from mnephys.atomic import write_bytes
from mnephys.errors import StoreError
from mnephys.simulate.abf2_writer import abf2_bytes
from mnephys.simulate.acquisition import record
from mnephys.simulate.integration import FineTraces, integrate
from mnephys.simulate.neuron import Neuron
from mnephys.simulate.protocol import StepProtocol, step_family
from mnephys.simulate.stages import Stage, stage_named, vary
from mnephys.simulate.truth import truth_document

__all__ = ["DEMO_STAGES", "SHEET_COLUMNS", "simulate_cells"]

DEMO_STAGES = ("silent", "immature", "immature", "intermediate", "intermediate", "mature", "mature", "blocking")
"""One cell per stage and a second of most: eight cells."""

SHEET_COLUMNS = (
    "recording",
    "cell",
    "line",
    "donor",
    "differentiation",
    "day_of_differentiation",
    "temperature_c",
    "ljp_mv",
    "ljp_subtracted",
    "rs_mohm",
    "rseal_mohm",
    "bias_pa",
    "protocol",
)

_SAMPLING_RATE = 20000.0
_SWEEP_INTERVAL = 3.0
_AT_ONCE = 10
_FINER = 5
_DAYS = {"silent": 21, "immature": 25, "intermediate": 35, "mature": 49, "blocking": 56}
_FIRST_RECORDING = datetime(2026, 1, 15, 10, 0)  # noqa: DTZ001 -- an ABF file holds local time without a zone


@dataclass(frozen=True, slots=True)
class _Recording:
    """One file to be: a cell, what is injected, and its own source of chance."""

    name: str
    cell: str
    number: int
    stage: Stage
    neuron: Neuron
    protocol: StepProtocol
    label: str
    rng: np.random.Generator


def simulate_cells(
    stages: Sequence[str],
    out_dir: str | Path,
    seed: int = 0,
    *,
    noise: float = 0.1,
    bridge_error: float = 0.0,
    spread: float = 0.1,
    duration: float = 0.8,
) -> list[Path]:
    """Simulate cells, and write recordings, truths and a sample sheet.

    Each cell is recorded at its resting potential without holding current, in 15 sweeps at 20 kHz
    with a step of 0.8 s from 0.2 s on: hyperpolarising steps that deflect by less than 20 mV,
    then up to at least twice the rheobase. The last cell is recorded twice, the second time with
    finer steps around its rheobase, so that one cell has two files. `<name>.truth.json` stands
    beside `<name>.abf`, and `samples.csv` says which file belongs to which cell.

    The same arguments give the same bytes with the same version of numpy on the same kind of
    processor. Files that are already there and differ are never replaced.

    Parameters
    ----------
    stages : sequence of str
        Stage of each cell, keys of `STAGES`; `DEMO_STAGES` for example.
    out_dir : str or Path
        The folder; made if it is missing.
    seed : int
        Source of all chance; a cell depends on it and on the cell's own number only.
    noise : float
        Standard deviation of the recording noise in mV.
    bridge_error : float
        Uncompensated series resistance in MOhm.
    spread : float
        Variability from cell to cell, as in `vary`.
    duration : float
        Length of the steps in s; rest of 0.2 s comes before and after.

    Returns
    -------
    list of Path
        The recordings, in order.

    Raises
    ------
    ValueError
        If there is no stage, or one is unknown.
    StoreError
        If the folder cannot be written to, or holds another file of one of the names.

    Examples
    --------
    >>> simulate_cells(["adult"], "cells")
    Traceback (most recent call last):
    ValueError: stage 'adult' is not known; known are silent, immature, intermediate, mature, blocking
    """
    recordings = _plan([stage_named(name) for name in stages], seed, spread, duration)
    folder = Path(out_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made ({error.strerror}); choose another folder") from error
    files: dict[Path, bytes] = {}
    for batch in _even_batches(recordings, _AT_ONCE):
        for recording, abf, truth in _simulate(batch, noise, bridge_error):
            document = {
                "recording": f"{recording.name}.abf",
                "cell": recording.cell,
                "stage": recording.stage.name,
                "maturity": recording.stage.maturity,
                "seed": seed,
                "noise_mv": noise,
                "bridge_error_mohm": bridge_error,
                **truth,
            }
            files[folder / f"{recording.name}.abf"] = abf
            files[folder / f"{recording.name}.truth.json"] = _json(document)
    files[folder / "samples.csv"] = _sample_sheet(recordings)
    _write(folder, files)
    return [path for path in files if path.suffix == ".abf"]


def _plan(stages: Sequence[Stage], seed: int, spread: float, duration: float) -> list[_Recording]:
    """Draw the cells and decide on their recordings."""
    if not stages:
        raise ValueError("no stage was given; name one for each cell")
    recordings = []
    for number, stage in enumerate(stages, start=1):
        rng = np.random.default_rng([seed, number])
        [neuron] = vary(stage, 1, rng, spread=spread)
        cell = f"cell{number:02d}"
        coarse = step_family(stage.first_level, stage.level_increment, duration=duration)
        if number < len(stages):
            recordings.append(_Recording(cell, cell, number, stage, neuron, coarse, "current steps", rng))
            continue
        fine = step_family(0.0, stage.level_increment / _FINER, duration=duration)
        for name, protocol in (("coarse", coarse), ("fine", fine)):
            label = f"current steps, {name}"
            recordings.append(_Recording(f"{cell}_{name}", cell, number, stage, neuron, protocol, label, rng))
    return recordings


def _even_batches(recordings: Sequence[_Recording], largest: int) -> Iterator[Sequence[_Recording]]:
    """Split into batches of about the same size: a time step costs nearly the same for few cells as for many."""
    n_batches = math.ceil(len(recordings) / largest)
    for batch in range(n_batches):
        yield recordings[batch * len(recordings) // n_batches : (batch + 1) * len(recordings) // n_batches]


def _simulate(
    recordings: Sequence[_Recording], noise: float, bridge_error: float
) -> Iterator[tuple[_Recording, bytes, dict[str, Any]]]:
    """Integrate several recordings at once; yield each with its file and its truth."""
    command = np.stack([recording.protocol.command() for recording in recordings])
    traces = integrate([recording.neuron for recording in recordings], command, _SAMPLING_RATE)
    for index, recording in enumerate(recordings):
        own = FineTraces(np.ascontiguousarray(traces.voltage[index : index + 1]), traces.sampling_rate)
        current = command[index : index + 1]
        response = record(own, current, recording.rng, noise=noise, bridge_error=bridge_error)
        content = abf2_bytes(
            response[0],
            _SAMPLING_RATE,
            recording.protocol,
            sweep_interval=_SWEEP_INTERVAL,
            recorded=_FIRST_RECORDING + timedelta(minutes=10 * recording.number),
        )
        yield recording, content, truth_document(recording.neuron, own, recording.protocol, _SAMPLING_RATE)


def _json(document: dict[str, Any]) -> bytes:
    """Return a document as readable JSON."""
    return (json.dumps(document, indent=1, allow_nan=False) + "\n").encode()


def _sample_sheet(recordings: Sequence[_Recording]) -> bytes:
    """Return what a laboratory would note about the recordings; all of it is made up, as they are."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow(SHEET_COLUMNS)
    for recording in recordings:
        batch = 1 + recording.number % 2
        writer.writerow(
            [
                f"{recording.name}.abf",
                recording.cell,
                "simulated line",
                "simulated donor",
                f"differentiation {batch}",
                _DAYS[recording.stage.name],
                24,
                0,
                "false",
                12,
                20000,
                0,
                recording.label,
            ]
        )
    return sheet.getvalue().encode()


def _write(folder: Path, files: dict[Path, bytes]) -> None:
    """Write all files, or none where another file would have to be replaced."""
    try:
        other = [path.name for path, content in files.items() if path.exists() and path.read_bytes() != content]
    except OSError as error:
        raise StoreError(f"{folder}: cannot be read ({error.strerror}); choose another folder") from error
    if other:
        raise StoreError(f"{folder}: holds another {other[0]}, which is not replaced; choose an empty folder")
    for path, content in files.items():
        if not path.exists():
            write_bytes(path, content)
