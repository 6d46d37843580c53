"""A folder of simulated recordings of one plate on several days, with their truth and a sample sheet."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from mnephys.recording import LAYOUTS, PlateLayout, PlateRecording, SpikeTrains
from mnephys.recording.plate import electrodes_of
from mnephys.simulate.contacts import Contacts, draw_contacts
from mnephys.simulate.development import parameters_at
from mnephys.simulate.folder import json_bytes, write_new
from mnephys.simulate.network import SAMPLING_RATE, SimulatedWell, simulate_well
from mnephys.simulate.spike_list_writer import spike_list_bytes

__all__ = ["CONTROL_LINE", "PLATE_COLUMNS", "SLOW_LINE", "simulate_plate"]

PLATE_COLUMNS = (
    "recording",
    "plate",
    "well",
    "line",
    "differentiation",
    "div",
    "plated",
    "treatment",
    "dose",
    "dose_unit",
    "control",
)
"""Columns of the sample sheet."""

CONTROL_LINE = "simulated control line"
SLOW_LINE = "simulated slow line"

_DEVELOPMENT_PER_DAY = 0.03
_PACES = {CONTROL_LINE: 1.0, SLOW_LINE: 0.6}
_DIFFERENTIATION = "simulated differentiation"
_MOST_SILENCED = 2
_LONGEST = 3600.0
_PLATE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_PLATED = datetime(2026, 1, 5, 10, 0)  # noqa: DTZ001 -- the export holds local time without a zone
_TREATMENT = {"treatment": "TTX", "dose": "1", "dose_unit": "uM"}


@dataclass(frozen=True, slots=True)
class _Well:
    """A well of the plate: what is in it, how fast it develops, and its own source of chance."""

    name: str
    number: int
    line: str
    alive: bool
    silenced: bool
    pace: float
    contacts: Contacts

    def development(self, day: int) -> float:
        """Return how far its network is on a day; 0 where there is none."""
        return min(1.0, _DEVELOPMENT_PER_DAY * self.pace * day) if self.alive else 0.0


def simulate_plate(
    out_dir: str | Path,
    days: Sequence[int] = (7, 14, 21, 28),
    layout: str = "24-well",
    duration: float = 120.0,
    seed: int = 0,
    *,
    plate: str = "SIM1",
    spread: float = 0.1,
) -> list[Path]:
    """Simulate a plate recorded on several days in vitro; write spike lists, truths and a sample sheet.

    The upper half of the rows holds a control line, the lower half a line that develops at 0.6 of its pace.
    A network of the control line develops by about 0.03 a day, each well at its own pace. The last column is
    not plated, and the last plated well stays silent: false detections are all that they show. On the last
    day the last control wells of the first two rows, never more than a third of all, are silent too: they were
    given 1 uM TTX. Electrodes and cells stay where they are: an electrode that is active on one day would
    be active on every later one.

    `<plate>_DIV<day>_spike_list.csv` is the recording, with `<plate>_DIV<day>_spike_list.truth.json` beside it,
    and `samples.csv` says what is in each well. What line, day and drug do is made up: simulated networks show
    the program, no biology.

    The same arguments give the same bytes with the same version of numpy on the same kind of processor; no
    well and no day depends on another. Files that are already there and differ are never replaced.

    Parameters
    ----------
    out_dir : str or Path
        The folder; made if it is missing.
    days : sequence of int
        Days in vitro, from 0 to 999, in any order.
    layout : str
        A key of `mnephys.recording.LAYOUTS`.
    duration : float
        Length of each recording in s, an hour at most.
    seed : int
        Source of all chance, 0 or more.
    plate : str
        Name of the plate: letters, digits, ``_`` and ``-``.
    spread : float
        Standard deviation of the logarithm of the wells' paces, which are cut at two of them; from 0 to 1.

    Returns
    -------
    list of Path
        The recordings, by day.

    Raises
    ------
    ValueError
        If an argument is not as described.
    StoreError
        If the folder cannot be written to, or holds another file of one of the names.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in simulate_plate(folder, days=(7, 21), layout="6-well", duration=20.0)]
    ['SIM1_DIV07_spike_list.csv', 'SIM1_DIV21_spike_list.csv']
    """
    kind = _checked(days, layout, duration, plate, spread)
    wells = _plan(kind, seed, spread)
    names = {int(day): f"{plate}_DIV{int(day):02d}_spike_list" for day in sorted(days)}
    last_day = max(names)
    recordings: dict[str, bytes] = {}
    truths: dict[str, bytes] = {}
    for day, name in names.items():
        silenced = frozenset(well.name for well in wells if well.silenced and day == last_day)
        # Without action potentials false detections are left, as where nothing has developed.
        firing = [0.0 if well.name in silenced else well.development(day) for well in wells]
        simulated = [
            simulate_well(
                parameters_at(development),
                well.contacts,
                duration,
                np.random.default_rng([seed, well.number, 1 + day]),
            )
            for well, development in zip(wells, firing, strict=True)
        ]
        recording = _recording(kind, wells, simulated, silenced)
        recordings[f"{name}.csv"] = spike_list_bytes(
            recording, experiment=f"{plate} DIV{day:02d}", recorded=_PLATED + timedelta(days=day)
        )
        document = {
            "recording": f"{name}.csv",
            "plate": plate,
            "layout": kind.name,
            "div": day,
            "seed": int(seed),
            "duration_s": duration,
            "sampling_rate_hz": SAMPLING_RATE,
            "wells": {
                well.name: _about(well, day) | {"silenced": well.name in silenced} | spikes.truth(kind.labels)
                for well, spikes in zip(wells, simulated, strict=True)
            },
        }
        truths[f"{name}.truth.json"] = json_bytes(document)
    sheet = _sample_sheet(plate, list(names.items()), wells)
    return write_new(Path(out_dir), recordings | truths | {"samples.csv": sheet})[: len(recordings)]


def _checked(days: Sequence[int], layout: str, duration: float, plate: str, spread: float) -> PlateLayout:
    """Return the layout, or say what is wrong with the arguments."""
    if not days or len(set(days)) < len(days) or not all(0 <= day < 1000 and day == int(day) for day in days):
        raise ValueError(f"days is {tuple(days)}, needs one or more different whole numbers from 0 to 999")
    if layout not in LAYOUTS:
        raise ValueError(f"layout {layout!r} is not known; known are {', '.join(LAYOUTS)}")
    if not 0 < duration <= _LONGEST:
        raise ValueError(f"duration is {duration} s, needs to be positive and {_LONGEST:g} at most")
    if not _PLATE_NAME.fullmatch(plate):
        raise ValueError(f"plate is {plate!r}, needs 1 to 40 letters, digits, _ or -")
    if not 0 <= spread <= 1:
        raise ValueError(f"spread is {spread}, needs to be from 0 to 1")
    return LAYOUTS[layout]


def _plan(layout: PlateLayout, seed: int, spread: float) -> list[_Well]:
    """Decide what is in each well, and draw what stays the same from day to day."""
    control_rows = (layout.rows + 1) // 2
    last_plated = layout.columns - 2
    n_silenced = min(_MOST_SILENCED, control_rows * (layout.columns - 1) // 3)
    wells = []
    for index, name in enumerate(layout.wells):
        row, column = divmod(index, layout.columns)
        line = "" if column > last_plated else CONTROL_LINE if row < control_rows else SLOW_LINE
        # The last number of a source of chance tells its days, counted from 1, from what is the same on all.
        rng = np.random.default_rng([seed, 1 + index, 0])
        pace = math.exp(spread * float(np.clip(rng.standard_normal(), -2, 2)))
        wells.append(
            _Well(
                name=name,
                number=1 + index,
                line=line,
                alive=line != "" and (row, column) != (layout.rows - 1, last_plated),
                silenced=column == last_plated and row < n_silenced,
                pace=pace * _PACES.get(line, 1.0),
                contacts=draw_contacts(len(layout.labels), rng),
            )
        )
    return wells


def _recording(
    layout: PlateLayout, wells: Sequence[_Well], simulated: Sequence[SimulatedWell], silenced: frozenset[str]
) -> PlateRecording:
    """Join the wells of one day."""
    electrodes = electrodes_of(layout)
    trains = [spikes.trains for spikes in simulated]
    joined = SpikeTrains(
        times=np.concatenate([part.times for part in trains]),
        offsets=np.concatenate([[0], np.cumsum(np.concatenate([part.counts for part in trains]))]),
        groups=electrodes["well"],
        stop=trains[0].stop,
        amplitudes=np.concatenate([part.amplitudes for part in trains if part.amplitudes is not None]),
    )
    facts = {
        well.name: {"control": str(well.line == CONTROL_LINE), "note": well.line or "not plated"}
        | (_TREATMENT if well.name in silenced else {})
        for well in wells
    }
    return PlateRecording(layout, electrodes, joined, well_facts=facts)


def _about(well: _Well, day: int) -> dict[str, Any]:
    """Say what is in a well and how far it is; a network that is silenced has its development all the same."""
    return {
        "line": well.line,
        "plated": well.line != "",
        "alive": well.alive,
        "pace": round(well.pace, 6),
        "development": round(well.development(day), 6),
    }


def _sample_sheet(plate: str, recordings: Sequence[tuple[int, str]], wells: Sequence[_Well]) -> bytes:
    """Return what a laboratory would note: a row per recording, per well, and per well that was treated."""
    rows: list[dict[str, str | int]] = [
        {"recording": f"{name}.csv", "plate": plate, "differentiation": _DIFFERENTIATION, "div": day}
        for day, name in recordings
    ]
    _, last = recordings[-1]
    rows += [
        {"recording": f"{last}.csv", "plate": plate, "well": well.name, **_TREATMENT} for well in wells if well.silenced
    ]
    rows += [
        {
            "recording": "*",
            "plate": plate,
            "well": well.name,
            "line": well.line,
            "differentiation": _DIFFERENTIATION if well.line else "",
            "plated": "yes" if well.line else "no",
            "control": "yes" if well.line == CONTROL_LINE else "",
        }
        for well in wells
    ]
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, PLATE_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return sheet.getvalue().encode()
