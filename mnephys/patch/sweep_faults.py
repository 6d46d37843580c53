"""What is wrong with single sweeps and with the unit of all: voltages, clipping, baseline, samples that are missing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch.baselines import Baselines, middle
from mnephys.patch.clipping import clipped_sweeps
from mnephys.patch.family import Family
from mnephys.patch.limits import QualityLimits
from mnephys.recording import FloatArray

__all__ = ["CLIPPED", "FEATURES", "find_faults", "measure_aborted", "measure_clipping", "measure_units", "unit_fault"]

CLIPPED = "clipped: the response is cut off flat at the amplifier's limit"
"""Why a sweep that is clipped is excluded."""

_SAMPLES_FOR_MEDIAN = 100_000
_MOST_NAMED = 5
_OWN = "mnephys"

FEATURES = {
    f.name: f
    for f in (
        Feature("qc_aborted", "1", ("sweep", "cell"), "Whether samples are missing; how many sweeps lack some", _OWN),
        Feature("qc_units", "1", ("cell",), "Whether the magnitude of the response fits its unit", _OWN),
        Feature("qc_clipping", "1", ("cell",), "Whether the response runs flat at the limit of the amplifier", _OWN),
    )
}
"""The features that this module measures."""


def unit_fault(voltage: FloatArray, limits: QualityLimits) -> str:
    """Return why a response cannot be in mV.

    Parameters
    ----------
    voltage : ndarray, float, shape (n_sweeps, n_samples)
        Called mV.
    limits : QualityLimits
        What that can be.

    Returns
    -------
    str
        Empty where it can, or where nothing was recorded.

    Examples
    --------
    >>> import numpy as np
    >>> unit_fault(np.full((1, 100), -0.065), QualityLimits.read())
    'wrong units: the response stays within 0.065 mV of 0, as if it were in V'
    """
    some = np.abs(voltage.ravel()[:: max(1, voltage.size // _SAMPLES_FOR_MEDIAN)])
    some = some[np.isfinite(some)]
    if some.size and (usual := float(np.median(some))) > limits.units_largest:
        return f"wrong units: the response is {usual:.2g} mV from 0 half of the time, as if it were in uV"
    low, high = _span(voltage)
    extreme = float(np.nanmax(np.maximum(high, -low), initial=-np.inf))
    if 0 <= extreme < limits.units_smallest:
        return f"wrong units: the response stays within {extreme:.2g} mV of 0, as if it were in V"
    return ""


def find_faults(family: Family, baselines: Baselines, limits: QualityLimits) -> list[str]:
    """Say why sweeps are excluded.

    Parameters
    ----------
    family : Family
        A recording with its steps.
    baselines : Baselines
        Of its sweeps.
    limits : QualityLimits
        When to exclude.

    Returns
    -------
    list of str
        One reason per sweep, empty where it stays.
    """
    clipped = clipped_sweeps(
        family.voltage,
        family.sampling_rate,
        rest=middle(baselines.potential),
        noise=middle(baselines.noise),
        flat=limits.clipping,
        slope=limits.clipping_slope,
        samples=int(limits.clipping_samples),
    )
    numbers = zip(
        *(each.tolist() for each in _span(family.voltage)),
        clipped.tolist(),
        baselines.shift.tolist(),
        baselines.noise.tolist(),
        baselines.slow_noise.tolist(),
        strict=True,
    )
    return [_fault(limits, *each) for each in numbers]


def measure_aborted(family: Family) -> list[Measurement]:
    """Say which sweeps lack samples; they are measured as far as they go.

    Parameters
    ----------
    family : Family
        A recording.

    Returns
    -------
    list of Measurement
        `qc_aborted` of each sweep (``whole``, ``aborted`` where its end is missing, ``gaps``), and their number.
    """
    feature, rate, n_samples = FEATURES["qc_aborted"], family.sampling_rate, family.voltage.shape[1]
    finite = np.isfinite(family.voltage)
    number = finite.sum(axis=1)
    length = np.where(number > 0, n_samples - np.argmax(finite[:, ::-1], axis=1), 0)
    rows, said = [], []
    for sweep, (end, count) in enumerate(zip(length.tolist(), number.tolist(), strict=True)):
        text, why = "whole", ""
        if end < n_samples:
            text, why = "aborted", f"ends after {end / rate:.4g} of {n_samples / rate:.4g} s"
        if count < end:
            text = text if why else "gaps"
            why += f"{' and ' if why else ''}lacks {end - count} samples before its end"
        if why:
            said.append(f"s{sweep} {why}")
        rows.append(feature.category(text, id=f"s{sweep}", remark=f"The sweep {why}." if why else ""))
    more = f" and {len(said) - _MOST_NAMED} more" if len(said) > _MOST_NAMED else ""
    remark = f"{', '.join(said[:_MOST_NAMED])}{more}." if said else ""
    return [*rows, feature.measured(float(len(said)), level="cell", remark=remark)]


def measure_units(fault: str, voltage: FloatArray) -> Measurement:
    """Say whether the magnitude fits the unit.

    Parameters
    ----------
    fault : str
        As `unit_fault` returns it.
    voltage : ndarray, float, shape (n_sweeps, n_samples)
        Called mV.

    Returns
    -------
    Measurement
        Of `qc_units`: ``plausible``, or why it is not.
    """
    feature = FEATURES["qc_units"]
    low, high = _span(voltage)
    if fault:
        return feature.missing(Status.EXCLUDED, fault)
    if not np.isfinite(low).any():
        return feature.missing(Status.BAD_INPUT, "nothing was recorded")
    said = f"The response goes from {np.nanmin(low):.1f} to {np.nanmax(high):.1f} mV."
    return feature.category("plausible", remark=said)


def measure_clipping(reasons: Sequence[str]) -> Measurement:
    """Say which sweeps are clipped.

    Parameters
    ----------
    reasons : sequence of str
        Why each sweep is excluded.

    Returns
    -------
    Measurement
        Of `qc_clipping`: ``clipped`` with the sweeps, or ``none found``.

    Examples
    --------
    >>> measure_clipping(["", CLIPPED]).reason
    'Cut off flat at the extreme of the recording and excluded: s1.'
    """
    feature = FEATURES["qc_clipping"]
    named = [f"s{sweep}" for sweep, why in enumerate(reasons) if why == CLIPPED]
    if not named:
        return feature.category("none found")
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    said = f"Cut off flat at the extreme of the recording and excluded: {', '.join(named[:_MOST_NAMED])}{more}."
    return feature.category("clipped", remark=said)


def _span(voltage: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the lowest and the highest sample of each sweep, NaN where there is none."""
    low, high = np.fmin.reduce(voltage, axis=1), np.fmax.reduce(voltage, axis=1)
    if np.isfinite(low).all() and np.isfinite(high).all():
        return low, high
    finite = np.isfinite(voltage)
    some = finite.any(axis=1)
    low = np.where(some, np.where(finite, voltage, np.inf).min(axis=1), np.nan)
    return low, np.where(some, np.where(finite, voltage, -np.inf).max(axis=1), np.nan)


def _fault(
    limits: QualityLimits, low: float, high: float, clipped: bool, shift: float, noise: float, slow_noise: float
) -> str:
    beyond = high if high > limits.voltage_highest else low
    absurd = not limits.voltage_lowest <= beyond <= limits.voltage_highest
    slow = limits.baseline_noise_slow
    signs = {
        "nothing was recorded": not np.isfinite(high),
        f"reaches {beyond:.0f} mV, which no membrane does": absurd,
        CLIPPED: clipped,
        f"drift: the baseline is {shift:+.1f} mV off the middle of all sweeps": abs(shift) > limits.baseline_shift,
        f"fast noise of {noise:.1f} mV before the steps": noise > limits.baseline_noise,
        f"slow noise of {slow_noise:.1f} mV before the steps": slow is not None and slow_noise > slow,
    }
    return next((sign for sign, found in signs.items() if found), "")
