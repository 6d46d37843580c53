"""Writer of the spike list that Axion's AxIS exports: one CSV, with settings in two columns beside the spikes.

The layout is that of real exports: `Time (s)`, `Electrode` and `Amplitude(mV)` in the third to fifth column,
sorted by time over the whole plate; settings in the first two columns of the first rows; below a blank line,
as newer versions write it, what is known of each well.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np

from mnephys.atomic import write_bytes
from mnephys.recording import SIMULATED_COMMENT, DurationSource, PlateRecording
from mnephys.simulate.network import SAMPLING_RATE

__all__ = ["spike_list_bytes", "write_spike_list"]

_RECORDED = datetime(2026, 1, 15, 10, 0)  # noqa: DTZ001 -- the export holds local time without a zone
_LINE_END = "\r\n"
_COLUMNS = ("Time (s)", "Electrode", "Amplitude(mV)")


def write_spike_list(
    path: str | Path,
    recording: PlateRecording,
    *,
    experiment: str = "",
    description: str = SIMULATED_COMMENT,
    recorded: datetime = _RECORDED,
) -> None:
    """Write the spikes of a plate as a spike list, atomically.

    Parameters
    ----------
    path : str or Path
        The file; replaced if it exists.
    recording, experiment, description, recorded
        As in `spike_list_bytes`.

    Raises
    ------
    ValueError
        If the spikes have no amplitudes, or nobody stated how long the recording lasted.
    StoreError
        If the folder cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> from mnephys.recording import LAYOUTS, SpikeTrains
    >>> from mnephys.recording.plate import electrodes_of
    >>> electrodes = electrodes_of(LAYOUTS["24-well"])
    >>> trains = SpikeTrains(np.zeros(0), np.zeros(385), electrodes["well"], 0.0, 60.0, np.zeros(0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_spike_list(Path(folder, "a.csv"), PlateRecording(LAYOUTS["24-well"], electrodes, trains))
    ...     Path(folder, "a.csv").read_bytes()[:22]
    b'Investigator,,Time (s)'
    """
    content = spike_list_bytes(recording, experiment=experiment, description=description, recorded=recorded)
    write_bytes(path, content)


def spike_list_bytes(
    recording: PlateRecording,
    *,
    experiment: str = "",
    description: str = SIMULATED_COMMENT,
    recorded: datetime = _RECORDED,
) -> bytes:
    r"""Return the spikes of a plate as the content of a spike list; the same input gives the same bytes.

    Times have five decimals, as many as the grid of 12.5 kHz needs, and amplitudes, which are heights above
    zero, six.

    Parameters
    ----------
    recording : PlateRecording
        With amplitudes. Of `well_facts` it takes ``active``, ``control``, ``treatment``, ``dose`` with
        ``dose_unit``, and ``note``.
    experiment : str
        Name of the experiment.
    description : str
        By `SIMULATED_COMMENT` in it a reader knows that the recording is simulated.
    recorded : datetime
        Start of the recording, local time.

    Returns
    -------
    bytes
        The file, in UTF-8 with the line ends of Windows.

    Raises
    ------
    ValueError
        If the spikes have no amplitudes, or nobody stated how long the recording lasted.

    Examples
    --------
    >>> from mnephys.recording import LAYOUTS, SpikeTrains
    >>> from mnephys.recording.plate import electrodes_of
    >>> layout, electrodes = LAYOUTS["24-well"], electrodes_of(LAYOUTS["24-well"])
    >>> offsets = np.arange(385) > 0
    >>> trains = SpikeTrains(np.array([0.01048]), offsets, electrodes["well"], 0.0, 60.0, np.array([41.5]))
    >>> spike_list_bytes(PlateRecording(layout, electrodes, trains)).decode().split("\r\n")[1]
    'Experiment ID,,0.01048,A1_11,0.041500'
    """
    trains = recording.trains
    if trains is None or trains.amplitudes is None:
        raise ValueError("the spikes have no amplitudes, which a spike list states")
    if recording.duration_source is DurationSource.SPIKES:
        raise ValueError("nobody stated how long the recording lasted, which a spike list states")
    names = np.char.add(np.char.add(recording.electrodes["well"], "_"), recording.electrodes["label"])
    of_spike = trains.train_of_spike
    order = np.lexsort((of_spike, trains.times))
    spikes = map(
        "{:.5f},{},{:.6f}".format,
        trains.times[order].tolist(),
        names[of_spike[order]].tolist(),
        (trains.amplitudes[order] / 1000).tolist(),
    )
    settings = _csv_lines(_panel(recording, experiment, description, recorded))
    table = [",".join(_COLUMNS), *spikes]
    # Whichever is longer, rows go on with the cells of the other empty.
    height = max(len(settings), len(table))
    settings += [","] * (height - len(settings))
    table += [",,"] * (height - len(table))
    lines = [f"{left},{right}" for left, right in zip(settings, table, strict=True)]
    return _LINE_END.join([*lines, "", *_csv_lines(_well_information(recording)), ""]).encode()


def _panel(recording: PlateRecording, experiment: str, description: str, recorded: datetime) -> list[tuple[str, str]]:
    """Return the settings beside the spikes; an instrument's own names and versions are left out."""
    start = recorded.strftime("%m/%d/%Y %H:%M:%S")
    section = f"{_clock(recording.start)} to {_clock(recording.stop)}"
    return [
        ("Investigator", ""),
        ("Experiment ID", experiment),
        ("Description", description),
        ("", ""),
        ("Maestro Settings", ""),
        ("   Original File Time", start),
        ("   Sampling Frequency", f"{SAMPLING_RATE:.0f} Hz"),
        ("   Experiment Start Time", start),
        ("   Analog Mode Setting", "Neural Spikes"),
        ("   Plate Type", f"Maestro {recording.layout.name.replace('-well', '-Well')} (Transparent)"),
        ("", ""),
        ("File Source", "mnephys.simulate"),
        ("Recording Offset from File Start", "0s"),
        ("", ""),
        ("Requested File Section", section),
        ("Actual File Section Run", section),
        ("", ""),
        ("Spike Detector Settings", ""),
        ("   Method", "Adaptive Threshold Crossing"),
        ("   Threshold", "6"),
        ("   Threshold Status", "Variable"),
        ("   Pre-Spike Duration", "0.84 ms"),
        ("   Post-Spike Duration", "2.16 ms"),
        ("   Allow Sample Overlap", "FALSE"),
        ("   Spike Count Interval", "1 s"),
    ]


def _clock(seconds: float) -> str:
    """Write a time as the vendor does: 0s, 57s, 18m2s."""
    minutes, rest = divmod(round(seconds, 5), 60)
    second = f"{rest:.5f}".rstrip("0").rstrip(".")
    return f"{minutes:.0f}m{second}s" if minutes else f"{second}s"


def _well_information(recording: PlateRecording) -> list[tuple[str, ...]]:
    """Return the rows at the end of the file: one column per well."""
    facts = [recording.well_facts.get(well, {}) for well in recording.wells]
    return [
        ("Well Information",),
        ("Well", *recording.wells),
        ("Active", *(str(fact.get("active") != "no") for fact in facts)),
        ("Well Coloring", *("#FFFFFF" for _ in facts)),
        ("Control", *(str(fact.get("control") == "yes") for fact in facts)),
        ("Treatment", *(fact.get("treatment", "") for fact in facts)),
        ("Concentration", *(f"{fact.get('dose', '')} {fact.get('dose_unit', '')}".strip() for fact in facts)),
        ("Additional Information", *(fact.get("note", "") for fact in facts)),
    ]


def _csv_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as CSV without their line ends; a cell may hold anything."""
    lines = []
    for row in rows:
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(row)
        lines.append(line.getvalue())
    return lines
