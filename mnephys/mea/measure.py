"""Every measurement of a plate: its electrodes, its wells, and the plate itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from mnephys.mea import (
    burst_shapes,
    electrode_quality,
    electrodes,
    leaders,
    network,
    network_medians,
    quality,
    recurrence,
    synchrony,
    wells,
)
from mnephys.mea.bursts import isi_threshold_bursts
from mnephys.mea.definitions import Definitions
from mnephys.mea.detection import coincidence
from mnephys.mea.detection import plate as detection
from mnephys.mea.merge import merge
from mnephys.mea.network_bursts import NetworkBursts, merged_network_bursts
from mnephys.mea.places import electrode_places, well_places
from mnephys.mea.regularity import FEATURES as REGULARITY
from mnephys.mea.rows import Column, Places, by_place, column, measured, without_duration
from mnephys.measurement import Feature, Rows
from mnephys.recording import DurationSource, FloatArray, PlateRecording, SpikeTrains

__all__ = [
    "FEATURES",
    "MIN_ACTIVITY_SPAN_S",
    "PlateMeasurements",
    "enabled_trains",
    "measure_plate",
    "measure_plate_and_bursts",
]

MIN_ACTIVITY_SPAN_S = 60.0
"""Where no duration is stated, an electrode is judged active over no less than this."""

FEATURES: dict[str, Feature] = {
    **quality.FEATURES,
    **detection.FEATURES,
    **electrode_quality.FEATURES,
    **coincidence.FEATURES,
    **electrodes.FEATURES,
    **wells.FEATURES,
    **network.FEATURES,
    **network_medians.FEATURES,
    **burst_shapes.FEATURES,
    **leaders.FEATURES,
    **recurrence.FEATURES,
    **synchrony.FEATURES,
}
"""Every feature of a plate."""

_WELL_WHY_NOT = {
    **wells.WHY_NOT,
    **network.WHY_NOT,
    **network_medians.WHY_NOT,
    **burst_shapes.WHY_NOT,
    **leaders.WHY_NOT,
    **recurrence.WHY_NOT,
    coincidence.SHARE: coincidence.WHY_NOT,
    "sttc": synchrony.WHY_NOT,
}
_WITHIN_BURSTS = frozenset({*burst_shapes.FEATURES, *network_medians.FEATURES})
_PERIODICITY = "network_burst_periodicity"
_NOT_ACROSS = "intervals across an interruption do not count"
_NOT_IN_A_ROW = "too few network bursts in a row between interruptions"
_BY_ACTIVITY = frozenset({"active_electrode_count", "active_electrode_fraction", "isi_cv", "sttc", *REGULARITY})


@dataclass(frozen=True, slots=True, eq=False)
class PlateMeasurements:
    """What a plate gave.

    Parameters
    ----------
    rows : Rows
        Of the plate, its wells and its electrodes.
    network_bursts : NetworkBursts
        Those that the rows are about.
    """

    rows: Rows
    network_bursts: NetworkBursts


def measure_plate(
    recording: PlateRecording, definitions: Definitions, detected: detection.DetectedPlate | None = None
) -> Rows:
    """Measure a plate.

    Parameters
    ----------
    recording, definitions, detected
        As in `measure_plate_and_bursts`.

    Returns
    -------
    Rows
        Of the plate, its wells and its electrodes.

    Examples
    --------
    >>> from mnephys.mea.definitions import DEFINITIONS
    >>> from mnephys.recording import LAYOUTS, PlateRecording, SpikeTrains
    >>> from mnephys.recording.plate import electrodes_of
    >>> layout = LAYOUTS["24-well"]
    >>> trains = SpikeTrains.from_lists([[0.5, 1.5]] * 384, electrodes_of(layout)["well"], stop=60.0)
    >>> rows = measure_plate(PlateRecording(layout, electrodes_of(layout), trains), DEFINITIONS["axis-2023"])
    >>> [row.value for row in rows if row.feature == "mean_firing_rate" and row.id == "D6"]
    [0.03333333333333333]
    """
    return measure_plate_and_bursts(recording, definitions, detected).rows


def measure_plate_and_bursts(
    recording: PlateRecording, definitions: Definitions, detected: detection.DetectedPlate | None = None
) -> PlateMeasurements:
    """Measure a plate, and keep its network bursts.

    Parameters
    ----------
    recording : PlateRecording
        As read. An electrode that is switched off is excluded, and so are its spikes, if it has any; it still
        counts among the electrodes of its well, as it does for the vendor's program.
    definitions : Definitions
        What counts as active, as a burst and as a network burst.
    detected : DetectedPlate, optional
        How the spikes were found, where mnephys found them.

    Returns
    -------
    PlateMeasurements
        First the rows of the plate, then well by well those of the wells, then those of the electrodes
        (``A1_11`` is electrode 11 of well A1). Each has one row per feature of its level. Where nobody stated how
        long the recording lasted, no rate is known, and which electrodes are active is judged over the time from
        the first to the last spike, but no less than `MIN_ACTIVITY_SPAN_S`. Of raw voltage without spikes every row
        says that it could not be measured.

    Examples
    --------
    >>> from mnephys.mea.definitions import DEFINITIONS
    >>> from mnephys.recording import LAYOUTS, PlateRecording, SpikeTrains
    >>> from mnephys.recording.plate import electrodes_of
    >>> layout = LAYOUTS["24-well"]
    >>> trains = SpikeTrains.from_lists([[0.5, 1.5]] * 384, electrodes_of(layout)["well"], stop=60.0)
    >>> plate = PlateRecording(layout, electrodes_of(layout), trains)
    >>> measured = measure_plate_and_bursts(plate, DEFINITIONS["axis-2023"])
    >>> measured.network_bursts
    NetworkBursts: 0 bursts in 0 of 24 groups
    """
    trains, stated = enabled_trains(recording), recording.duration_source is not DurationSource.SPIKES
    duration = recording.duration
    over = duration if stated and duration > 0 else max(duration, MIN_ACTIVITY_SPAN_S)
    active = electrodes.active_electrodes(trains.counts, over, definitions.active_min_rate)
    merged = merge(trains)

    bursts = isi_threshold_bursts(trains, definitions.burst_max_isi, definitions.burst_min_spikes)
    of_electrodes = electrodes.electrode_columns(trains, bursts, duration)
    of_wells = wells.well_columns(of_electrodes, active, merged.group, merged.n_groups)
    together = merged_network_bursts(
        merged,
        definitions.network_burst_max_isi,
        definitions.network_burst_min_spikes,
        definitions.network_burst_min_electrodes,
    )
    of_wells |= network.network_columns(together, of_wells["spike_count"], duration)
    of_wells |= network_medians.network_median_columns(merged, together)
    of_wells |= burst_shapes.shape_columns(burst_shapes.merged_burst_shapes(merged, together), together)
    of_wells |= leaders.leader_columns(leaders.merged_leaders(merged, together), merged.group)
    of_wells |= recurrence.recurrence_columns(together)
    of_wells[network.SHARE_2015] = network.share_2015(merged, of_wells["spike_count"])
    of_wells[coincidence.SHARE] = coincidence.coincident_percentage(merged)
    of_wells["sttc"] = synchrony.mean_sttc(merged, definitions.sttc_window, active)

    voltage = None if detected is None else detected.voltage
    at_electrodes = electrode_places(recording, () if voltage is None else voltage.faults)
    at_wells = well_places(recording, merged.labels)
    remark = "" if stated else f"which electrodes are active is judged over {over:.6g} s: the file states no duration"
    judged = [measured(quality.FEATURES["qc_well"], quality.measure_well_quality(recording, merged.labels))]
    looked_at = electrode_quality.measure_electrode_quality(at_electrodes, trains.counts, active, voltage)
    of_well, of_electrode = (_in_stretches(why, recording) for why in (_WELL_WHY_NOT, electrodes.WHY_NOT))
    itself = [*quality.measure_plate_itself(recording, definitions), detection.name_detection(detected)]
    judged += _columns(of_wells, at_wells, of_well, duration, stated=stated, remark=remark)
    looked_at += _columns(of_electrodes, at_electrodes, of_electrode, duration, stated=stated, remark="")
    rows = Rows.joined([Rows.of(itself), by_place(at_wells, judged), by_place(at_electrodes, looked_at)])
    return PlateMeasurements(rows, together)


def enabled_trains(recording: PlateRecording) -> SpikeTrains:
    """Return the trains without the spikes of electrodes that are switched off.

    Parameters
    ----------
    recording : PlateRecording
        As read.

    Returns
    -------
    SpikeTrains
        With a train for every electrode; those that are switched off are silent, and so are all of a recording
        of raw voltage only.

    Examples
    --------
    >>> from mnephys.recording import LAYOUTS, PlateRecording
    >>> from mnephys.recording.plate import electrodes_of
    >>> electrodes = electrodes_of(LAYOUTS["24-well"], disabled=["A1_11"])
    >>> trains = SpikeTrains.from_lists([[0.5]] * 384, electrodes["well"], stop=60.0)
    >>> enabled_trains(PlateRecording(LAYOUTS["24-well"], electrodes, trains)).counts[:2]
    array([0, 1])
    """
    enabled = recording.electrodes["enabled"]
    if (trains := recording.trains) is None:
        none = np.zeros(enabled.size + 1, dtype=np.int64)
        return SpikeTrains(np.zeros(0), none, recording.electrodes["well"], recording.start, recording.stop)
    counts = np.where(enabled, trains.counts, 0)
    if counts.sum() == trains.n_spikes:
        return trains
    times = trains.times[np.repeat(enabled, trains.counts)]
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return replace(trains, times=times, offsets=offsets, amplitudes=None, waveforms=None)


def _columns(
    columns: Mapping[str, FloatArray],
    places: Places,
    why_not: Mapping[str, str],
    duration: float,
    *,
    stated: bool,
    remark: str,
) -> list[Column]:
    """Return what is said of each column of numbers."""
    found = []
    for name, values in columns.items():
        feature = FEATURES[name]
        why = why_not.get(name, "the recording has no length")
        # The rate within a burst does not depend on how long the recording lasted.
        if feature.unit == "Hz" and not stated and name not in _WITHIN_BURSTS:
            found.append(without_duration(feature, places, values, why, duration))
        else:
            found.append(column(feature, places, values, why, remark if name in _BY_ACTIVITY else ""))
    return found


def _in_stretches(why_not: Mapping[str, str], recording: PlateRecording) -> Mapping[str, str]:
    """Return why metrics are not defined, of an interrupted recording with a word on the intervals that it has not."""
    if not recording.n_gaps:
        return why_not
    of_intervals = [name for name in why_not if "inter_burst" in name or name in {"isi_cv", *REGULARITY}]
    across = {name: f"{why_not[name]}; {_NOT_ACROSS}" for name in of_intervals}
    return {**why_not, **across, _PERIODICITY: _NOT_IN_A_ROW}
