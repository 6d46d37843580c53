"""The fast inward (Na) current of a family: peak, density, reversal, activation, escape spikes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mnephys.measurement import Measurement, Status
from mnephys.patch.currents.activation import (
    CLAMP_TAUS,
    LASTING_SHARE,
    WIDEST_HALF_MV,
    Activation,
    Limb,
    fit_activation,
    reversal,
)
from mnephys.patch.currents.escape import suspected_levels
from mnephys.patch.currents.features import FEATURES
from mnephys.recording import FloatArray

__all__ = ["NONE_SEEN", "Clamping", "density", "escape_spikes", "measure_sodium", "voltage_error"]

UNKNOWN_ERROR = "the series resistance is not known, so that neither is the voltage error"
NONE_SEEN = "No Na current stands out of the noise."
PERSISTS = 0.5
_RAW = "na_current_peak_raw"
_CURVE = (
    "na_activation_half",
    "na_activation_half_low",
    "na_activation_half_high",
    "na_activation_slope",
    "na_activation_slope_low",
    "na_activation_slope_high",
)


@dataclass(frozen=True, slots=True)
class Clamping:
    """What the current of a family is divided by and judged with.

    Parameters
    ----------
    series_resistance : float
        In MOhm; NaN where unknown.
    capacitance : float
        In pF; NaN where unknown.
    capacitance_from : str
        Where it is known from, or why it is not.
    correction : str
        How the leak was subtracted, a sentence.
    largest_error : float
        Voltage error in mV above which no activation is fitted.
    asked : bool
        Fit it all the same, as also where the clamp is slow.
    corrected : bool
        Whether the leak could be subtracted.
    """

    series_resistance: float
    capacitance: float
    capacitance_from: str
    correction: str
    largest_error: float
    asked: bool
    corrected: bool = True


def measure_sodium(limb: Limb, raw: Limb, clamping: Clamping) -> tuple[list[Measurement], Activation | None]:
    """Measure the fast inward current.

    Parameters
    ----------
    limb, raw : Limb
        The family's currents, leak-corrected and as recorded.
    clamping : Clamping
        How good the clamp was.

    Returns
    -------
    rows : list of Measurement
        The features that begin with ``na_``, but `na_k_ratio`.
    activation : Activation or None
        The curve; None where it was refused.
    """
    peak = _peak(limb, raw, clamping)
    dense, recorded = (FEATURES[name].missing(*_unseen(limb)) for name in ("na_current_density", _RAW))
    if limb.present:
        dense = density("na_current_density", peak, clamping)
        recorded = FEATURES[_RAW].measured(float(raw.peak[limb.at]), remark="At the same sample.")
    corrected = _reversal("na_reversal_potential", limb, limb)
    if not clamping.corrected and limb.present:
        why = "The leak could not be estimated: see the reversal as recorded."
        corrected = FEATURES["na_reversal_potential"].missing(Status.NOT_APPLICABLE, why)
    rows = [peak, recorded, dense]
    rows += [corrected, _reversal("na_reversal_potential_raw", raw, limb)]
    refusal, remark = _refusal(limb, raw, corrected, clamping)
    fitted = None if refusal or corrected.value is None else fit_activation(limb, corrected.value)
    refusal = refusal or _undetermined(fitted)
    if fitted is None or refusal is not None:
        status, why = refusal or (Status.FAILED, "No curve was fitted.")
        return [*rows, *(FEATURES[name].missing(status, why) for name in _CURVE)], None
    return [*rows, *_curve(fitted, remark)], fitted


def _unseen(limb: Limb) -> tuple[Status, str]:
    """Return status and reason of what cannot be told without a Na current whose peak shows."""
    if not limb.cut:
        return Status.TOO_FEW_EVENTS, NONE_SEEN
    why = f"At {limb.level[limb.at]:g} mV the inward current is largest at the edge of the time searched, "
    why += f"{limb.latency[limb.at]:.2g} ms after the step, so that its peak does not show: it reaches "
    return Status.BAD_INPUT, f"{why}{-limb.peak[limb.at]:.4g} pA there, of which charging may be a part."


def _peak(limb: Limb, raw: Limb, clamping: Clamping) -> Measurement:
    feature, at = FEATURES["na_current_peak"], limb.at
    level, latency, value = limb.level[at], limb.latency[at], float(limb.peak[at])
    if limb.cut:
        return feature.missing(*_unseen(limb))
    recorded = f"; as recorded {raw.peak[at]:.4g} pA" if limb.present else ""
    said = f"At {level:g} mV, {latency:.2g} ms after the step{recorded}. {clamping.correction}"
    if not limb.present:
        said += " It does not stand out of the noise: no Na current is seen."
        value = max(value, value - limb.lasting(level))
    elif limb.lasting(level) < PERSISTS * value:
        said += " More than half of it lasts to the step's end, so that it may be no Na current."
    said += " Whether TTX blocks it one recording does not tell."
    return feature.measured(min(value, 0.0), remark=said)


def density(name: str, current: Measurement, clamping: Clamping) -> Measurement:
    """Divide a current by the capacitance.

    Parameters
    ----------
    name : str
        Of the density.
    current : Measurement
        In pA.
    clamping : Clamping
        Knows the capacitance.

    Returns
    -------
    Measurement
        With the status of the current where that was not measured.
    """
    feature = FEATURES[name]
    if current.value is None or not current.ok:
        return feature.missing(current.status, current.reason)
    if not np.isfinite(clamping.capacitance):
        return feature.missing(Status.NOT_APPLICABLE, clamping.capacitance_from)
    return feature.measured(current.value / clamping.capacitance, remark=clamping.capacitance_from)


def escape_spikes(limb: Limb, repeated: int) -> Measurement:
    """Count the potentials and steps at which a spike may have escaped the clamp.

    Parameters
    ----------
    limb : Limb
        The family's currents.
    repeated : int
        Steps at which the inward current came back.

    Returns
    -------
    Measurement
        The row `qc_escape_spikes`.
    """
    suspected = suspected_levels(limb)
    told = []
    for levels, what in (
        (limb.level[suspected["jump"]], "all or none"),
        (limb.level[suspected["delayed"]], "later than at the step before"),
    ):
        if levels.size:
            told.append(f"{what} at {', '.join(f'{level:g}' for level in levels)} mV")
    if repeated:
        told.append(f"repeated in {repeated} steps")
    count = int((suspected["jump"] | suspected["delayed"]).sum()) + repeated
    remark = f"The inward current is {'; '.join(told)}." if told else "The inward current grows smoothly."
    return FEATURES["qc_escape_spikes"].measured(count, remark=remark)


def voltage_error(limb: Limb, level: FloatArray, table: Mapping[str, FloatArray], clamping: Clamping) -> Measurement:
    """Measure how far the series resistance keeps the membrane from the command.

    Parameters
    ----------
    limb : Limb
        The family's currents: a peak counts at the potentials at which one is seen.
    level : ndarray, float, shape (n_steps,)
        Potential of each step in mV, rounded.
    table : mapping of str to ndarray, float, shape (n_steps,)
        Rows of the family from `mnephys.patch.currents.peaks.current_voltage`.
    clamping : Clamping
        Knows the series resistance.

    Returns
    -------
    Measurement
        The row `qc_voltage_error`.
    """
    feature = FEATURES["qc_voltage_error"]
    seen = np.isin(level, np.empty(0) if limb.standing is None else limb.standing)
    largest = np.fmax(np.abs(table["sustained_raw"]), np.where(seen, np.abs(table["inward_peak_raw"]), np.nan))
    if not np.isfinite(clamping.series_resistance):
        return feature.missing(Status.NOT_APPLICABLE, "The series resistance is not known.")
    if not np.isfinite(largest).any():
        return feature.missing(Status.BAD_INPUT, "No current was recorded at the end of any step.")
    worst = int(np.nanargmax(largest))
    where = "at the peak" if largest[worst] > np.abs(table["sustained_raw"][worst]) else "at the end of the step"
    error = float(largest[worst]) * clamping.series_resistance / 1000.0
    return feature.measured(error, remark=f"At {table['command'][worst]:g} mV, {where}.")


def _reversal(name: str, limb: Limb, corrected: Limb) -> Measurement:
    feature = FEATURES[name]
    if not limb.present:
        return feature.missing(*_unseen(limb))
    potential = reversal(limb)
    if not np.isfinite(potential):
        why = f"The inward current never reversed up to {limb.level[-1]:g} mV."
        if limb.signed[limb.at] >= 0:
            why = f"The leak makes the current outward already at {limb.level[limb.at]:g} mV, where Na flows most."
        return feature.missing(Status.BAD_INPUT, why)
    lasting = corrected.lasting(potential)
    if lasting > LASTING_SHARE * abs(float(corrected.peak[corrected.at])):
        why = f"The current crosses 0 at {potential:.3g} mV, but there a lasting outward current of {lasting:.0f} pA "
        why += "flows too, as through K channels: this is where the two cancel, not where Na reverses."
        return feature.missing(Status.BAD_INPUT, why)
    return feature.measured(potential, remark="Line through the potentials on either side of the reversal.")


def _refusal(
    limb: Limb, raw: Limb, potential: Measurement, clamping: Clamping
) -> tuple[tuple[Status, str] | None, str]:
    """Return why no activation curve is fitted, and what to say beside one that is."""
    if not limb.present or limb.cut:
        return _unseen(limb), ""
    if not potential.ok:
        status = Status.BAD_INPUT if potential.status is Status.OUT_OF_RANGE else potential.status
        return (status, f"Without a reversal potential the conductance is not known. {potential.reason}"), ""
    error = abs(float(raw.peak[limb.at])) * clamping.series_resistance / 1000.0
    said = f"the voltage error at the peak is {error:.1f} mV" if np.isfinite(error) else UNKNOWN_ERROR
    limit = f"at most {clamping.largest_error:g} mV are tolerated"
    settled = CLAMP_TAUS * clamping.series_resistance * clamping.capacitance / 1000.0
    if error <= clamping.largest_error:
        if not limb.latency[limb.at] < settled:
            return None, f" At most {error:.1f} mV of voltage error."
        said = f"the peak comes {limb.latency[limb.at]:.2g} ms after the step"
        limit = f"the clamp needs {settled:.2g} ms, {CLAMP_TAUS:g} times series resistance times capacitance"
    if clamping.asked:
        return None, f" Fitted because it was asked for: {said}."
    return (Status.BAD_INPUT, f"Not fitted: {said}; {limit}."), ""


def _undetermined(fit: Activation | None) -> tuple[Status, str] | None:
    """Return why a fitted curve says nothing, None where it does."""
    if fit is None:
        return Status.TOO_FEW_EVENTS, "Too few potentials below the reversal for a Boltzmann curve."
    if 2.0 * fit.half_error <= WIDEST_HALF_MV and fit.slope > fit.slope_error:
        return None
    why = f"The currents do not determine the curve: the 95 % limits are {_limits(fit.half, fit.half_error)} for its "
    why += f"half and {_limits(fit.slope, fit.slope_error)} for its slope; {WIDEST_HALF_MV:g} mV between those of the "
    return Status.BAD_INPUT, why + "half and slopes above 0 are tolerated."


def _limits(value: float, error: float) -> str:
    return f"{value - error:.3g} and {value + error:.3g} mV"


def _curve(fit: Activation, remark: str) -> list[Measurement]:
    rows = []
    for kind, value, error in (("half", fit.half, fit.half_error), ("slope", fit.slope, fit.slope_error)):
        said = f"95 % confidence limits {_limits(value, error)}, "
        said += f"{fit.level.size} potentials.{remark}"
        rows.append(FEATURES[f"na_activation_{kind}"].measured(value, remark=said))
        rows.append(FEATURES[f"na_activation_{kind}_low"].measured(value - error))
        rows.append(FEATURES[f"na_activation_{kind}_high"].measured(value + error))
    return rows
