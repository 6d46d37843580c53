"""The criteria of a score against their ranges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D

from mnephys.plot import labels, style

__all__ = ["criteria"]

_LOW, _HIGH = 1 / 3, 2 / 3
_ROW_MM = 6.2
_BLANK = ((0.0, 1.0, style.BLANK),)
_ZONES = ((0.0, _LOW, style.IMMATURE), (_LOW, _HIGH, style.BETWEEN), (_HIGH, 1.0, style.MATURE))


def criteria(score: Mapping[str, Any], ax: Axes | None = None) -> Axes:
    """Draw each criterion as a scale from immature (left) to mature (right) with the cell's value on it.

    Parameters
    ----------
    score : mapping
        A score record; of each criterion `feature, value, text, unit, status, reason, immature, mature, points`
        are used. `immature` and `mature` are the cuts in the criterion's unit.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure of 104 mm width and a height that follows the number of rows if omitted.

    Returns
    -------
    matplotlib.axes.Axes
        The two cuts stand at a third and two thirds of each scale, so scales of any unit and direction are alike;
        a triangle marks a value beyond the scale, a hollow mark what was not measured but counts. Other rows
        without a measurement are grey and show the reason.

    Examples
    --------
    >>> row = {"feature": "ap_half_width", "value": 2.0, "unit": "ms", "status": "ok", "immature": 4.0, "mature": 2.5}
    >>> [text.get_text() for text in criteria({"criteria": [row]}).texts if text.get_position()[0] < 0]
    ['AP half-width']
    """
    rows: Sequence[Mapping[str, Any]] = score.get("criteria") or ()
    ax = style.new_axes(ax, 104, 12 + _ROW_MM * max(len(rows), 2))
    if not rows:
        return style.say(ax, "no criterion was scored")
    bands = [(y, *band) for y, row in enumerate(rows) for band in _row(ax, y, row)]
    corners = [[(left, y - 0.3), (left, y + 0.3), (right, y + 0.3), (right, y - 0.3)] for y, left, right, _ in bands]
    colours = [colour for *_, colour in bands]
    ax.add_collection(PolyCollection(corners, facecolors=colours, linewidths=0, zorder=1), autolim=False)
    ax.set_xlim(0, 1)
    ax.set_ylim(len(rows) - 0.45, -0.55)
    for y, row in enumerate(rows):
        name = labels.shorten(labels.feature(str(row.get("feature", ""))), 34)
        _name(ax, -0.02, y, name, ha="right", va="center_baseline", color=style.INK if _measured(row) else style.MUTED)
    for x, zone in ((_LOW / 2, "immature"), (0.5, "between"), ((1 + _HIGH) / 2, "mature")):
        _name(ax, x, -0.55, zone, ha="center", va="bottom", color=style.INK)
    # Ticks would cost more time than all the rest of the figure.
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax


def position(row: Mapping[str, Any]) -> float | None:
    """Return where a value lies on the scale.

    Parameters
    ----------
    row : mapping
        A criterion with `points`, `value`, `immature` and `mature`; any of them may be null or missing.

    Returns
    -------
    float or None
        1/3 at the immature cut, 2/3 at the mature one, below 0 or above 1 where the value lies beyond the scale.
        Points between 0 and 1 decide between the cuts; outside, and without points, the value does. None where a
        row has neither points nor two cuts.

    Examples
    --------
    >>> position({"value": -50.0, "immature": -45.0, "mature": -55.0})
    0.5
    >>> position({"text": "phasic", "points": 0.5})
    0.5
    >>> position({"value": -1000.0, "immature": 500.0, "mature": 1000.0, "points": 1.0}) >= 2 / 3
    True
    """
    points = row.get("points")
    if points is not None and 0 < points < 1:
        return float(_LOW + points / 3)
    found = [_LOW + share / 3 for share in _shares(row)]
    if points is None:
        return found[0] if found else None
    # A current that counts by its size lies on the scale with the other sign.
    agreeing = [x for x in found if (x <= _LOW if points == 0 else x >= _HIGH)]
    return agreeing[0] if agreeing else float(_LOW / 2 if points == 0 else (1 + _HIGH) / 2)


def _shares(row: Mapping[str, Any]) -> list[float]:
    """Return how far a number and its size lie on the way from the immature cut (0) to the mature one (1)."""
    value, immature, mature = (row.get(key) for key in ("value", "immature", "mature"))
    if value is None or immature is None or mature is None or immature == mature:
        return []
    return [float((number - immature) / (mature - immature)) for number in (value, abs(value))]


def _measured(row: Mapping[str, Any]) -> bool:
    return row.get("status", "ok") == "ok" and (row.get("value") is not None or bool(row.get("text")))


def _row(ax: Axes, y: int, row: Mapping[str, Any]) -> tuple[tuple[float, float, str], ...]:
    """Draw what stands on the bands of a row; return the bands: left and right edge, and colour."""
    measured, x = _measured(row), position(row)
    if not measured and row.get("points") is None:
        reason = labels.prose(row.get("reason") or row.get("note") or "not measured")
        _write(ax, 0.02, y, labels.shorten(reason, 50), ha="left", style="italic", color=style.MUTED)
        return _BLANK
    _write(ax, 1.03, y, _value(row) if measured else "counts as 0", ha="left", color=style.INK)
    if x is None:
        _write(ax, 0.02, y, "shown, not scored", ha="left", color=style.MUTED)
        return _BLANK
    _cut(ax, y, _LOW, row.get("immature"), x)
    _cut(ax, y, _HIGH, row.get("mature"), x)
    marker = "<" if x < 0 else ">" if x > 1 else "o"
    inside = style.INK if measured else "none"
    mark = Line2D([min(max(x, 0.015), 0.985)], [y], marker=marker, ls="", ms=5, mfc=inside, mec=style.INK, mew=0.8)
    mark.set(zorder=3, clip_on=False)
    ax.add_line(mark)
    return _ZONES


def _value(row: Mapping[str, Any]) -> str:
    number = row.get("value")
    text = labels.category(row["text"]) if number is None else labels.quantity(number, str(row.get("unit", "1")))
    return labels.shorten(text, 24)


def _cut(ax: Axes, y: int, edge: float, cut: float | None, x: float) -> None:
    """Write a cut beside its edge, outside of the middle zone unless the marker at `x` stands there."""
    if cut is None:
        return
    text = labels.compact(cut)
    side = -1 if edge == _LOW else 1
    beside = abs(x - edge)
    if beside < 0.045 + 0.022 * len(text):
        side = -1 if x >= edge else 1
    offset = 0.035 if beside < 0.03 else 0.012
    _write(ax, edge + offset * side, y, text, ha="left" if side > 0 else "right", color=style.MUTED)


def _write(ax: Axes, x: float, y: float, text: str, **how: Any) -> None:
    ax.text(x, y, text, va="center_baseline", fontsize=style.NOTE_SIZE, parse_math=False, zorder=2, **how)


def _name(ax: Axes, x: float, y: float, text: str, **how: Any) -> None:
    ax.text(x, y, text, fontsize=style.TICK_SIZE, parse_math=False, **how)
