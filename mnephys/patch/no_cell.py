"""Recordings of no cell: an electrode or a model cell instead of a membrane, a hole, the wrong response.

Nothing here looks at a resting potential, or at the height of an action potential, alone: what is immature rests
high, with a high resistance, and may stay silent.
"""

from __future__ import annotations

import numpy as np

from mnephys.patch.bridge import BridgeJump, ohmic_slope
from mnephys.patch.charging import PROBE_CURRENT_PA, Deflections
from mnephys.patch.family import LONG_STEP_MS, Family
from mnephys.patch.limits import QualityLimits
from mnephys.patch.segments import stretch_mean

__all__ = ["bridge_artefact", "disorder", "leak"]


FEWEST_PAIRS = 10
"""Of five steps, or four and the rest: fewer tell no order."""
MOST_STEPS = 200
"""Of more steps so many tell the order as well: pairs grow with the square."""
BEFORE_S = 0.1


def bridge_artefact(family: Family, jump: BridgeJump | None, limits: QualityLimits) -> str:
    """Return why the response is an electrode's or a model cell's.

    Parameters
    ----------
    family : Family
        With its steps.
    jump : BridgeJump or None
        What appears at once at the edges of its steps.
    limits : QualityLimits
        When that is too much.

    Returns
    -------
    str
        Empty where it is a membrane's.
    """
    if jump is not None and jump.certain(limits.bridge_certainty):
        if abs(jump.value) > limits.bridge_error and jump.share > limits.bridge_share:
            return f"bridge artefact: the voltage jumps by {jump.value / 1000.0:.2g} mV/pA at the edges of the steps"
        if jump.share > limits.instant_share and jump.largest >= limits.instant_deflection:
            return f"bridge artefact: {jump.share:.0%} of the response appear at once, as with an electrode"
    steps = family.steps
    rows = steps.test & steps.complete & (steps.duration >= LONG_STEP_MS / 1000.0)
    slope, highest = ohmic_slope(family, rows, residual=limits.ohmic_residual)
    if not (highest > limits.ohmic_voltage and 1000.0 * slope < limits.ohmic_resistance):
        return ""
    return (
        f"bridge artefact: the response follows the current like a resistor ({slope:.2g} mV/pA) up to "
        f"{highest:.0f} mV, as an electrode or a model cell does"
    )


def disorder(family: Family, limits: QualityLimits) -> str:
    """Return why the response is not one to this command.

    Parameters
    ----------
    family : Family
        With the sweeps that stay.
    limits : QualityLimits
        How often a membrane may answer the larger step with the lower voltage.

    Returns
    -------
    str
        Empty where the voltage rises with the current, as it does in every membrane, and where too few steps tell.

    Notes
    -----
    Each long step, and rest, is compared with each other. Of two that evoke action potentials, and of two that do not,
    the larger current moves the mean voltage further up from what it was before the step; so drift says nothing. Of one
    that does and one that does not, the first has the larger current, unless the second is blocked: then its voltage is
    higher.
    """
    steps = family.steps
    long = steps.duration >= LONG_STEP_MS / 1000.0
    row = np.flatnonzero(family.usable & steps.test & ~steps.ramp & steps.from_holding & long & (steps.order > 0))
    # From all over the recording: long ones may hold thousands of pulses.
    row = row[np.linspace(0, row.size - 1, MOST_STEPS).astype(np.int64)] if row.size > MOST_STEPS else row
    flat, start = family.voltage.ravel(), steps.start[row]
    reach = np.minimum(round(BEFORE_S * family.sampling_rate), start - steps.start[row - 1])
    before = stretch_mean(flat, start - reach, start)
    moved = np.append(stretch_mean(flat, start, steps.stop[row]) - before, 0.0)
    current = np.append(steps.current[row] - steps.before[row], 0.0)
    fires = np.append(family.ap_count[row] > 0, (family.ap_count[family.usable & (steps.order == 0)] > 0).any())
    one, other = np.triu_indices(moved.size, 1)
    # The one with the larger current first.
    one, other = (
        np.where(current[one] < current[other], other, one),
        np.where(current[one] < current[other], one, other),
    )
    rise = moved[one] - moved[other]
    alike, blocked = fires[one] == fires[other], fires[other] & (rise >= limits.disorder_deflection)
    telling = current[one] - current[other] > PROBE_CURRENT_PA
    telling &= np.where(alike, np.abs(rise) >= limits.disorder_deflection, ~blocked)
    n, wrong = int(telling.sum()), int((telling & np.where(alike, rise < 0, fires[other])).sum())
    if n < FEWEST_PAIRS or wrong <= limits.disorder_share * n:
        return ""
    return (
        f"out of order: of {n} pairs of steps {wrong} evoke less at the larger current, as if the sweeps or the "
        "command were another recording's"
    )


def leak(family: Family, deflections: Deflections, limits: QualityLimits) -> str:
    """Return why there is a hole and no cell.

    Parameters
    ----------
    family : Family
        With the sweeps that stay.
    deflections : Deflections
        Responses to its steps.
    limits : QualityLimits
        What a hole is.

    Returns
    -------
    str
        Empty where there may be a cell, however immature: where anything fires, where the resistance is not low, where
        the potential at no current is not high, and where no step tells.
    """
    used = family.accepted[np.asarray(family.aps["sweep"], dtype=np.int64)]
    if used.any():
        return ""
    resistance, held, down = _resistance(family, deflections, limits)
    highest = limits.leak_resistance if down else limits.leak_resistance_depolarised
    baseline = deflections.baseline[np.isfinite(deflections.baseline)]
    if not (baseline.size and abs(resistance) < highest):
        return ""
    rest = float(np.median(baseline)) - held * resistance / 1000.0
    if not rest > limits.leak_potential:
        return ""
    return f"leak: no living cell: rests at {rest:.0f} mV with {resistance:.0f} MOhm and never fires"


def _resistance(family: Family, deflections: Deflections, limits: QualityLimits) -> tuple[float, float, bool]:
    """Return the input resistance in MOhm, the holding current in pA, and whether steps hyperpolarised.

    Potassium channels that open on depolarisation make a high resistance look low, so that depolarising steps, and of
    them the small ones, count only where there are no others.
    """
    moved = deflections.steady - deflections.baseline
    telling = np.isfinite(moved) & (np.abs(deflections.current) >= limits.leak_current)
    down, up = telling & (deflections.current < 0), telling & (deflections.current > 0)
    small = up & (np.abs(moved) <= limits.leak_deflection)
    probing = down if down.any() else small if small.any() else up
    if not probing.any():
        return float("nan"), float("nan"), False
    current = deflections.current[probing]
    resistance = 1000.0 * float(current @ moved[probing] / (current @ current))
    held = float(np.median(family.steps.holding[deflections.row[probing]]))
    return resistance, held, bool(down.any())
