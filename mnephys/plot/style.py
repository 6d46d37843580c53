"""Colours, letter sizes and axes that all figures share.

The colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), which stay apart in every common
form of colour blindness; ordered values use viridis, and the maturity index ten steps from pale sand to deep blue that
darken evenly, so that they also stay apart in grey. Figures are drawn on `matplotlib.figure.Figure` objects:
no backend is chosen and no global figure list is touched, so that drawing works in threads and on clusters.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

__all__ = ["INDEX_COLOURS", "dress", "index_step", "new_axes", "ordered_colours", "say", "told_apart"]

INK = "#22272e"
MUTED = "#68727d"
BLUE = "#0072b2"
VERMILLION = "#d55e00"
GREY = "#9aa2ab"
GREEN = "#009e73"
PURPLE = "#a8447c"
IMMATURE = "#f7dcc8"
BETWEEN = "#e9ecef"
MATURE = "#cfe3f1"
BLANK = "#f5f6f7"
INDEX_COLOURS = (
    "#f8f0d4", "#d9e1bb", "#b6d2aa", "#90c2a0", "#69b29b", "#449f99", "#268b96", "#1a758f", "#205e84", "#274973",
)  # fmt: skip
"""Colours of the maturity index, each for a tenth of its range."""

DARK_STEP = 7
"""The first of `INDEX_COLOURS` on which letters have to be white."""

LABEL_SIZE = 7.5
TICK_SIZE = 7.0
NOTE_SIZE = 6.5
_MM = 1 / 25.4


def new_axes(ax: Axes | None, width: float, height: float) -> Axes:
    """Return the axes given, or those of a new figure.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
        Axes to draw on.
    width, height : float
        Size of the figure in mm, where one is made: 85 mm is one column of a journal.

    Returns
    -------
    matplotlib.axes.Axes
        Its `figure` has a canvas and can be saved.

    Examples
    --------
    >>> ax = new_axes(None, 85, 60)
    >>> ax.figure.get_size_inches().round(2).tolist()
    [3.35, 2.36]
    """
    if ax is not None:
        return ax
    figure = Figure(figsize=(width * _MM, height * _MM), layout="constrained")
    FigureCanvasAgg(figure)
    return figure.add_subplot()


def dress(ax: Axes, x: str, y: str) -> Axes:
    """Give axes their labels and the common look.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Changed in place.
    x, y : str
        Labels with units.

    Returns
    -------
    matplotlib.axes.Axes
        The same.

    Examples
    --------
    >>> dress(new_axes(None, 85, 60), "Time (s)", "Potential (mV)").get_xlabel()
    'Time (s)'
    """
    ax.set_xlabel(x, fontsize=LABEL_SIZE, color=INK, parse_math=False)
    ax.set_ylabel(y, fontsize=LABEL_SIZE, color=INK, parse_math=False)
    ax.tick_params(labelsize=TICK_SIZE, colors=INK, width=0.6, length=2.5)
    for side, spine in ax.spines.items():
        spine.set_visible(side in {"left", "bottom"})
        spine.set_color(INK)
        spine.set_linewidth(0.6)
    return ax


def say(ax: Axes, sentence: str) -> Axes:
    """Write into axes why they are empty.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Changed in place; ticks and frame go.
    sentence : str
        The reason.

    Returns
    -------
    matplotlib.axes.Axes
        The same.

    Examples
    --------
    >>> say(new_axes(None, 85, 60), "no action potential").texts[0].get_text()
    'no action potential'
    """
    ax.set_axis_off()
    ax.text(
        0.5,
        0.5,
        sentence,
        transform=ax.transAxes,
        ha="center",
        va="center",
        fontsize=LABEL_SIZE,
        color=MUTED,
        parse_math=False,
    )
    return ax


def ordered_colours(values: ArrayLike) -> NDArray[np.float64]:
    """Return a colour for each of some ordered values.

    Parameters
    ----------
    values : array_like, shape (n,)
        Numbers; NaN gets the middle colour.

    Returns
    -------
    ndarray, shape (n, 4)
        RGBA from viridis without its palest and darkest tenth, which are lost on white paper and on a dark screen.

    Examples
    --------
    >>> ordered_colours([0.0, 1.0]).shape
    (2, 4)
    """
    numbers = np.asarray(values, dtype=float)
    finite = numbers[np.isfinite(numbers)]
    span = float(np.ptp(finite)) if finite.size else 0.0
    share = (numbers - finite.min()) / span if span > 0 else np.full(numbers.shape, 0.4)
    mapped: Any = colormaps["viridis"](0.1 + 0.8 * np.where(np.isfinite(share), share, 0.5))
    return np.asarray(mapped, dtype=float)


def index_step(index: float) -> int:
    """Return which of the colours of the maturity index belongs to a value.

    Parameters
    ----------
    index : float
        From 0 to 1; what lies beyond has the colour of the end.

    Returns
    -------
    int
        Position in `INDEX_COLOURS`.

    Examples
    --------
    >>> index_step(0.0), index_step(0.31), index_step(1.0)
    (0, 3, 9)
    """
    # Rounded as it is printed, so that two wells of one number have one colour.
    return min(max(int(round(index, 2) * 10 + 1e-9), 0), len(INDEX_COLOURS) - 1)


def told_apart(i: int) -> tuple[str, Any]:
    """Return colour and dashes of a line that stands beside others.

    Parameters
    ----------
    i : int
        Its number, from 0.

    Returns
    -------
    colour : str
        As a hexadecimal number.
    dashes : str or tuple
        A line style of matplotlib; no two neighbours share one, so that lines also stay apart in grey.

    Examples
    --------
    >>> told_apart(0)
    ('#0072b2', '-')
    """
    colours = (BLUE, VERMILLION, GREEN, PURPLE, INK)
    dashes: tuple[Any, ...] = ("-", (0, (5, 1.6)), (0, (1.2, 1.2)), (0, (6, 1.4, 1.2, 1.4)))
    return colours[i % len(colours)], dashes[i % len(dashes)]
