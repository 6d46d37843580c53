"""What concerns the plate itself: how long it was recorded, by which definitions, and which wells can be judged."""

from __future__ import annotations

import numpy as np

from mnephys.mea.definitions import Definitions
from mnephys.measurement import Feature, Measurement, Status
from mnephys.recording import SIMULATED_COMMENT, DurationSource, PlateRecording

__all__ = ["FEATURES", "measure_plate_itself", "measure_well_quality", "well_faults"]

_PLATE = ("plate",)
_WELL = ("well",)
_OWN = "mnephys"
_RAW_ONLY = "the file holds raw voltage and no spikes: export the spikes too, as a .spk file or a list of spikes"
_LAYOUT_GUESSED = "the file does not say which plate it is: the number of electrodes of a well is a guess"

FEATURES = {
    f.name: f
    for f in (
        Feature("recording_duration", "s", _PLATE, "Length of the recording that rates are over", _OWN, (0, 1e7)),
        Feature("plate_layout", "1", _PLATE, "Kind of plate, which says how many electrodes a well has", _OWN),
        Feature("qc_origin", "1", _PLATE, "Whether a rig recorded it or a program simulated it", _OWN),
        Feature("qc_recording", "1", _PLATE, "Whether any well can be judged, and why not", _OWN),
        Feature("definitions", "1", _PLATE, "What counts as active, as a burst and as a network burst", _OWN),
        Feature("active_min_rate", "1", _PLATE, "Spikes per minute from which an electrode is active", _OWN, (0, 1e6)),
        Feature("burst_max_isi", "s", _PLATE, "Longest interval within a burst", _OWN, (0, 1e3)),
        Feature("burst_min_spikes", "1", _PLATE, "Fewest spikes of a burst", _OWN, (2, 1e6)),
        Feature("network_burst_max_isi", "s", _PLATE, "Longest interval within a network burst", _OWN, (0, 1e3)),
        Feature("network_burst_min_spikes", "1", _PLATE, "Fewest spikes of a network burst", _OWN, (2, 1e6)),
        Feature(
            "network_burst_min_electrodes",
            "%",
            _PLATE,
            "Electrodes of the well that need a spike in a network burst",
            _OWN,
            (0, 100),
        ),
        Feature("sttc_window", "s", _PLATE, "Longest interval between two spikes that coincide", _OWN, (0, 1e3)),
        Feature("qc_well", "1", _WELL, "Whether the well can be judged, and why not", _OWN),
    )
}
"""The features that this module measures."""


def well_faults(recording: PlateRecording) -> dict[str, str]:
    """Return which wells cannot be judged.

    Parameters
    ----------
    recording : PlateRecording
        As read.

    Returns
    -------
    dict of str to str
        Why, by well: what the reader says, that all its electrodes were switched off, or that there are no spikes.
    """
    well, enabled = recording.electrodes["well"], recording.electrodes["enabled"]
    off = set(well.tolist()) - set(well[enabled].tolist())
    raw = {} if recording.trains is not None else dict.fromkeys(well.tolist(), _RAW_ONLY)
    return dict.fromkeys(sorted(off), "all its electrodes are switched off") | raw | dict(recording.well_problems)


def measure_well_quality(recording: PlateRecording, wells: tuple[str, ...]) -> list[Measurement]:
    """Say of each well whether it can be judged.

    Parameters
    ----------
    recording : PlateRecording
        As read.
    wells : tuple of str
        Which wells.

    Returns
    -------
    list of Measurement
        One `qc_well` for each. Beside ``ok`` stands how many electrodes were switched off.
    """
    feature, faults = FEATURES["qc_well"], well_faults(recording)
    names, inverse = np.unique(recording.electrodes["well"], return_inverse=True)
    present = np.bincount(inverse, minlength=names.size).tolist()
    enabled = np.bincount(inverse, weights=recording.electrodes["enabled"], minlength=names.size).tolist()
    off = {str(name): (int(all_ - on), all_) for name, all_, on in zip(names, present, enabled, strict=True)}
    rows = []
    for well in wells:
        if well in faults:
            status = Status.BAD_INPUT if well in recording.well_problems else Status.EXCLUDED
            if faults[well] == _RAW_ONLY:
                status = Status.NOT_APPLICABLE
            rows.append(feature.missing(status, faults[well], level="well", id=well))
            continue
        n_off, n_all = off[well]
        remark = f"{n_off} of {n_all} electrodes are switched off" if n_off else ""
        rows.append(feature.category("ok", level="well", id=well, remark=remark))
    return rows


def measure_plate_itself(recording: PlateRecording, definitions: Definitions) -> list[Measurement]:
    """Measure what concerns the whole plate.

    Parameters
    ----------
    recording : PlateRecording
        As read.
    definitions : Definitions
        By which it is measured.

    Returns
    -------
    list of Measurement
        One row per entry of `FEATURES` at the level ``plate``.
    """
    simulated = recording.metadata.get("comment") == SIMULATED_COMMENT
    guessed = "" if recording.layout_stated else _LAYOUT_GUESSED
    numbers = {
        "active_min_rate": definitions.active_min_rate,
        "burst_max_isi": definitions.burst_max_isi,
        "burst_min_spikes": definitions.burst_min_spikes,
        "network_burst_max_isi": definitions.network_burst_max_isi,
        "network_burst_min_spikes": definitions.network_burst_min_spikes,
        "network_burst_min_electrodes": 100.0 * definitions.network_burst_min_electrodes,
        "sttc_window": definitions.sttc_window,
    }
    return [
        _duration(recording),
        FEATURES["plate_layout"].category(recording.layout.name, remark=guessed),
        FEATURES["qc_origin"].category("simulated" if simulated else "recorded"),
        _verdict(recording),
        FEATURES["definitions"].category(definitions.label),
        *(FEATURES[name].measured(value) for name, value in numbers.items()),
    ]


def _duration(recording: PlateRecording) -> Measurement:
    feature, source = FEATURES["recording_duration"], recording.duration_source
    if source is DurationSource.SPIKES:
        why = f"the file states no duration; its spikes span {recording.duration:.6g} s; give --duration"
        return feature.missing(Status.NOT_APPLICABLE, why)
    n = recording.n_gaps
    gaps = f"; interrupted {n} time{'s' * (n > 1)}: nothing is measured across that" if n else ""
    return feature.measured(recording.duration, remark=source.value + gaps)


def _verdict(recording: PlateRecording) -> Measurement:
    feature, faults = FEATURES["qc_recording"], well_faults(recording)
    wells = sorted(set(recording.electrodes["well"].tolist()))
    left = [well for well in wells if well not in faults]
    if not left:
        reasons = list(faults.values())
        most = f": {max(dict.fromkeys(reasons), key=reasons.count)}" if reasons else ""
        status = Status.EXCLUDED if recording.trains is not None else Status.NOT_APPLICABLE
        return feature.missing(status, f"none of {len(wells)} wells can be judged{most}")
    excluded = f"{len(faults)} of {len(wells)} wells cannot be judged." if faults else ""
    silent = "No electrode has a spike." if recording.trains is not None and not recording.trains.n_spikes else ""
    return feature.category("ok", remark=" ".join(text for text in (excluded, silent, *recording.problems) if text))
