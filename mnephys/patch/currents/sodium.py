"""The fast inward (Na) current of a family: peak, density, reversal, activation, escape spikes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.measurement import Measurement, Status
from mnephys.patch.currents.activation import Activation, Limb, fit_activation, reversal
from mnephys.patch.currents.escape import suspected_levels
from mnephys.patch.currents.features import FEATURES

__all__ = ["Clamping", "measure_sodium"]

UNKNOWN_ERROR = "the series resistance is not known, so that neither is the voltage error"
PERSISTS = 0.5
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
        Fit it all the same.
    """

    series_resistance: float
    capacitance: float
    capacitance_from: str
    correction: str
    largest_error: float
    asked: bool


def measure_sodium(
    limb: Limb, raw: Limb, sustained: float, clamping: Clamping
) -> tuple[list[Measurement], Activation | None]:
    """Measure the fast inward current.

    Parameters
    ----------
    limb, raw : Limb
        The family's currents, leak-corrected and as recorded.
    sustained : float
        Leak-corrected current at the end of the step with the largest inward peak, in pA.
    clamping : Clamping
        How good the clamp was.

    Returns
    -------
    rows : list of Measurement
        The features that begin with ``na_``, but `na_k_ratio`.
    activation : Activation or None
        The curve; None where it was refused.
    """
    at = limb.at
    said = f"At {limb.level[at]:g} mV, {limb.latency[at]:.2g} ms after the step; as recorded {raw.peak.min():.4g} pA. "
    said += clamping.correction
    if not limb.present:
        said += " It does not stand out of the noise: no Na current is seen."
    elif sustained < PERSISTS * limb.peak[at]:
        said += " More than half of it lasts to the step's end, so that it may be no Na current."
    said += " Whether TTX blocks it one recording does not tell."
    peak = FEATURES["na_current_peak"].measured(min(float(limb.peak[at]), 0.0), remark=said)
    rows = [peak, FEATURES["na_current_peak_raw"].measured(float(raw.peak.min()))]
    rows.append(density("na_current_density", peak, clamping))
    potential = reversal(limb)
    rows += [_reversal("na_reversal_potential", limb), _reversal("na_reversal_potential_raw", raw)]
    refusal, remark = _refusal(limb, raw, potential, clamping)
    activation = None if refusal else fit_activation(limb, potential)
    if activation is None:
        status, why = refusal or (Status.TOO_FEW_EVENTS, "Too few potentials below the reversal for a Boltzmann curve.")
        return [*rows, *(FEATURES[name].missing(status, why) for name in _CURVE)], None
    return [*rows, *_curve(activation, remark)], activation


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


def _reversal(name: str, limb: Limb) -> Measurement:
    feature = FEATURES[name]
    if not limb.present:
        return feature.missing(Status.TOO_FEW_EVENTS, "No inward current stands out of the noise.")
    potential = reversal(limb)
    if not np.isfinite(potential):
        why = f"The inward current never reversed up to {limb.level[-1]:g} mV."
        return feature.missing(Status.BAD_INPUT, why)
    return feature.measured(potential, remark="Line through the potentials on either side of the reversal.")


def _refusal(limb: Limb, raw: Limb, potential: float, clamping: Clamping) -> tuple[tuple[Status, str] | None, str]:
    """Return why no activation curve is fitted, and what to say beside one that is."""
    if not limb.present:
        return (Status.TOO_FEW_EVENTS, "No inward current stands out of the noise."), ""
    if not np.isfinite(potential):
        return (Status.BAD_INPUT, "The current never reversed, so that its conductance is not known."), ""
    error = abs(float(raw.peak[limb.at])) * clamping.series_resistance / 1000.0
    said = f"the voltage error at the peak is {error:.1f} mV" if np.isfinite(error) else UNKNOWN_ERROR
    if error <= clamping.largest_error:
        return None, f" At most {error:.1f} mV of voltage error."
    if clamping.asked:
        return None, f" Fitted because it was asked for: {said}."
    return (Status.BAD_INPUT, f"Not fitted: {said}; at most {clamping.largest_error:g} mV are tolerated."), ""


def _curve(fit: Activation, remark: str) -> list[Measurement]:
    rows = []
    for kind, value, error in (("half", fit.half, fit.half_error), ("slope", fit.slope, fit.slope_error)):
        said = f"95 % confidence limits {value - error:.3g} and {value + error:.3g} mV, "
        said += f"{fit.level.size} potentials.{remark}"
        rows.append(FEATURES[f"na_activation_{kind}"].measured(value, remark=said))
        rows.append(FEATURES[f"na_activation_{kind}_low"].measured(value - error))
        rows.append(FEATURES[f"na_activation_{kind}_high"].measured(value + error))
    return rows
