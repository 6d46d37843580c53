"""The peers, run on the same sweeps and brought into the columns of `mnephys.patch.action_potentials`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

EFEL = {
    "peak_time": "peak_time",
    "peak_voltage": "peak_voltage",
    "threshold_time": "AP_begin_time",
    "threshold_voltage": "AP_begin_voltage",
    "half_width": "AP_duration_half_width",
    "max_upstroke": "AP_peak_upstroke",
}


def efel_values(
    voltage: Array,
    rate: float,
    start: float,
    stop: float,
    names: list[str],
    *,
    step: float | None = None,
    threshold: float = -20.0,
) -> list[dict[str, Array | None]]:
    """Return eFEL's features of each sweep; at the native interval unless `step` (ms) is given."""
    import efel

    efel.reset()
    efel.set_setting("interp_step", 1000.0 / rate if step is None else step)
    efel.set_setting("strict_stiminterval", True)
    efel.set_setting("Threshold", threshold)
    time = np.arange(voltage.shape[1]) * 1000.0 / rate
    traces = [
        {"T": time, "V": sweep.astype(float), "stim_start": [1000.0 * start], "stim_end": [1000.0 * stop]}
        for sweep in voltage
    ]
    found: list[dict[str, Array | None]] = efel.get_feature_values(traces, names, raise_warnings=False)
    efel.reset()
    return found


def efel_action_potentials(
    voltage: Array, rate: float, start: float, stop: float, *, threshold: float = -20.0
) -> dict[str, Array]:
    """Return eFEL's action potentials; NaN where its lists are not as long as that of its peaks."""
    columns: dict[str, list[float]] = {"sweep": [], **{name: [] for name in EFEL}}
    names = list(EFEL.values())
    for sweep, values in enumerate(efel_values(voltage, rate, start, stop, names, threshold=threshold)):
        peaks = values["peak_time"]
        n = 0 if peaks is None else len(peaks)
        columns["sweep"].extend([sweep] * n)
        for own, theirs in EFEL.items():
            column = values[theirs]
            usable = column is not None and len(column) == n
            columns[own].extend(np.asarray(column, dtype=float) if usable else [np.nan] * n)
    found = {name: np.array(column, dtype=float) for name, column in columns.items()}
    return found | {name: found[name] / 1000.0 for name in ("peak_time", "threshold_time")}


def elephant_peaks(
    voltage: Array, rate: float, start: float, stop: float, *, threshold: float = 0.0
) -> dict[str, Array]:
    """Return the peaks that elephant finds between start and stop, all else NaN."""
    import neo
    import quantities as pq
    from elephant.spike_train_generation import peak_detection

    first, last = round(start * rate), round(stop * rate)
    sweeps, peaks = [], []
    for n, sweep in enumerate(voltage):
        trace = neo.AnalogSignal(sweep[first:last, np.newaxis].astype(float), units="mV", sampling_rate=rate * pq.Hz)
        found = np.atleast_1d(peak_detection(trace, threshold=threshold * pq.mV, as_array=True))
        peaks.extend(np.rint(np.asarray(found) * rate).astype(int) + first)
        sweeps.extend([n] * found.size)
    sweep, peak = np.array(sweeps, dtype=int), np.array(peaks, dtype=int)
    unknown = np.full(peak.size, np.nan)
    return {
        "sweep": sweep,
        "peak_time": peak / rate,
        "peak_voltage": np.asarray(voltage)[sweep, peak].astype(float),
        "threshold_voltage": unknown,
        "half_width": unknown,
    }


def pairs(one: Mapping[str, Array], other: Mapping[str, Array], within: float) -> tuple[NDArray[np.intp], ...]:
    """Return which rows of two tables of action potentials are the same: in one sweep, with peaks `within` s."""
    same = one["sweep"][:, np.newaxis] == other["sweep"]
    return np.nonzero(same & (np.abs(one["peak_time"][:, np.newaxis] - other["peak_time"]) <= within))
