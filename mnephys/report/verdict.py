"""The result of a run in a sentence for cells and one for networks, which are never counted together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mnephys.plot import labels, wells
from mnephys.report import text
from mnephys.report.plates import Plate, day_words

__all__ = ["NETWORKS", "SCOPE", "counts", "of_plates", "shares", "stages_of"]

NETWORKS = {
    "organised": "organised",
    "emerging": "emerging",
    "absent": "without network activity",
    "indeterminate": "indeterminate",
}
"""Stages of networks behind a count."""

SCOPE = (
    "A network is no cell: wells say how the activity of a culture is organised, not how mature its neurons are, and "
    "nothing of whether they are motor neurons."
)


def of_plates(plates: Sequence[Plate]) -> str:
    r"""Return the result of all plates in one sentence.

    Parameters
    ----------
    plates : sequence of Plate
        With their recordings in order.

    Returns
    -------
    str
        How many wells were of which stage in the latest recording of each plate; empty without plates.

    Examples
    --------
    >>> from mnephys.report.plates import group
    >>> well = {"level": "well", "recording": "a", "network_stage": "emerging", "sample": {"div": 9.0}}
    >>> of_plates(group([{**well, "id": "A1"}, {**well, "id": "A2"}])).replace("\N{NO-BREAK SPACE}", " ")
    '2 wells on day 9: 2 emerging.'
    """
    if not plates:
        return ""
    n_wells = len({(i, s.get("id")) for i, plate in enumerate(plates) for day in plate.days for s in day.judged})
    stages = stages_of(plates)
    excluded = sum(plate.days[-1].n_excluded for plate in plates)
    if not n_wells:
        return "No well could be judged."
    head = text.counted(n_wells, "well")
    found = counts(stages, excluded) or "none could be judged"
    return f"{head}{_one(plates[0]) if len(plates) == 1 else _several(plates)}{found}."


def stages_of(plates: Iterable[Plate]) -> Counter[str]:
    """Return how many wells are of which stage in the latest recording of each plate.

    Parameters
    ----------
    plates : iterable of Plate
        With their recordings in order.

    Returns
    -------
    collections.Counter
        By stage.

    Examples
    --------
    >>> stages_of([])
    Counter()
    """
    total: Counter[str] = Counter()
    for plate in plates:
        total += plate.days[-1].stages
    return total


def counts(stages: Mapping[str, int], excluded: int = 0) -> str:
    r"""Return how many wells are of which stage.

    Parameters
    ----------
    stages : mapping of str to int
        By stage.
    excluded : int
        How many more could not be judged.

    Returns
    -------
    str
        A count does not break from its word.

    Examples
    --------
    >>> counts({"emerging": 3, "absent": 1}, 2).replace("\N{NO-BREAK SPACE}", " ")
    '3 emerging, 1 without network activity, 2 excluded'
    """
    parts = [(stages.get(stage, 0), NETWORKS[stage]) for stage in wells.MARKS]
    return ", ".join(f"{n}\N{NO-BREAK SPACE}{words}" for n, words in [*parts, (excluded, "excluded")] if n)


def shares(stages: Mapping[str, int], words: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the parts of a bar that shows how many are of which stage.

    Parameters
    ----------
    stages : mapping of str to int
        How many, by stage.
    words : mapping of str to str
        The stages in their order, in words.

    Returns
    -------
    list of dict
        Place and width in per mille of the bar.

    Examples
    --------
    >>> [(part["x"], part["width"]) for part in shares({"mature": 1, "immature": 3}, text.STAGES)]
    [(0.0, 250.0), (250.0, 750.0)]
    """
    parts, left, total = [], 0.0, sum(stages.values())
    for stage in (stage for stage in words if stages.get(stage)):
        n = stages[stage]
        width = 1000 * n / total
        parts.append({"stage": stage, "words": words[stage], "n": n, "x": round(left, 2), "width": round(width, 2)})
        left += width
    return parts


def _one(plate: Plate) -> str:
    last, days = plate.days[-1], [day.day for day in plate.days]
    if len(days) == 1:
        return f" on {day_words(last.day)}: " if last.day is not None else ": "
    if not plate.is_dated:
        return f" in {len(days)} recordings: in {labels.plain(last.name)}, the last by name, "
    name = f" ({labels.plain(last.name)})" if days.count(last.day) > 1 else ""
    over = f"on {text.counted(len(set(days)), 'day')}" if len(set(days)) > 1 else f"in {len(days)} recordings"
    return f" {over}: on {day_words(last.day)}{name}, "


def _several(plates: Sequence[Plate]) -> str:
    head = f" of {len(plates)} plates"
    if all(len(plate.days) == 1 for plate in plates):
        return f"{head}: "
    dated = all(plate.is_dated for plate in plates if len(plate.days) > 1)
    return f"{head}: in the {'latest' if dated else 'last'} recording of each, "
