"""How regular neighbouring intervals are, whatever the rate does meanwhile: CV2, LV and LvR of every train."""

from __future__ import annotations

import numpy as np

from mnephys.mea.segments import ratio, segment_sum
from mnephys.measurement import Feature
from mnephys.recording import FloatArray, IntArray

__all__ = ["FEATURES", "REFRACTORINESS_S", "regularity_columns"]

REFRACTORINESS_S = 0.005
"""The refractoriness constant of LvR, in s."""

_LEVELS = ("electrode", "well")
_OF_WELL = "of a well the mean over active electrodes"

FEATURES = {
    f.name: f
    for f in (
        Feature(
            "isi_cv2",
            "1",
            _LEVELS,
            f"2 |a - b| / (a + b) of neighbouring intervals, mean; {_OF_WELL}",
            "10.1152/jn.1996.75.5.1806",
            (0, 2),
        ),
        Feature(
            "isi_lv",
            "1",
            _LEVELS,
            f"3 (a - b)^2 / (a + b)^2 of neighbouring intervals, mean; {_OF_WELL}",
            "10.1162/089976603322518759",
            (0, 3),
        ),
        Feature(
            "isi_lvr",
            "1",
            _LEVELS,
            f"3 (a - b)^2 / (a + b)^2 (1 + 4 R / (a + b)) of neighbouring intervals, mean; {_OF_WELL}",
            "10.1371/journal.pcbi.1000433",
            (0, 1e4),
            {"refractoriness_s": REFRACTORINESS_S},
        ),
    )
}
"""The features that this module measures; 1 of a Poisson train, 0 of a regular one."""


def regularity_columns(
    between: FloatArray,
    offsets: IntArray,
    refractoriness: float = REFRACTORINESS_S,
    breaks: IntArray | None = None,
) -> dict[str, FloatArray]:
    """Measure how much neighbouring intervals of every train differ.

    Parameters
    ----------
    between : ndarray, float, shape (n_intervals,)
        The intervals of all trains, in s, as `mnephys.mea.segments.intervals` returns them.
    offsets : ndarray, int, shape (n_trains + 1,)
        Where those of each train are.
    refractoriness : float
        In s.
    breaks : ndarray, int, shape (n_breaks,), optional
        Of `mnephys.mea.pieces.interval_breaks`: an interval before a gap is no neighbour of the one behind it.

    Returns
    -------
    dict of str to ndarray, float, shape (n_trains,)
        One column per entry of `FEATURES`; NaN for a train without two intervals, or with no time in any two. Two
        intervals of 0 in a row differ by nothing that could be told, and are left out.

    Notes
    -----
    Holt et al. 1996, 10.1152/jn.1996.75.5.1806; Shinomoto et al. 2003, 10.1162/089976603322518759, and 2009,
    10.1371/journal.pcbi.1000433, with the constant of the latter.

    Examples
    --------
    >>> import numpy as np
    >>> found = regularity_columns(np.array([0.1, 0.3, 0.1, 0.1]), np.array([0, 2, 4]))
    >>> found["isi_cv2"], found["isi_lv"].round(4), found["isi_lvr"].round(4)
    (array([1., 0.]), array([0.75, 0.  ]), array([0.7875, 0.    ]))
    """
    last = offsets[1:][np.diff(offsets) > 0] - 1
    both = np.zeros(between.size)
    np.add(between[:-1], between[1:], out=both[:-1])
    # The last interval of a train has no neighbour in it.
    both[last] = 0.0
    if breaks is not None:
        both[breaks[breaks > 0] - 1] = 0.0
    nothing = np.flatnonzero(both <= 0)
    number = np.diff(offsets) - np.bincount(
        np.searchsorted(offsets, nothing, side="right") - 1, minlength=offsets.size - 1
    )
    # What is divided by an infinite time adds nothing.
    both[nothing] = np.inf
    share = np.zeros(between.size)
    np.subtract(between[1:], between[:-1], out=share[:-1])
    share /= both
    square = share * share
    local = segment_sum(square, offsets)
    square /= both
    return {
        "isi_cv2": ratio(2.0 * segment_sum(np.abs(share, out=share), offsets), number),
        "isi_lv": ratio(3.0 * local, number),
        "isi_lvr": ratio(3.0 * (local + 4.0 * refractoriness * segment_sum(square, offsets)), number),
    }
