"""The scales on which features are compared: linear, logarithmic where values are skewed, logit for fractions."""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np

from mnephys.recording import FloatArray

__all__ = ["Scaling", "centre_spread"]


class Scaling(StrEnum):
    """What is done to a value before it is compared."""

    LINEAR = "linear"
    LOG = "log"
    LOGIT = "logit"

    def apply(self, values: FloatArray) -> FloatArray:
        """Return values on this scale.

        Parameters
        ----------
        values : ndarray, any shape
            In the unit of the feature.

        Returns
        -------
        ndarray, the same shape
            NaN where the scale has no place for a value: 0 on a log scale, 1 on a logit scale, infinity on any.

        Examples
        --------
        >>> Scaling.LOG.apply(np.array([1.0, 0.0]))
        array([ 0., nan])
        """
        values = np.asarray(values, dtype=np.float64)
        inside = self.holds(values)
        safe = np.where(inside, values, 0.5)
        if self is Scaling.LOG:
            return np.where(inside, np.log(safe), np.nan)
        if self is Scaling.LOGIT:
            return np.where(inside, np.log(safe) - np.log1p(-safe), np.nan)
        return np.where(inside, safe, np.nan)

    def holds(self, values: FloatArray) -> np.ndarray:
        """Return which values have a place on this scale.

        Parameters
        ----------
        values : ndarray, any shape
            In the unit of the feature.

        Returns
        -------
        ndarray of bool, the same shape
            False for NaN and infinity on any scale.

        Examples
        --------
        >>> Scaling.LOGIT.holds(np.array([0.5, 1.0]))
        array([ True, False])
        """
        values = np.asarray(values, dtype=np.float64)
        inside = np.isfinite(values)
        if self is Scaling.LOG:
            inside &= values > 0
        if self is Scaling.LOGIT:
            inside &= (values > 0) & (values < 1)
        return inside

    def back(self, values: FloatArray) -> FloatArray:
        """Return values of this scale in the unit of the feature.

        Parameters
        ----------
        values : ndarray, any shape
            On this scale.

        Returns
        -------
        ndarray, the same shape
            In the unit of the feature.

        Examples
        --------
        >>> float(Scaling.LOG.back(np.array(0.0)))
        1.0
        """
        values = np.asarray(values, dtype=np.float64)
        if self is Scaling.LOG:
            return np.exp(values)
        return 1.0 / (1.0 + np.exp(-values)) if self is Scaling.LOGIT else values


def centre_spread(scaling: Scaling, mean: float, sd: float | None) -> tuple[float, float | None]:
    """Return mean and SD on the scale of a feature, from those in its unit.

    Parameters
    ----------
    scaling : Scaling
        Of the feature.
    mean : float
        In the unit of the feature, and inside of the scale.
    sd : float, optional
        Of cells, in the unit of the feature.

    Returns
    -------
    centre : float
        Exact for log-normal values on a log scale; where no SD is known, the scale's value of the mean.
    spread : float or None
        None where no SD is known. On a logit scale by the slope at the mean.

    Examples
    --------
    >>> [round(x, 3) for x in centre_spread(Scaling.LOG, 900.0, 300.0)]
    [6.75, 0.325]
    """
    centre = float(scaling.apply(np.array(mean)))
    if sd is None:
        return centre, None
    if scaling is Scaling.LOG:
        spread = math.sqrt(math.log1p((sd / mean) ** 2))
        return centre - spread**2 / 2, spread
    return centre, sd / (mean * (1 - mean)) if scaling is Scaling.LOGIT else sd
