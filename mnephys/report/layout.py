"""Places of axes from the lengths of their labels: text that is measured by drawing it costs more than the figure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from mnephys.report.ticks import flatten, written

__all__ = ["place", "place_pair", "place_scales"]

_MM = 25.4
# Widths of a character in mm, on the wide side of common typefaces: a digit of a tick, a letter of a name, of a note.
_DIGIT, _LETTER, _NOTE = 1.57, 1.38, 1.28
_LABEL, _TICK, _GAP = 3.0, 2.2, 1.0
_BELOW, _LEGEND, _EDGE = 9.6, 4.6, 1.6


def place(ax: Axes) -> None:
    """Settle the place of the only axes of a figure, and of their labels.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Changed in place, as is the layout of its figure.

    Examples
    --------
    >>> from mnephys.plot.style import dress, new_axes
    >>> ax = dress(new_axes(None, 85, 60), "Time (s)", "Potential (mV)")
    >>> place(ax)
    >>> bool(0 < ax.get_position().x0 < 0.2)
    True
    """
    top = _LEGEND if ax.get_legend() is not None and ax.get_legend_handles_labels()[1] else _EDGE
    _settle(ax, _left([ax]), _EDGE, _BELOW, top)
    flatten(ax)


def place_pair(above: Axes, below: Axes) -> None:
    """Settle the places of two axes over one axis of time, four fifths for the upper one.

    Parameters
    ----------
    above, below : matplotlib.axes.Axes
        Of one figure; what hangs at the right of `above` gets room.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> above, below = Figure().subplots(2, 1)
    >>> place_pair(above, below)
    >>> bool(above.get_position().y0 > below.get_position().y1)
    True
    """
    height = _size(above)[1]
    left = _left([above, below])
    scales = [ax for ax in above.child_axes if isinstance(ax, Axes)]
    beside = [_DIGIT * _widest(scale) for scale in scales]
    right = max([_EDGE, *(9.4 + width for width in beside)])
    top = _LEGEND if above.get_legend() is not None else _EDGE
    free = height - _BELOW - top - 4
    _settle(below, left, right, _BELOW, height - _BELOW - free / 5)
    _settle(above, left, right, height - top - free * 4 / 5, top)
    for scale, width in zip(scales, beside, strict=True):
        if (locator := scale.get_axes_locator()) is not None:
            scale.apply_aspect(locator(scale, None))  # type: ignore[arg-type]  # no renderer is needed, says matplotlib
        across = scale.get_position().width * _size(above)[0]
        scale.yaxis.set_label_coords(1 + (_TICK + width + _GAP) / across, 0.5)
    flatten(above, below)


def place_scales(ax: Axes) -> None:
    """Settle the place of axes with names at the left and notes beyond their right edge.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        As `mnephys.plot.criteria` draws them.

    Examples
    --------
    >>> from mnephys.plot import criteria
    >>> ax = criteria({"criteria": [{"feature": "ap_peak", "value": 1.0, "immature": 0.0, "mature": 2.0}]})
    >>> place_scales(ax)
    >>> bool(ax.get_position().width > 0.4)
    True
    """
    beyond = _longest(text for text in ax.texts if text.get_position()[0] > 1)
    left = _TICK + _LETTER * _longest(text for text in ax.texts if text.get_position()[0] < 0)
    _settle(ax, left, _EDGE + _GAP + _NOTE * beyond, 0.8, 4.8)


def _settle(ax: Axes, left: float, right: float, bottom: float, top: float) -> None:
    """Place axes by the margins around them in mm, and the labels at the outer edge of the margins."""
    width, height = _size(ax)
    across, up = max(width - left - right, width / 5), max(height - bottom - top, height / 10)
    figure = ax.figure
    if isinstance(figure, Figure):
        figure.set_layout_engine("none")
    ax.set_position((left / width, bottom / height, across / width, up / height))
    ax.yaxis.set_label_coords((_LABEL - left) / across, 0.5)
    ax.xaxis.set_label_coords(0.5, (3.4 - bottom) / up)


def _size(ax: Axes) -> tuple[float, float]:
    figure = ax.figure if isinstance(ax.figure, Figure) else ax.figure.figure
    width, height = figure.get_size_inches()
    return float(width * _MM), float(height * _MM)


def _left(stacked: Sequence[Axes]) -> float:
    return _LABEL + _GAP + _TICK + _DIGIT * min(max(2, *(_widest(ax) for ax in stacked)), 9)


def _widest(ax: Axes) -> int:
    return max((len(label) for _, label in written(ax.yaxis)), default=0)


def _longest(texts: Iterable[Text]) -> int:
    return max((len(text.get_text()) for text in texts), default=0)
