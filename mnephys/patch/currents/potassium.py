"""The outward (K) currents of a family: sustained, A-type, and the ratio to the Na current."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mnephys.measurement import Measurement, Status
from mnephys.patch.currents.family import LEVEL_GRAIN_MV, CurrentFamily
from mnephys.patch.currents.features import FEATURES
from mnephys.patch.currents.prepulse import PREFERRED_MV, Pair
from mnephys.patch.currents.sodium import Clamping, density
from mnephys.recording import FloatArray

__all__ = ["measure_potassium"]

DEPOLARISED_MV = 0.0
SUSTAINED_MS = 20.0
PRESENT_NOISE = 3.0


def measure_potassium(
    family: CurrentFamily,
    table: Mapping[str, FloatArray],
    pair: Pair | None,
    na_peak: Measurement,
    clamping: Clamping,
) -> list[Measurement]:
    """Measure the outward currents.

    Parameters
    ----------
    family : CurrentFamily
        A recording with its steps.
    table : mapping of str to ndarray, float, shape (n_steps,)
        Rows of the family from `mnephys.patch.currents.peaks.current_voltage`.
    pair : Pair or None
        Steps after two prepulses.
    na_peak : Measurement
        Of the same family; one without a value where no Na current is seen.
    clamping : Clamping
        Knows the capacitance.

    Returns
    -------
    list of Measurement
        `k_current_sustained`, `k_current_sustained_raw`, `k_current_density`, `k_a_current_peak`, `na_k_ratio`.
    """
    sustained, raw = _sustained(family, table, clamping)
    return [
        sustained,
        raw,
        density("k_current_density", sustained, clamping),
        _a_type(pair),
        _ratio(na_peak, sustained, family),
    ]


def _sustained(
    family: CurrentFamily, table: Mapping[str, FloatArray], clamping: Clamping
) -> tuple[Measurement, Measurement]:
    features = (FEATURES["k_current_sustained"], FEATURES["k_current_sustained_raw"])
    steps = family.steps
    step = table["step"].astype(np.int64)
    level, length = family.level[step], steps.duration[step] * 1000.0
    rows = (
        (level >= DEPOLARISED_MV - LEVEL_GRAIN_MV) & (length >= 0.99 * SUSTAINED_MS) & np.isfinite(table["sustained"])
    )
    if not rows.any():
        why = f"No step of at least {SUSTAINED_MS:g} ms to {DEPOLARISED_MV:g} mV or above."
        return features[0].missing(Status.NOT_APPLICABLE, why), features[1].missing(Status.NOT_APPLICABLE, why)
    chosen = PREFERRED_MV if (level[rows] == PREFERRED_MV).any() else float(level[rows].max())
    rows &= level == chosen
    value, recorded = float(table["sustained"][rows].mean()), float(table["sustained_raw"][rows].mean())
    said = f"At {chosen:g} mV, {length[rows].max():.0f} ms after the step"
    if not clamping.corrected:
        why = f"No leak could be estimated to subtract from the {recorded:.4g} pA that were recorded."
        missing = features[0].missing(Status.NOT_APPLICABLE, why)
        return missing, features[1].measured(recorded, remark=f"{said}; leak and K current together.")
    said += f"; as recorded {recorded:.4g} pA. {clamping.correction}"
    return features[0].measured(value, remark=said), features[1].measured(recorded)


def _a_type(pair: Pair | None) -> Measurement:
    feature = FEATURES["k_a_current_peak"]
    if pair is None:
        return feature.missing(Status.NOT_APPLICABLE, "No steps to one potential after two different prepulses.")
    said = (
        f"At {pair.level:g} mV, {pair.time:.3g} ms after the step: after {pair.low:g} mV minus after {pair.high:g} mV."
    )
    return feature.measured(pair.peak, remark=said)


def _ratio(na_peak: Measurement, sustained: Measurement, family: CurrentFamily) -> Measurement:
    feature = FEATURES["na_k_ratio"]
    for row in (sustained, na_peak):
        if row.value is None or not row.ok:
            return feature.missing(row.status, row.reason)
    noise = family.noise(family.activation)
    # The mean of a tenth of the step is far quieter than its samples: this asks for a current that can be seen.
    least = PRESENT_NOISE * (noise if np.isfinite(noise) else 0.0)
    if sustained.value is None or na_peak.value is None or not sustained.value > max(least, 1e-9):
        return feature.missing(Status.TOO_FEW_EVENTS, f"No sustained outward current above the noise ({least:.3g} pA).")
    return feature.measured(abs(na_peak.value) / sustained.value)
