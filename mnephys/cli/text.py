"""Scores as lines of text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["score_lines"]

STAGES = ("mature", "intermediate", "immature", "indeterminate")


def printable(text: str) -> str:
    """Return text without control characters: a label must not drive the terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)


def score_lines(scores: Sequence[dict[str, Any]]) -> list[str]:
    """Return a line or two per subject and a count at the end; of a single one, every reason.

    Parameters
    ----------
    scores : sequence of dict
        As `Score.to_json` gives them.

    Returns
    -------
    list of str
        Without line ends.

    Examples
    --------
    >>> score_lines([])
    ['No cell could be scored.']
    """
    lines: list[str] = []
    for score in scores:
        index, interval = score["maturity_index"], score["interval"]
        number = "no index" if index is None else f"index {index:.2f}"
        span = "" if interval is None else f" ({interval[0]:.2f} to {interval[1]:.2f})"
        claim = score["claim"].replace("_", " ")
        lines.append(f"{printable(score['subject'])}: {score['stage']}, claim {claim}, {number}{span}")
        shown = score["reasons"] if len(scores) == 1 else score["reasons"][:1]
        lines += [f"  {printable(reason)}" for reason in shown]
    counts = {stage: sum(score["stage"] == stage for score in scores) for stage in STAGES}
    total = ", ".join(f"{n} {stage}" for stage, n in counts.items() if n)
    lines.append(f"{len(scores)} cell{'s' * (len(scores) != 1)}: {total}" if scores else "No cell could be scored.")
    return lines
