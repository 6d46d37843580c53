"""What the stimuli of a plate evoke, and what its electrodes do by themselves, as rows of the tidy table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mnephys.mea.evoked import EvokedResponses, evoked_responses
from mnephys.mea.measure import enabled_trains
from mnephys.mea.places import electrode_places, well_places
from mnephys.mea.rows import Places, by_place, column, without_duration
from mnephys.mea.segments import ratio
from mnephys.mea.stimuli import spontaneous_trains, stimulus_times
from mnephys.measurement import Feature, Measurement, Status
from mnephys.recording import BoolArray, DurationSource, FloatArray, IntArray, PlateRecording

__all__ = ["FEATURES", "measure_evoked"]

CUT_S = 0.5
"""Time after a stimulus that is not spontaneous, in s."""

_BOTH = ("electrode", "well")
_OWN = "mnephys"
_WINDOW: Mapping[str, float] = {"window_start_s": 0.003, "window_stop_s": 0.1}

FEATURES = {
    f.name: f
    for f in (
        Feature("stimulus_count", "1", ("plate",), "Stimuli that count, by the events of the file", _OWN, (0, 1e7)),
        Feature(
            "evoked_response_probability",
            "1",
            _BOTH,
            "Stimuli that an electrode responds to, of all; of a well the mean over responding electrodes",
            _OWN,
            (0, 1),
            _WINDOW,
        ),
        Feature(
            "evoked_response_latency",
            "ms",
            _BOTH,
            "Stimulus to the first spike of a response, median; of a well the mean over responding electrodes",
            _OWN,
            (0, 1e4),
            _WINDOW,
        ),
        Feature(
            "responding_electrode_count",
            "1",
            ("well",),
            "Electrodes that fire after stimuli more often than before them",
            "10.1007/BF02295996",
            (0, 1e6),
            _WINDOW,
        ),
        Feature(
            "spontaneous_firing_rate",
            "Hz",
            _BOTH,
            "Spikes per second without the time after stimuli; of a well the mean over all its electrodes",
            _OWN,
            (0, 1000),
            {"cut_s": CUT_S},
        ),
    )
}
"""The features of plates that were stimulated."""

MIN_STIMULI = 5
"""With fewer stimuli the test finds no response, even of one electrode to all of them."""

_NO_STIMULUS = "no stimulus has the time around it recorded"
_NO_TIME = {"spontaneous_firing_rate": "no time is left without a stimulus before it"}
_WHY_NOT = {
    **dict.fromkeys(FEATURES, "no electrode responds to the stimuli"),
    **_NO_TIME,
}


def measure_evoked(recording: PlateRecording) -> list[Measurement]:
    """Measure what the stimuli of a plate evoke, and what its electrodes do by themselves.

    Parameters
    ----------
    recording : PlateRecording
        As read. The events that begin with `mnephys.mea.stimuli.STIMULATION` are stimuli of the whole plate.

    Returns
    -------
    list of Measurement
        The number of stimuli; where there are any, the features of `FEATURES` of every well and electrode.

    Examples
    --------
    >>> from mnephys.recording import LAYOUTS, SpikeTrains
    >>> from mnephys.recording.plate import electrodes_of
    >>> electrodes = electrodes_of(LAYOUTS["24-well"])
    >>> times = [[1.02, 2.02, 3.02, 4.02, 5.02, 6.02, 7.02]] + [[]] * 383
    >>> plate = PlateRecording(LAYOUTS["24-well"], electrodes, SpikeTrains.from_lists(
    ...     times, electrodes["well"], stop=9.0), events=tuple((float(t), "stimulation") for t in range(1, 8)))
    >>> [round(row.value, 6) for row in measure_evoked(plate) if row.id == "A1"]
    [1.0, 1.0, 20.0, 0.0]
    """
    stimuli = stimulus_times(recording)
    count = FEATURES["stimulus_count"]
    if not stimuli.size:
        return [count.missing(Status.NOT_APPLICABLE, "the file names no stimulation")]
    trains = enabled_trains(recording)
    labels, group = trains.grouped()
    found = evoked_responses(trains, stimuli, (_WINDOW["window_start_s"], _WINDOW["window_stop_s"]))
    of_electrodes = {
        "evoked_response_probability": found.probability,
        "evoked_response_latency": found.latency,
        "spontaneous_firing_rate": spontaneous_trains(trains, stimuli, CUT_S).rate,
    }
    of_wells = _well_columns(found, of_electrodes, group, len(labels))
    # Where too few stimuli count nothing is known of responses, and that is the reason of every row.
    too_few = _too_few(found)
    why_not = {**dict.fromkeys(FEATURES, too_few), **_NO_TIME} if too_few else _WHY_NOT
    silent = {} if too_few else {"evoked_response_latency": "it responds to no stimulus"}
    if too_few:
        of_electrodes, of_wells = _without_responses(of_electrodes), _without_responses(of_wells)
    return [
        count.measured(found.stimuli.size, remark=_left_out(found)),
        *_rows(of_wells, well_places(recording, labels), why_not, recording),
        *_rows(of_electrodes, electrode_places(recording), {**why_not, **silent}, recording),
    ]


def _too_few(found: EvokedResponses) -> str:
    """Return why so many stimuli tell nothing of responses; empty if they do."""
    n, pulses = found.stimuli.size, found.stimuli.size + found.n_left_out
    if n >= MIN_STIMULI:
        return ""
    if n == 0:
        return _NO_STIMULUS
    # Of pulses that are dropped as later ones of a train the file itself says nothing.
    why = f", because pulses less than {1000 * found.train_gap:g} ms apart are one stimulus" if 2 * n < pulses else ""
    return f"{n} of {pulses} pulses count as stimuli, fewer than {MIN_STIMULI}{why}"


def _left_out(found: EvokedResponses) -> str:
    n = found.n_left_out
    return f"{n} of {n + found.stimuli.size} pulses left out" if n else ""


def _without_responses(columns: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    return {n: v if n == "spontaneous_firing_rate" else np.full(v.shape, np.nan) for n, v in columns.items()}


def _well_columns(
    found: EvokedResponses, electrodes: Mapping[str, FloatArray], group: IntArray, n_wells: int
) -> dict[str, FloatArray]:
    def mean(values: FloatArray, mask: BoolArray) -> FloatArray:
        total = np.bincount(group[mask], weights=values[mask], minlength=n_wells)
        return ratio(total, np.bincount(group[mask], minlength=n_wells))

    number = np.bincount(group[found.responds], minlength=n_wells).astype(np.float64)
    every = np.ones(group.size, dtype=bool)
    return {
        "responding_electrode_count": number if found.stimuli.size else np.full(n_wells, np.nan),
        "evoked_response_probability": mean(electrodes["evoked_response_probability"], found.responds),
        "evoked_response_latency": mean(electrodes["evoked_response_latency"], found.responds),
        "spontaneous_firing_rate": mean(electrodes["spontaneous_firing_rate"], every),
    }


def _rows(
    columns: Mapping[str, FloatArray], places: Places, why_not: Mapping[str, str], recording: PlateRecording
) -> list[Measurement]:
    stated = recording.duration_source is not DurationSource.SPIKES
    rows: list[Measurement] = []
    for name, values in columns.items():
        if FEATURES[name].unit == "Hz" and not stated:
            found = without_duration(FEATURES[name], places, values, why_not[name], recording.duration)
        else:
            found = column(FEATURES[name], places, values, why_not[name])
        rows += by_place(places, [found])
    return rows
