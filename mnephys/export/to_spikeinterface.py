"""A plate as SpikeInterface takes it: traces with the place of every electrode, and spikes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import MissingPackageError
from mnephys.recording import FloatArray, IntArray, PlateRecording

__all__ = ["SpikeInterfaceObjects", "to_spikeinterface"]

# Spikes without a signal lie on no grid of samples that is known; this one is finer than any rig's.
_GRID_HZ = 1e6
# Wells are put this far apart, so that no sorter takes electrodes of two wells for neighbours.
_WELL_DISTANCE_UM = 20_000.0


class SpikeInterfaceObjects(NamedTuple):
    """What SpikeInterface makes of a plate.

    Parameters
    ----------
    recording : spikeinterface.BaseRecording or None
        Traces in uV with a probe for each well; None where the file holds no raw voltage.
    sorting : spikeinterface.BaseSorting or None
        One unit per electrode, called like ``A1_11``; None where the file holds no spikes.
    """

    recording: Any
    sorting: Any


def to_spikeinterface(recording: PlateRecording, *, pitch: float = 200.0) -> SpikeInterfaceObjects:
    """Hand a plate to SpikeInterface.

    Parameters
    ----------
    recording : PlateRecording
        Whatever reader it came from.
    pitch : float
        Distance in um between neighbouring electrodes of a well whose file does not say where they are.

    Returns
    -------
    SpikeInterfaceObjects
        The traces, which stay in the file until they are asked for, one segment per stretch without a gap, with
        `well`, `label` and `group` (of the well) as properties and a probe for each well, wells 20 mm apart; and the
        spikes, in frames of the traces, or of 1 us where there are none. A spike before the first frame is left out
        of the sorting, since SpikeInterface knows no negative frame.

    Raises
    ------
    MissingPackageError
        If SpikeInterface is not installed.

    Examples
    --------
    >>> from mnephys.recording import LAYOUTS, SpikeTrains
    >>> from mnephys.recording.plate import electrodes_of
    >>> electrodes = electrodes_of(LAYOUTS["24-well"])
    >>> trains = SpikeTrains.from_lists([[0.5, 1.0]] + [[]] * 383, electrodes["well"], stop=60.0)
    >>> found = to_spikeinterface(PlateRecording(LAYOUTS["24-well"], electrodes, trains))
    >>> found.recording is None, found.sorting.get_unit_spike_train("A1_11").tolist()
    (True, [500000, 1000000])
    """
    try:
        import spikeinterface.core  # noqa: F401 -- only to say what is missing
    except ImportError as error:
        problem = "to_spikeinterface needs SpikeInterface; install it with: pip install spikeinterface"
        raise MissingPackageError(problem) from error
    return SpikeInterfaceObjects(_traces(recording, pitch), _spikes(recording))


def _traces(recording: PlateRecording, pitch: float) -> Any:
    if (signal := recording.signal) is None:
        return None
    from mnephys.export.spikeinterface_traces import PlateTraces

    rows = recording.electrodes[np.asarray(signal.electrodes)]
    traces = PlateTraces(signal, _names(rows))
    traces.set_probegroup(_probes(rows, _places(rows, pitch), recording), group_mode="by_probe")
    return traces


def _names(rows: NDArray[np.void]) -> list[str]:
    return [f"{well}_{label}" for well, label in rows[["well", "label"]].tolist()]


def _places(rows: NDArray[np.void], pitch: float) -> FloatArray:
    """Return where each electrode is within its well, in um, shape (n, 2)."""
    stated = np.column_stack([rows["x"], rows["y"]])
    nominal = np.column_stack([rows["column"], rows["row"]]) * pitch
    # A place of its own for each electrode of which not even column and row are known.
    unknown = (rows["column"] == 0) & np.isnan(rows["x"])
    nominal[unknown, 0] = np.arange(1, unknown.sum() + 1) * pitch
    # A well of which one place is unknown is laid out by its grid as a whole.
    _, well = np.unique(rows["well"], return_inverse=True)
    whole = np.bincount(well, weights=~np.isfinite(stated).all(axis=1))[well] == 0
    return np.where(whole[:, np.newaxis], stated, nominal)


def _probes(rows: NDArray[np.void], places: FloatArray, recording: PlateRecording) -> Any:
    from probeinterface import Probe, ProbeGroup

    group = ProbeGroup()
    for well in dict.fromkeys(rows["well"].tolist()):
        here = np.flatnonzero(rows["well"] == well)
        row, column = recording.layout.place(well) or (0, 0)
        probe = Probe(ndim=2, si_units="um", name=well)
        own = places[here] - places[here].min(axis=0) + np.array([column, -row]) * _WELL_DISTANCE_UM
        probe.set_contacts(own, shapes="circle", shape_params={"radius": 15})
        probe.set_contact_ids(_names(rows[here]))
        probe.set_device_channel_indices(here)
        group.add_probe(probe)
    return group


def _spikes(recording: PlateRecording) -> Any:
    from spikeinterface.core import NumpySorting

    if (trains := recording.trains) is None:
        return None
    rate = _GRID_HZ if recording.signal is None else recording.signal.sampling_rate
    segment, frame = _frames(recording, trains.times, rate)
    order = np.flatnonzero((frame >= 0) & (segment >= 0))
    order = order[np.lexsort((frame[order], segment[order]))]
    spikes = np.zeros(order.size, [("sample_index", "int64"), ("unit_index", "int64"), ("segment_index", "int64")])
    spikes["sample_index"], spikes["segment_index"] = frame[order], segment[order]
    spikes["unit_index"] = trains.train_of_spike[order]
    sorting = NumpySorting(spikes, rate, _names(recording.electrodes))
    sorting.set_property("well", recording.electrodes["well"])
    return sorting


def _frames(recording: PlateRecording, times: FloatArray, rate: float) -> tuple[IntArray, IntArray]:
    """Return the segment of each spike, and its frame within that."""
    starts = np.array([recording.start]) if recording.signal is None else recording.signal.segments["start"]
    segment = np.searchsorted(starts, times + 0.5 / rate, side="right") - 1
    return segment, np.rint((times - starts[np.maximum(segment, 0)]) * rate).astype(np.int64)
