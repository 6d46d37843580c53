"""Wells sorted by plate and recording: what the page shows of plates follows this order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mnephys.plot import labels, wells
from mnephys.plot.wells import State
from mnephys.samples.text import natural_key

__all__ = ["JUDGED", "Plate", "PlateDay", "day_words", "group", "is_of_plate"]

Record = Mapping[str, Any]

JUDGED = frozenset({State.SCORED, State.OPEN})
"""States of wells that have a stage, the indeterminate ones too."""


@dataclass(frozen=True, slots=True)
class PlateDay:
    """One recording of a plate.

    Parameters
    ----------
    name : str
        Of the recording, as its records spell it.
    day : float or None
        None where nobody stated it.
    plate : mapping or None
        The score of the plate.
    wells : tuple of mapping
        The scores of its wells, row by row.
    """

    name: str
    day: float | None
    plate: Record | None
    wells: tuple[Record, ...]

    @property
    def judged(self) -> tuple[Record, ...]:
        """Scores of the wells that have a stage."""
        return tuple(score for score in self.wells if wells.state_of(score) in JUDGED)

    @property
    def stages(self) -> Counter[str]:
        """How many of the judged wells are of which stage."""
        return Counter(map(wells.stage_of, self.judged))

    @property
    def n_excluded(self) -> int:
        """How many wells hold cells and could not be judged."""
        return sum(wells.state_of(score) is State.EXCLUDED for score in self.wells)


@dataclass(frozen=True, slots=True)
class Plate:
    """A plate and its recordings.

    Parameters
    ----------
    name : str
        As somebody stated it, else the recording's; one printable line.
    days : tuple of PlateDay
        By day; those without one come first, by name.
    """

    name: str
    days: tuple[PlateDay, ...]

    @property
    def is_dated(self) -> bool:
        """Whether the day of every recording is known."""
        return all(day.day is not None for day in self.days)


def is_of_plate(score: Record) -> bool:
    """Return whether a score is one of a well or a plate, and not of a cell.

    Parameters
    ----------
    score : mapping
        A score record.

    Returns
    -------
    bool
        By its level.

    Examples
    --------
    >>> is_of_plate({"level": "well"}), is_of_plate({})
    (True, False)
    """
    return score.get("level") in {"well", "plate"}


def group(scores: Iterable[Record]) -> list[Plate]:
    """Sort scores by plate and recording.

    Parameters
    ----------
    scores : iterable of mapping
        Score records of wells and plates.

    Returns
    -------
    list of Plate
        In natural order of their names; a recording for which nobody stated a plate is one of its own.

    Examples
    --------
    >>> well = {"level": "well", "id": "A1", "sample": {"plate": "P", "div": 9}, "recording": "b.csv"}
    >>> plates = group([well, {**well, "sample": {"plate": "P", "div": 5}, "recording": "a.csv"}])
    >>> [(plate.name, [day.name for day in plate.days]) for plate in plates]
    [('P', ['a.csv', 'b.csv'])]
    """
    recordings: dict[str, list[Record]] = {}
    for score in scores:
        recordings.setdefault(str(score.get("recording") or ""), []).append(score)
    field = wells.day_field(score for group in recordings.values() for score in group)
    plates: dict[tuple[bool, str], list[PlateDay]] = {}
    for name, found in recordings.items():
        stated = next((plate for score in found if (plate := (score.get("sample") or {}).get("plate"))), "")
        key = (bool(stated), labels.plain(stated or name))
        plates.setdefault(key, []).append(_day(name, found, field))
    order = sorted(plates, key=lambda key: (natural_key(key[1]), key))
    return [Plate(key[1], tuple(sorted(plates[key], key=_order))) for key in order]


def day_words(day: float | None) -> str:
    """Return a day as the page names it.

    Parameters
    ----------
    day : float or None
        Of a recording.

    Returns
    -------
    str
        Empty where it is not known.

    Examples
    --------
    >>> day_words(34.0), day_words(None)
    ('day 34', '')
    """
    return "" if day is None else f"day {labels.compact(day)}"


def _day(name: str, found: Sequence[Record], field: str) -> PlateDay:
    plate = next((score for score in found if score.get("level") == "plate"), None)
    of_wells = sorted((score for score in found if score.get("level") == "well"), key=_place)
    stated = {day for score in of_wells if (day := wells.day_of(score, field)) is not None}
    day = None if plate is None else wells.day_of(plate, field)
    if day is None and len(stated) == 1:
        (day,) = stated
    return PlateDay(name, day, plate, tuple(of_wells))


def _place(score: Record) -> tuple[bool, Any]:
    well = str(score.get("id") or "")
    place = wells.place(well)
    return (place is None, natural_key(well) if place is None else place)


def _order(day: PlateDay) -> tuple[bool, float, Any]:
    return (day.day is not None, day.day or 0.0, natural_key(day.name))
