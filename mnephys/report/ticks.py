"""Ticks as one line and plain text: the tick objects of matplotlib cost most of the time of a small figure."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.lines import Line2D
from matplotlib.markers import TICKDOWN, TICKLEFT, TICKRIGHT
from matplotlib.transforms import ScaledTranslation

from mnephys.plot import style

__all__ = ["flatten", "written"]

Ticks = list[tuple[float, str]]

_LENGTH, _OFFSET = 2.5, 6.0
_POINTS_PER_INCH = 72


def written(axis: Axis) -> Ticks:
    """Return the ticks of an axis within its limits.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
        Of axes whose place and limits are settled: both decide how many ticks there are.

    Returns
    -------
    list of (float, str)
        Place on the axis and label.

    Examples
    --------
    >>> from mnephys.plot.style import new_axes
    >>> ax = new_axes(None, 85, 60)
    >>> ax.set_xlim(0, 1)
    (0.0, 1.0)
    >>> [label for _, label in written(ax.xaxis)][::5]
    ['0.0', '1.0']
    """
    low, high = sorted(axis.get_view_interval())
    slack = 1e-9 * (high - low)
    places = [float(place) for place in axis.get_majorticklocs()]
    labels = axis.get_major_formatter().format_ticks(places)
    return [(p, label) for p, label in zip(places, labels, strict=True) if low - slack <= p <= high + slack]


def flatten(*group: Axes) -> None:
    """Replace the ticks of axes, and of the scales inside them, by what is drawn quickly and looks the same.

    Parameters
    ----------
    *group : matplotlib.axes.Axes
        With limits and places that are settled, and all that share an axis; nothing is changed where they are off.

    Examples
    --------
    >>> from mnephys.plot.style import dress, new_axes
    >>> ax = dress(new_axes(None, 85, 60), "Time (s)", "Potential (mV)")
    >>> flatten(ax)
    >>> len(ax.xaxis.get_major_ticks()), len(ax.texts) > 5
    (0, True)
    """
    shown = [ax for ax in group if ax.axison]
    # All are read before any is removed: shared axes lose their ticks together.
    across, up = [written(ax.xaxis) for ax in shown], [written(ax.yaxis) for ax in shown]
    labelled = [bool(ax.xaxis.get_tick_params()["labelbottom"]) for ax in shown]
    for ax, ticks, with_labels in zip(shown, across, labelled, strict=True):
        _below(ax, ticks, ticks if with_labels else [])
    for ax, ticks in zip(shown, up, strict=True):
        _beside(ax, ticks, 0)
    for scale in (scale for ax in shown for scale in ax.child_axes if isinstance(scale, Axes)):
        _beside(scale, written(scale.yaxis), 1)


def _below(ax: Axes, ticks: Ticks, labelled: Ticks) -> None:
    _remove(ax.xaxis)
    across = ax.get_xaxis_transform()
    _add(ax, Line2D([p for p, _ in ticks], [0] * len(ticks), transform=across), TICKDOWN)
    lower = across + ScaledTranslation(0, -_OFFSET / _POINTS_PER_INCH, ax.figure.dpi_scale_trans)
    for place, label in labelled:
        _write(ax, place, 0, label, transform=lower, ha="center", va="top")


def _beside(ax: Axes, ticks: Ticks, edge: int) -> None:
    """Draw ticks at the left edge (0) or the right one (1)."""
    _remove(ax.yaxis)
    up, align = ax.get_yaxis_transform(), ("right", "left")[edge]
    _add(ax, Line2D([edge] * len(ticks), [p for p, _ in ticks], transform=up), (TICKLEFT, TICKRIGHT)[edge])
    offset = (2 * edge - 1) * _OFFSET / _POINTS_PER_INCH
    outside = up + ScaledTranslation(offset, 0, ax.figure.dpi_scale_trans)
    for place, label in ticks:
        _write(ax, edge, place, label, transform=outside, ha=align, va="center_baseline")


def _remove(axis: Axis) -> None:
    low, high = axis.get_view_interval()
    axis.set_ticks([])
    axis.set_view_interval(low, high, ignore=True)


def _add(ax: Axes, line: Line2D, marker: int) -> None:
    line.set(marker=marker, linestyle="", color=style.INK, markersize=_LENGTH, markeredgewidth=0.6, clip_on=False)
    ax.add_artist(line)


def _write(ax: Axes, x: float, y: float, text: str, **how: object) -> None:
    ax.text(x, y, text, fontsize=style.TICK_SIZE, color=style.INK, parse_math=False, **how)  # type: ignore[arg-type]
