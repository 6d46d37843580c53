"""Adaptation and regularity of the intervals of many trains at once."""

from __future__ import annotations

import numpy as np

from mnephys.recording import FloatArray, IntArray

__all__ = ["adaptation_index", "coefficient_of_variation", "local_variation", "train_means"]


def adaptation_index(interval: FloatArray, train: IntArray | None = None, n_trains: int = 1) -> FloatArray:
    """Return the mean change of an interval to the next, over the sum of the two.

    Parameters
    ----------
    interval : ndarray, float, shape (n,)
        In s, train after train.
    train : ndarray, int, shape (n,), optional
        To which train each interval belongs, ascending; all to the first if omitted.
    n_trains : int
        Trains, those without an interval among them.

    Returns
    -------
    ndarray, float, shape (n_trains,)
        Positive where firing slows down, between -1 and 1; NaN where there are less than 2 intervals.

    Examples
    --------
    >>> import numpy as np
    >>> adaptation_index(np.array([0.1, 0.1, 0.3])).round(3)
    array([0.25])
    """
    change, owner = _changes(interval, train)
    return train_means(change, owner, n_trains)


def local_variation(interval: FloatArray, train: IntArray | None = None, n_trains: int = 1) -> FloatArray:
    """Return the local variation of intervals.

    Parameters
    ----------
    interval, train, n_trains : ndarray, ndarray, int
        As in `adaptation_index`.

    Returns
    -------
    ndarray, float, shape (n_trains,)
        ``3 / (n - 1)`` times the sum of ``((I[i] - I[i + 1]) / (I[i] + I[i + 1])) ** 2``
        (doi:10.1162/089976603322518759): 0 for a clock, 1 for a Poisson process; NaN where there are less than 2
        intervals.

    Examples
    --------
    >>> import numpy as np
    >>> local_variation(np.array([0.1, 0.1, 0.3])).round(3)
    array([0.375])
    """
    change, owner = _changes(interval, train)
    return 3.0 * train_means(change**2, owner, n_trains)


def coefficient_of_variation(interval: FloatArray, train: IntArray | None = None, n_trains: int = 1) -> FloatArray:
    """Return the standard deviation (ddof 0) of intervals over their mean.

    Parameters
    ----------
    interval, train, n_trains : ndarray, ndarray, int
        As in `adaptation_index`.

    Returns
    -------
    ndarray, float, shape (n_trains,)
        NaN where there is no interval.

    Examples
    --------
    >>> import numpy as np
    >>> coefficient_of_variation(np.array([0.1, 0.3, 0.2, 0.2]), np.array([0, 0, 2, 2]), 3).round(3)
    array([0.5, nan, 0. ])
    """
    owner = _owner(interval, train)
    mean = train_means(interval, owner, n_trains)
    return np.sqrt(train_means((interval - mean[owner]) ** 2, owner, n_trains)) / mean


def train_means(values: FloatArray, train: IntArray, n_trains: int) -> FloatArray:
    """Return the mean of the values of each train.

    Parameters
    ----------
    values : ndarray, float, shape (n,)
        In any unit.
    train : ndarray, int, shape (n,)
        To which train each value belongs.
    n_trains : int
        Trains, those without a value among them.

    Returns
    -------
    ndarray, float, shape (n_trains,)
        NaN where there is no value.

    Examples
    --------
    >>> import numpy as np
    >>> train_means(np.array([1.0, 2.0, 5.0]), np.array([0, 0, 2]), 3)
    array([1.5, nan, 5. ])
    """
    count = np.bincount(train, minlength=n_trains)
    total = np.bincount(train, weights=values, minlength=n_trains)
    mean: FloatArray = np.divide(total, count, out=np.full(n_trains, np.nan), where=count > 0)
    return mean


def _owner(interval: FloatArray, train: IntArray | None) -> IntArray:
    return np.zeros(interval.size, dtype=np.int64) if train is None else train


def _changes(interval: FloatArray, train: IntArray | None) -> tuple[FloatArray, IntArray]:
    """Return the change from each interval to the next of its train, over their sum, and whose it is."""
    owner = _owner(interval, train)
    same = owner[1:] == owner[:-1]
    change: FloatArray = np.diff(interval)[same] / (interval[1:] + interval[:-1])[same]
    return change, owner[1:][same]
