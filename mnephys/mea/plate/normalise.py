"""Values of wells in terms of their own baseline recording, or of the control wells of their plate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mnephys.mea.plate.groups import summarise
from mnephys.mea.plate.wells import Wells, labelled
from mnephys.measurement import Status
from mnephys.recording import BoolArray, FloatArray
from mnephys.wording import nearest

__all__ = ["CENTERS", "SCALES", "relative", "to_baseline", "to_controls"]

SCALES = {"ratio": "1", "percent": "%", "log2": "1"}
"""How a value can be given in terms of a reference, and the unit that it then has."""

CENTERS = ("median", "mean")
"""What can stand for the control wells."""


def relative(values: FloatArray, reference: FloatArray, scale: str = "ratio") -> tuple[FloatArray, tuple[str, ...]]:
    """Return values in terms of a reference.

    Parameters
    ----------
    values, reference : ndarray, float, shape (n,)
        NaN where there is none.
    scale : str
        ``"ratio"``, ``"percent"`` (100 is no change) or ``"log2"`` (0 is no change, 1 is twice as much).

    Returns
    -------
    relative : ndarray, float, shape (n,)
        NaN where it is not defined.
    reason : tuple of str
        Why it is not; empty where it is, and where there is no value.

    Raises
    ------
    ValueError
        If the scale is not known.

    Examples
    --------
    >>> import numpy as np
    >>> relative(np.array([2.0, 2.0, 0.0]), np.array([4.0, 0.0, 4.0]), "log2")
    (array([-1., nan, nan]), ('', 'the reference is 0', 'it is 0, which has no logarithm'))
    """
    if scale not in SCALES:
        raise ValueError(f"scale {scale!r} is not known; {nearest(scale, SCALES)}")
    present = ~np.isnan(values)
    positive = reference > 0
    quotient = np.full(values.shape, np.nan)
    with np.errstate(over="ignore"):
        np.divide(values, reference, out=quotient, where=present & positive)
        if scale == "percent":
            quotient *= 100.0
    faults = {
        "there is no reference": present & np.isnan(reference),
        "the reference is 0": present & (reference == 0),
        "the reference is negative": present & (reference < 0),
        "it is so many times the reference that no number holds it": np.isinf(quotient),
    }
    quotient[np.isinf(quotient)] = np.nan
    if scale == "log2":
        faults |= {
            "it is 0, which has no logarithm": quotient == 0,
            "it is negative, which has no logarithm": quotient < 0,
        }
        out = np.full(values.shape, np.nan)
        np.log2(quotient, out=out, where=quotient > 0)
        quotient = out
    reason = np.full(values.shape, "", dtype=object)
    for text, where in faults.items():
        reason[where] = text
    return quotient, tuple(reason.tolist())


def to_baseline(wells: Wells, baseline: BoolArray, scale: str = "ratio") -> Wells:
    """Return each value in terms of the same well in its baseline recording.

    Parameters
    ----------
    wells : Wells
        Of several recordings of the same plates.
    baseline : ndarray, bool, shape (n_wells,)
        Which entries are baselines, for example ``wells.recording == "P1_before.csv"``. Where a well of a named plate
        has more than one, their mean counts.
    scale : str
        As in `relative`.

    Returns
    -------
    Wells
        The entries that are no baseline, of the feature ``<feature>_<scale>_of_baseline``. Where the baseline is
        missing, 0 or negative, a status and a reason; so where no plate is named and a well has several baselines,
        which may be of several plates.

    Examples
    --------
    >>> import numpy as np
    >>> rate = Wells.of("rate", "Hz", ["A1", "A2", "A1", "A2"], [2.0, 0.0, 3.0, 1.0], recording=[*"bbtt"])
    >>> after = to_baseline(rate, rate.recording == "b", "percent")
    >>> after.feature, after.values, after.reason
    ('rate_percent_of_baseline', array([150.,  nan]), ('', 'its baseline: the reference is 0'))
    """
    baseline = np.asarray(baseline, dtype=bool)
    labels, place = labelled(wells.plate, wells.well)
    reference = summarise(np.where(baseline, wells.values, np.nan), place, len(labels)).mean
    later = ~baseline
    had = wells.measured[later]
    found = _relative(wells.chosen(later), reference[place[later]], scale, "baseline", "its baseline")
    n = np.bincount(place[baseline], minlength=len(labels))
    several = (wells.plate == "") & (n[place] > 1)
    strange = ~np.isin(wells.plate, wells.plate[baseline])
    found = _refused(found, several[later] & had, "its well has several baselines; name the plate in the sheet")
    return _refused(found, strange[later] & had, "no baseline is of its plate; name the plate in the sheet")


def to_controls(wells: Wells, center: str = "median", scale: str = "percent") -> Wells:
    """Return each value in terms of the control wells of the same recording, line and differentiation.

    Parameters
    ----------
    wells : Wells
        With the controls marked; they stay among the wells.
    center : str
        ``"median"`` or ``"mean"`` of the control wells that were measured.
    scale : str
        As in `relative`.

    Returns
    -------
    Wells
        Of the feature ``<feature>_<scale>_of_controls``. Where there is no control that was measured, or their
        center is 0 or negative, a status and a reason.

    Raises
    ------
    ValueError
        If the scale or the center is not known.

    Examples
    --------
    >>> rate = Wells.of("rate", "Hz", ["A1", "A2", "A3"], [2.0, 4.0, 6.0], control=[True, True, False])
    >>> to_controls(rate).values.round(1)
    array([ 66.7, 133.3, 200. ])
    """
    if center not in CENTERS:
        raise ValueError(f"center {center!r} is not known; {nearest(center, CENTERS)}")
    labels, batch = wells.batches()
    found = summarise(np.where(wells.control, wells.values, np.nan), batch, len(labels))
    reference = found.median if center == "median" else found.mean
    return _relative(wells, reference[batch], scale, "controls", f"{center} of the control wells")


def _refused(wells: Wells, where: BoolArray, why: str) -> Wells:
    """Return wells without the values of some."""
    refused = where.tolist()
    return replace(
        wells,
        values=np.where(where, np.nan, wells.values),
        status=tuple(Status.NOT_APPLICABLE if no else old for no, old in zip(refused, wells.status, strict=True)),
        reason=tuple(why if no else old for no, old in zip(refused, wells.reason, strict=True)),
    )


def _relative(wells: Wells, reference: FloatArray, scale: str, of: str, named: str) -> Wells:
    values, faults = relative(wells.values, reference, scale)
    status = tuple(
        Status.NOT_APPLICABLE if fault else before for fault, before in zip(faults, wells.status, strict=True)
    )
    reason = tuple(f"{named}: {fault}" if fault else before for fault, before in zip(faults, wells.reason, strict=True))
    return replace(
        wells,
        feature=f"{wells.feature}_{scale}_of_{of}",
        unit=SCALES[scale],
        values=values,
        status=status,
        reason=reason,
    )
