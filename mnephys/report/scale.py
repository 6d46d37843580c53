"""Round numbers for axes that are drawn by hand."""

from __future__ import annotations

import math

__all__ = ["rounded"]


def rounded(low: float, high: float, most: int) -> list[float]:
    """Return round numbers between two others.

    Parameters
    ----------
    low, high : float
        Finite; `low` is the smaller one.
    most : int
        How many there may be, at least 2.

    Returns
    -------
    list of float
        Multiples of 1, 2 or 5 times a power of ten, as many as may be.

    Examples
    --------
    >>> rounded(102.2, 1155.5, 6), rounded(5.0, 34.0, 4), rounded(3.0, 3.0, 4)
    ([200.0, 400.0, 600.0, 800.0, 1000.0], [10.0, 20.0, 30.0], [3.0])
    """
    if not high > low:
        return [low]
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(power * size for size in (1, 2, 5, 10, 20) if _count(low, high, power * size) <= most)
    first = math.ceil(low / step - 1e-9)
    return [round((first + i) * step, 9) for i in range(_count(low, high, step))]


def _count(low: float, high: float, step: float) -> int:
    return math.floor(high / step + 1e-9) - math.ceil(low / step - 1e-9) + 1
