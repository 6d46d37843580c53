"""A plate as a grid of wells: places, colours and words; the template draws it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mnephys.plot import labels, style, wells
from mnephys.plot.wells import State
from mnephys.recording import well_name
from mnephys.report import text
from mnephys.report.plates import PlateDay, day_words

__all__ = ["FRAMES", "STEPS", "heat_map"]

_WIDTH, _HEIGHT, _GAP = 30, 29, 2
_LEFT, _TOP = 13, 13
_MARK, _NUMBER = 8.5, 23.5

FRAMES = {
    State.OPEN: "open",
    State.UNPLATED: "unplated",
    State.BLANK: "blank",
    State.EXCLUDED: "excluded",
}
"""How wells without an index are drawn: the names of their frames in the page."""

STEPS = tuple(range(len(style.INDEX_COLOURS)))
"""The steps of the colour scale."""


def heat_map(day: PlateDay, targets: Mapping[str, str], layout: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return where each well of a plate is drawn, and how.

    Parameters
    ----------
    day : PlateDay
        A recording of the plate.
    targets : mapping of str to str
        The id of what each well leads to.
    layout : mapping, optional
        As an evidence record has it.

    Returns
    -------
    dict
        `width` and `height` of the picture, its `label`, heads of `rows` and `columns`, and `wells`.

    Examples
    --------
    >>> well = {"level": "well", "id": "A1", "status": "ok", "maturity_index": 0.31, "network_stage": "emerging"}
    >>> drawn = heat_map(PlateDay("a.csv", 5.0, None, (well,)), {"A1": "p1-A1"}, None)
    >>> drawn["wells"][0]["title"], drawn["wells"][0]["step"], len(drawn["wells"])
    ('A1, day 5: emerging, index 0.31.', 3, 6)
    """
    known = {wells.place(str(score.get("id"))): score for score in day.wells}
    n_rows, n_columns = wells.grid((str(score.get("id")) for score in day.wells), layout)
    across, down = _WIDTH + _GAP, _HEIGHT + _GAP
    drawn = [
        _well(well_name(row, column), known.get((row, column)), day, targets)
        | {"x": _LEFT + across * column, "y": _TOP + down * row}
        for row in range(n_rows)
        for column in range(n_columns)
    ]
    for well in drawn:
        well |= {"centre": well["x"] + _WIDTH // 2, "mark": well["y"] + _MARK, "number": well["y"] + _NUMBER}
    when = day_words(day.day) or labels.plain(day.name)
    return {
        "width": _LEFT + across * n_columns,
        "height": _TOP + down * n_rows,
        "well_width": _WIDTH,
        "well_height": _HEIGHT,
        "label": f"Wells of the plate on {when}; the table of the recording holds the same values",
        "columns": [{"x": _LEFT + across * i + _WIDTH // 2, "label": i + 1} for i in range(n_columns)],
        "rows": [{"y": _TOP + down * i + _HEIGHT // 2, "label": chr(ord("A") + i)} for i in range(n_rows)],
        "wells": drawn,
        "n_columns": n_columns,
    }


def _well(name: str, score: Mapping[str, Any] | None, day: PlateDay, targets: Mapping[str, str]) -> dict[str, Any]:
    target = targets.get(name)
    if score is None:
        return {"target": target, "frame": "blank", "step": None, "title": f"{name}: no score"}
    state, index = wells.state_of(score), wells.index_of(score)
    about = ", ".join(filter(None, (name, wells.line_of(score), day_words(day.day))))
    if state is not State.SCORED or index is None:
        reason = next(iter(text.reasons(score)), "") if state in {State.OPEN, State.EXCLUDED} else ""
        title = f"{about}: {state.value}. {reason}".strip() if reason else f"{about}: {state.value}"
        return {"target": target, "frame": FRAMES[state], "step": None, "title": title}
    stage = wells.stage_of(score)
    confidence = labels.plain(score.get("confidence") or "")
    told = [stage, f"index {index:.2f}", f"{confidence} confidence" if confidence else ""]
    return {
        "target": target,
        "frame": "",
        "step": style.index_step(index),
        "value": f"{index:.2f}",
        "stage": stage,
        "title": f"{about}: {', '.join(filter(None, told))}. {next(iter(text.reasons(score)), '')}".strip(),
    }
