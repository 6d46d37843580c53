"""From a plate whose file holds raw voltage alone to one with spikes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mnephys.mea.detection.coincidence import without_coincident
from mnephys.mea.detection.found import Detection
from mnephys.mea.detection.search import detect
from mnephys.mea.detection.settings import DetectionSettings, fitted
from mnephys.mea.detection.voltage import look_at_voltage
from mnephys.measurement import Feature, Measurement, Status
from mnephys.recording import BoolArray, FloatArray, IntArray, PlateRecording, SpikeTrains

__all__ = ["FEATURES", "NOISY", "DetectedPlate", "ElectrodeVoltage", "detect_plate", "name_detection"]

FEATURES = {
    f.name: f
    for f in (
        Feature("spike_detection", "1", ("plate",), "Where the spikes come from, and how they were found", "mnephys"),
    )
}
"""The features that this module measures."""

_NO_VOLTAGE = "no voltage was recorded of it"
_INTERRUPTED = "The recording was interrupted {} time{}; no interval, burst or coincidence is measured across that."

NOISY = 3.0
"""An electrode is noisy from this multiple of the median noise of the plate on."""
SATURATED = 0.05
"""Share of samples at the limit of the range from which nothing can be said of an electrode."""
LEAST_SEARCHED = 0.5
"""Share of the electrodes of a well that must have been searched, so that the well can be judged."""


@dataclass(frozen=True, slots=True, eq=False)
class ElectrodeVoltage:
    """What raw voltage says of each electrode of a plate; NaN where none was recorded.

    Parameters
    ----------
    noise : ndarray, float, shape (n_electrodes,)
        Standard deviation after the filter, in uV.
    multiple : ndarray, float, shape (n_electrodes,)
        The same over the median of the electrodes that are switched on.
    line : ndarray, float, shape (n_electrodes,)
        Amplitude of the hum of the mains, in uV.
    clipped : ndarray, float, shape (n_electrodes,)
        Share of samples at the limit of the range.
    faults : tuple of str
        Why an electrode cannot be judged; empty where it can.
    """

    noise: FloatArray
    multiple: FloatArray
    line: FloatArray
    clipped: FloatArray
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class DetectedPlate:
    """A plate with its spikes, and how they were found.

    Parameters
    ----------
    recording : PlateRecording
        With trains; without, and every well with a problem, where the sampling rate is too low for the band.
    settings : DetectionSettings
        As used.
    voltage : ElectrodeVoltage or None
        None where nothing was searched.
    """

    recording: PlateRecording
    settings: DetectionSettings
    voltage: ElectrodeVoltage | None


def detect_plate(recording: PlateRecording, settings: DetectionSettings, jobs: int = 1) -> DetectedPlate:
    """Find the spikes of a plate in its raw voltage.

    Parameters
    ----------
    recording : PlateRecording
        With a signal; trains that it already has are replaced.
    settings : DetectionSettings
        How.
    jobs : int
        Pieces that are searched at the same time.

    Returns
    -------
    DetectedPlate
        Electrodes without a channel have a silent train, and a fault.

    Raises
    ------
    ValueError
        If the recording has no signal.
    ReadError
        If the file is damaged or gone.
    """
    signal = recording.signal
    if signal is None:
        raise ValueError("the recording holds no raw voltage; there is nothing to detect spikes in")
    used = fitted(settings, signal.sampling_rate)
    if used is None:
        why = (
            f"its {signal.sampling_rate:g} samples per second are too few to detect spikes from "
            f"{settings.band[0]:g} Hz on: export the spikes"
        )
        problems = dict.fromkeys(recording.wells, why) | dict(recording.well_problems)
        return DetectedPlate(replace(recording, well_problems=problems), settings, None)
    found = detect(signal, None, used, jobs=jobs)
    trains = _on_electrodes(found.trains, np.asarray(signal.electrodes), recording)
    voltage = _voltage(found, trains, recording)
    trains = _without(trains, np.array([bool(why) for why in voltage.faults]))
    if used.coincident_electrodes:
        trains = without_coincident(trains, used.coincident_electrodes, used.coincident_window)
    recorded, span = signal.shape[0] / signal.sampling_rate, trains.stop - trains.start if trains.stop else 0.0
    gaps = len(signal.segments) - 1
    searched = replace(
        recording,
        trains=trains,
        stated_duration=min(recorded, span) if gaps else recording.stated_duration,
        well_problems=_unsearched_wells(recording, voltage) | dict(recording.well_problems),
        problems=(*recording.problems, _INTERRUPTED.format(gaps, "s" * (gaps > 1))) if gaps else recording.problems,
    )
    return DetectedPlate(searched, used, voltage)


def _unsearched_wells(recording: PlateRecording, voltage: ElectrodeVoltage) -> dict[str, str]:
    """Return the wells of whose electrodes fewer than half could be searched: they are not silent, nobody knows."""
    on, well = recording.electrodes["enabled"], recording.electrodes["well"]
    label, found = recording.electrodes["label"], {}
    faulty = np.array([bool(why) for why in voltage.faults]) & on
    for name in np.unique(well[faulty]).tolist():
        here = on & (well == name)
        n_all, n_left = int(here.sum()), int((here & ~faulty).sum())
        if n_left >= LEAST_SEARCHED * n_all:
            continue
        whys = {str(label[at]): voltage.faults[at] for at in np.flatnonzero(here & faulty).tolist()}
        # That there is no voltage says less than any other reason.
        of = min(whys, key=lambda each: whys[each] == _NO_VOLTAGE)
        some = f"only {n_left}" if n_left else "none"
        found[name] = f"{some} of its {n_all} electrodes could be searched; of {of}: {whys[of]}"
    return found


def _without(trains: SpikeTrains, faulty: BoolArray) -> SpikeTrains:
    """Return the trains without what was found on electrodes that cannot be judged."""
    kept = ~faulty[trains.train_of_spike]
    offsets = np.concatenate([[0], np.cumsum(np.where(faulty, 0, trains.counts))])
    amplitudes = None if trains.amplitudes is None else trains.amplitudes[kept]
    return replace(trains, times=trains.times[kept], offsets=offsets, amplitudes=amplitudes)


def _on_electrodes(trains: SpikeTrains, electrodes: IntArray, recording: PlateRecording) -> SpikeTrains:
    """Return the trains of channels as those of electrodes."""
    n_electrodes = recording.electrodes.size
    of_spike = electrodes[trains.train_of_spike]
    order = np.argsort(of_spike, kind="stable")
    counts = np.bincount(of_spike, minlength=n_electrodes)
    amplitudes = None if trains.amplitudes is None else trains.amplitudes[order]
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return SpikeTrains(
        trains.times[order], offsets, recording.electrodes["well"], trains.start, trains.stop, amplitudes
    )


def _voltage(found: Detection, trains: SpikeTrains, recording: PlateRecording) -> ElectrodeVoltage:
    """Return the columns of channels as those of electrodes, and why electrodes cannot be judged."""
    assert recording.signal is not None  # noqa: S101 -- the caller has looked
    signal, n_electrodes = recording.signal, recording.electrodes.size
    looked, rows = look_at_voltage(signal), np.asarray(signal.electrodes)
    noise, line, clipped = (np.full(n_electrodes, np.nan) for _ in range(3))
    noise[rows], line[rows], clipped[rows] = found.noise, looked.line, looked.clipped
    faults = np.full(n_electrodes, _NO_VOLTAGE, dtype=object)
    faults[rows] = [f"its voltage was not searched: {why}" if why else "" for why in found.faults]
    multiple = noise / _lower_median(noise[recording.electrodes["enabled"]])
    for at in np.flatnonzero((faults == "") & (clipped >= SATURATED)).tolist():
        faults[at] = f"it is saturated: {100 * clipped[at]:.0f} % of its samples are at the limit"
    for at in np.flatnonzero((faults == "") & (multiple >= NOISY) & (trains.counts == 0)).tolist():
        faults[at] = f"its noise, {multiple[at]:.1f} times that of the plate, may hide its spikes"
    return ElectrodeVoltage(noise, multiple, line, clipped, tuple(faults.tolist()))


def _lower_median(values: FloatArray) -> float:
    """Return the middle of the numbers, of two in the middle the lower: one loud electrode of two is then seen."""
    finite = np.sort(values[np.isfinite(values)])
    return float(finite[(finite.size - 1) // 2]) if finite.size else float("nan")


def name_detection(detected: DetectedPlate | None) -> Measurement:
    """Say where the spikes of a plate come from.

    Parameters
    ----------
    detected : DetectedPlate or None
        None where the file holds spikes.

    Returns
    -------
    Measurement
        One row.
    """
    feature = FEATURES["spike_detection"]
    if detected is None:
        return feature.category("as the file has them")
    if detected.voltage is None:
        return feature.missing(Status.NOT_APPLICABLE, "the sampling rate is too low to detect spikes")
    return feature.category(detected.settings.label, remark="detected in the raw voltage of the file")
