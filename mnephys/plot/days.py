"""The maturity index of wells over days, by cell line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from mnephys.plot import labels, style, wells
from mnephys.samples.text import natural_key

__all__ = ["NOT_STATED", "LineDays", "by_line", "trajectories"]

NOT_STATED = "line not stated"

_MOST_NAMED = 12

Record = Mapping[str, Any]
Course = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LineDays:
    """The wells of one line over days.

    Parameters
    ----------
    line : str
        `NOT_STATED` where it is not known.
    courses : tuple of ndarray, each of shape (n_days, 2)
        Day and index of each well, in order of day; of recordings of one day the mean.
    median : ndarray, shape (n_days, 2)
        Each day and the median of the wells that have an index then.
    """

    line: str
    courses: tuple[Course, ...]
    median: Course


def by_line(scores: Iterable[Record]) -> list[LineDays]:
    """Sort the indices of wells by line, well and day.

    Parameters
    ----------
    scores : iterable of mapping
        Score records; those that are no scored well with a day are left out.

    Returns
    -------
    list of LineDays
        In natural order of the lines, the unknown one last; empty where no two days are known.

    Examples
    --------
    >>> well = {"level": "well", "subject": "P A1", "id": "A1", "status": "ok", "maturity_index": 0.2}
    >>> days = [{**well, "sample": {"div": 5}}, {**well, "sample": {"div": 9}, "maturity_index": 0.6}]
    >>> by_line(days)[0].median.tolist(), by_line(days[:1])
    ([[5.0, 0.2], [9.0, 0.6]], [])
    """
    judged = [s for s in scores if s.get("level") == "well" and wells.state_of(s) is wells.State.SCORED]
    field = wells.day_field(judged)
    found: dict[str, dict[tuple[str, str], dict[float, list[float]]]] = {}
    for score in judged:
        day, index = wells.day_of(score, field), wells.index_of(score)
        if day is not None and index is not None:
            subject = (str(score.get("subject")), str(score.get("id")))
            courses = found.setdefault(wells.line_of(score), {}).setdefault(subject, {})
            courses.setdefault(day, []).append(index)
    if len({day for group in found.values() for course in group.values() for day in course}) < 2:
        return []
    order = sorted(found, key=lambda line: (not line, natural_key(line)))
    return [_line(line or NOT_STATED, list(found[line].values())) for line in order]


def _line(name: str, group: Sequence[Mapping[float, Sequence[float]]]) -> LineDays:
    courses = tuple(np.array([[day, np.mean(course[day])] for day in sorted(course)]) for course in group)
    together = np.concatenate(courses)
    days = np.unique(together[:, 0])
    median = [[day, np.median(together[together[:, 0] == day, 1])] for day in days]
    return LineDays(name, courses, np.array(median))


def trajectories(scores: Iterable[Record], ax: Axes | None = None) -> Axes:
    """Draw the maturity index of wells against the day of the recording.

    The index orders networks of one line by their activity. Rate and bursting differ between lines of patients and
    their controls without being maturity, so that a difference between two lines is not one of maturity.

    Parameters
    ----------
    scores : iterable of mapping
        Score records of wells; `subject, sample, maturity_index` are used.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure of 110 x 75 mm if omitted.

    Returns
    -------
    matplotlib.axes.Axes
        One thin line per well, a thick one for the median of each cell line, told apart by colour and dashes.

    Examples
    --------
    >>> well = {"level": "well", "subject": "P A1", "status": "ok", "maturity_index": 0.2}
    >>> trajectories([{**well, "sample": {"div": 5}}, {**well, "sample": {"div": 9}}]).get_xlabel()
    'Day in vitro'
    """
    known = list(scores)
    ax = style.new_axes(ax, 110, 75)
    lines = by_line(known)
    words = wells.DAYS[wells.day_field(s for s in known if s.get("level") == "well")]
    style.dress(ax, words.capitalize(), "Maturity index")
    if not lines:
        return style.say(ax, "no well was scored on two days that are known")
    for i, line in enumerate(lines):
        colour, dashes = style.told_apart(i)
        thin = LineCollection(list(line.courses), colors=colour, linewidths=0.4, alpha=0.35, zorder=2)
        ax.add_collection(thin)
        name = labels.shorten(line.line, 28) if i < _MOST_NAMED else "_unnamed"
        n_wells = f"{len(line.courses)} well{'s' * (len(line.courses) != 1)}"
        ax.plot(*line.median.T, color=colour, ls=dashes, lw=1.8, zorder=3, label=f"{name} ({n_wells})")
    ax.autoscale_view()
    ax.set_ylim(0, 1)
    legend = ax.legend(
        loc="upper left", frameon=False, fontsize=style.NOTE_SIZE, labelcolor=style.INK, handlelength=2.6
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    return ax
