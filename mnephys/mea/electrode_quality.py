"""What can be said of every electrode before it is counted: active, silent, noisy, or not recorded at all."""

from __future__ import annotations

import numpy as np

from mnephys.mea.detection.plate import NOISY, ElectrodeVoltage
from mnephys.mea.rows import Column, Places, categories, measured
from mnephys.measurement import Feature, Status
from mnephys.recording import BoolArray, FloatArray, IntArray

__all__ = ["FEATURES", "measure_electrode_quality"]

HUM_UV = 100.0
"""Amplitude of the mains from which they are named, in uV: larger than most spikes."""
CLIPPED = 1e-3
"""Share of samples at the limit of the range from which an electrode is saturated."""

_ELECTRODE = ("electrode",)
_OWN = "mnephys"

FEATURES = {
    f.name: f
    for f in (
        Feature("qc_electrode", "1", _ELECTRODE, "Whether it is active, inactive, silent, noisy or saturated", _OWN),
        Feature("noise_level", "uV", _ELECTRODE, "Standard deviation of the noise after the filter", _OWN, (0, 1e6)),
        Feature("line_noise", "uV", _ELECTRODE, "Amplitude of the hum of the mains, at 50 or 60 Hz", _OWN, (0, 1e7)),
    )
}
"""The features that this module measures; the last two where spikes were detected in raw voltage."""


def measure_electrode_quality(
    places: Places, counts: IntArray, active: BoolArray, voltage: ElectrodeVoltage | None
) -> list[Column]:
    """Judge every electrode.

    Parameters
    ----------
    places : Places
        The electrodes.
    counts : ndarray, int, shape (n_electrodes,)
        Their spikes.
    active : ndarray, bool, shape (n_electrodes,)
        Whether they fire enough to be counted as active.
    voltage : ElectrodeVoltage or None
        What raw voltage says of them, where it was looked at.

    Returns
    -------
    list of Column
        One for each feature. Noise and hum exclude nothing: the threshold follows
        them. What is excluded has a status and the reason.
    """
    judged = categories(FEATURES["qc_electrode"], places, *_words(counts, active, voltage))
    if voltage is None:
        return [judged]
    numbers = (("noise_level", voltage.noise), ("line_noise", voltage.line))
    return [judged, *(_numbers(FEATURES[name], places, values, voltage.faults) for name, values in numbers)]


def _words(counts: IntArray, active: BoolArray, voltage: ElectrodeVoltage | None) -> tuple[list[str], list[str]]:
    """Return category and remark of each electrode."""
    firing = np.where(active, "active", np.where(counts > 0, "inactive", "silent")).astype(object)
    remarks = np.full(counts.size, "", dtype=object)
    if voltage is not None:
        noisy, clipped = voltage.multiple >= NOISY, voltage.clipped >= CLIPPED
        remarks[voltage.line >= HUM_UV] = f"the mains are louder than {HUM_UV:g} uV"
        for at in np.flatnonzero(noisy).tolist():
            remarks[at] = f"its noise is {voltage.multiple[at]:.1f} times that of the plate"
        for at in np.flatnonzero(clipped).tolist():
            remarks[at] = f"{100 * voltage.clipped[at]:.2g} % of its samples are at the limit of the range"
        firing[noisy], firing[clipped] = "noisy", "saturated"
    return firing.tolist(), remarks.tolist()


def _numbers(feature: Feature, places: Places, values: FloatArray, faults: tuple[str, ...]) -> Column:
    rows = []
    for name, value, why in zip(places.ids, values.tolist(), faults, strict=True):
        if np.isfinite(value):
            rows.append(feature.measured(value, level=places.level, id=name))
        else:
            reason = why or "the recording is shorter than a window of 1 s"
            rows.append(feature.missing(Status.NOT_APPLICABLE, reason, level=places.level, id=name))
    return measured(feature, rows)
