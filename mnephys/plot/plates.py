"""The wells of a plate as a heat map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from mnephys.plot import labels, style, wells
from mnephys.plot.wells import State

__all__ = ["plate_map"]

_WELL_MM = 7.2
# The legend needs as much.
_NARROWEST_MM = 70.0
_FULL: Mapping[str, str] = {"organised": "full", "emerging": "left"}
_WORDS = {"organised": "organised", "emerging": "emerging", "absent": "absent", "indeterminate": "indeterminate"}
_EMPTY: Mapping[State, Mapping[str, Any]] = {
    State.OPEN: {"linestyle": "-"},
    State.UNPLATED: {"linestyle": ":"},
    State.BLANK: {"linestyle": "-", "hatch": "////"},
    State.EXCLUDED: {"linestyle": "-"},
}

Record = Mapping[str, Any]


def plate_map(scores: Sequence[Record], layout: Record | None = None, ax: Axes | None = None) -> Axes:
    """Draw a plate with each well in the colour of its maturity index.

    Parameters
    ----------
    scores : sequence of mapping
        Score records of one recording; those of another level than ``well`` are left out.
    layout : mapping, optional
        `rows` and `columns`, as the evidence record of the plate has it; the smallest plate that holds all wells if
        omitted.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure with wells of 7.2 mm if omitted.

    Returns
    -------
    matplotlib.axes.Axes
        The index in colour and digits, the stage as a mark (full: organised; half: emerging; empty: absent; dotted:
        indeterminate). Wells without an index are drawn apart: not plated dotted, no data hatched, excluded crossed.

    Raises
    ------
    ValueError
        If the scores are of several recordings.

    Examples
    --------
    >>> well = {"level": "well", "id": "A1", "status": "ok", "network_stage": "organised", "maturity_index": 0.81}
    >>> ax = plate_map([well])
    >>> [text.get_text() for text in ax.texts], len(ax.patches)
    (['0.81'], 6)
    """
    of_wells = [score for score in scores if score.get("level") == "well"]
    if len(names := {score.get("recording") for score in of_wells}) > 1:
        raise ValueError(f"scores are of {len(names)} recordings; give those of one")
    found = {str(score.get("id")): score for score in of_wells}
    n_rows, n_columns = wells.grid(found, layout)
    ax = style.new_axes(ax, max(12 + _WELL_MM * n_columns, _NARROWEST_MM), 22 + _WELL_MM * n_rows)
    placed = {wells.place(well): score for well, score in found.items()}
    for row in range(n_rows):
        for column in range(n_columns):
            _draw(ax, row, column, placed.get((row, column)))
    ax.set_xlim(-0.6, n_columns - 0.4)
    ax.set_ylim(n_rows - 0.4, -0.6)
    ax.set_aspect("equal")
    ax.xaxis.tick_top()
    ax.set_xticks(range(n_columns), [str(column + 1) for column in range(n_columns)])
    ax.set_yticks(range(n_rows), [chr(ord("A") + row) for row in range(n_rows)])
    ax.tick_params(length=0, labelsize=style.TICK_SIZE, colors=style.INK)
    for spine in ax.spines.values():
        spine.set_visible(False)
    _legend(ax, list(found.values()))
    return ax


def _draw(ax: Axes, row: int, column: int, score: Record | None) -> None:
    state = State.BLANK if score is None else wells.state_of(score)
    how: dict[str, Any] = {"facecolor": "none", "edgecolor": style.GREY, "linewidth": 0.6}
    index = None if score is None else wells.index_of(score)
    if score is None or state is not State.SCORED or index is None:
        ax.add_patch(Rectangle((column - 0.45, row - 0.45), 0.9, 0.9, **how, **_EMPTY.get(state, {})))
        if state is State.EXCLUDED:
            cross = [column - 0.45, column + 0.45], [row - 0.45, row + 0.45]
            ax.add_line(Line2D(*cross, color=style.GREY, lw=0.6))
            ax.add_line(Line2D(cross[0], cross[1][::-1], color=style.GREY, lw=0.6))
        elif state is State.OPEN:
            ax.add_line(_mark("indeterminate", column, row, style.MUTED))
        return
    step = style.index_step(index)
    ink = "white" if step >= style.DARK_STEP else "black"
    ax.add_patch(Rectangle((column - 0.45, row - 0.45), 0.9, 0.9, facecolor=style.INDEX_COLOURS[step], linewidth=0))
    ax.add_line(_mark(wells.stage_of(score), column, row - 0.2, ink))
    ax.text(column, row + 0.2, f"{index:.2f}", ha="center", va="center_baseline", fontsize=style.NOTE_SIZE, color=ink)


def _mark(stage: str, x: float, y: float, ink: str) -> Line2D:
    fill = _FULL.get(stage, "none")
    mark = Line2D([x], [y], ls="", marker="o", ms=4, mew=0.7, mec=ink, mfc=ink, fillstyle=fill, mfcalt="none")  # type: ignore[arg-type]  # matplotlib's own literal
    if stage == "indeterminate":
        mark.set(marker="$\N{DOTTED CIRCLE}$", markersize=5)
    return mark


def _legend(ax: Axes, scores: Sequence[Record]) -> None:
    """Explain the marks and frames that are there, and the colours at both ends and in the middle."""
    stages = [wells.stage_of(s) for s in scores if wells.state_of(s) is State.SCORED]
    entries: list[Any] = [_mark(stage, 0, 0, style.INK) for stage in wells.MARKS if stage in stages]
    words = [_WORDS[stage] for stage in wells.MARKS if stage in stages]
    for index in (0.05, 0.5, 0.95) if stages else ():
        entries.append(Rectangle((0, 0), 1, 1, facecolor=style.INDEX_COLOURS[style.index_step(index)]))
        words.append(f"index {index:.2f}")
    states = {wells.state_of(score) for score in scores}
    for state in (s for s in State if s in states and s is not State.SCORED):
        entries.append(Rectangle((0, 0), 1, 1, facecolor="none", edgecolor=style.GREY, linewidth=0.6, **_EMPTY[state]))
        words.append("excluded (crossed)" if state is State.EXCLUDED else labels.plain(state.value))
    if entries:
        ax.legend(
            entries,
            words,
            loc="upper center",
            bbox_to_anchor=(0.5, -0.01),
            ncols=3,
            frameon=False,
            fontsize=style.NOTE_SIZE,
            labelcolor=style.INK,
            handlelength=1.2,
            columnspacing=1.2,
        )
