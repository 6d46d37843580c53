"""How motor neurons have been derived from stem cells, and how this project knows each part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["DayZero", "Derivation", "Derivations", "Known", "Reached", "Said", "Shown"]


class Known(StrEnum):
    """How a value is known, best first."""

    SEEN = "seen"
    SECONDARY = "secondary"
    MEMORY = "memory"
    NOT_FOUND = "not found"

    @property
    def judges(self) -> bool:
        """Whether something may be held against the value: not where it is only remembered."""
        return self in {Known.SEEN, Known.SECONDARY}


class DayZero(StrEnum):
    """What days are counted from."""

    DIFFERENTIATION = "differentiation"
    PLATING = "plating"
    PATTERNING = "patterning"
    GENE_DELIVERY = "gene delivery"
    COCULTURE = "co-culture"
    NOT_SAID = "not said"


@dataclass(frozen=True, slots=True)
class Said:
    """One value of a protocol.

    Parameters
    ----------
    value : str
        Empty where it was not found.
    known : Known
        How it is known.
    place : str
        Where it was read; empty where it was not.
    what : str
        What exactly it is about.
    """

    value: str
    known: Known
    place: str = ""
    what: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON wants it.

        Returns
        -------
        dict
            One entry per parameter.
        """
        return {"value": self.value or None, "known": str(self.known), "in": self.place, "what": self.what}


@dataclass(frozen=True, slots=True)
class Reached:
    """When a protocol reaches something.

    Parameters
    ----------
    day : float or None
        By which day; None where the source gives no number, or nothing was found.
    zero : DayZero
        What is day zero.
    words : str
        What the source says in place of a number, or beside it.
    known : Known
        How it is known.
    place : str
        Where it was read; empty where it was not.
    """

    day: float | None
    zero: DayZero
    words: str
    known: Known
    place: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON wants it.

        Returns
        -------
        dict
            One entry per parameter.
        """
        origin = {"day": self.day, "from": str(self.zero), "words": self.words}
        return {**origin, "known": str(self.known), "in": self.place}


@dataclass(frozen=True, slots=True)
class Shown:
    """One rung of the ladder of functional evidence that a protocol has shown.

    Parameters
    ----------
    rung : str
        ``E1`` to ``E8``.
    known : Known
        How it is known.
    place : str
        Where it was read; empty where it was not.
    what : str
        What exactly was shown.
    """

    rung: str
    known: Known
    place: str = ""
    what: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON wants it.

        Returns
        -------
        dict
            One entry per parameter.
        """
        return {"rung": self.rung, "known": str(self.known), "in": self.place, "what": self.what}


@dataclass(frozen=True, slots=True)
class Derivation:
    """One protocol.

    Parameters
    ----------
    key : str
        What a sample sheet calls it in its column ``derivation_protocol``.
    name : str
        Authors and year.
    year : int
        When it was published.
    published : str
        ``before the review`` or ``after the review`` of Faravelli et al. 2014.
    reference, doi : Said
        Where it was published.
    species, cells, route : Said
        What it starts from, and how it goes on.
    motor_neurons, function : Reached
        When there are motor neurons by their markers, and when they work electrically.
    purity, markers : Said
        How many of the cells are motor neurons, and what shows it.
    evidence : tuple of Shown
        What was shown of their function, in the order of the ladder.
    note : str
        What else a reader should know.
    """

    key: str
    name: str
    year: int
    published: str
    reference: Said
    doi: Said
    species: Said
    cells: Said
    route: Said
    motor_neurons: Reached
    function: Reached
    purity: Said
    markers: Said
    evidence: tuple[Shown, ...] = ()
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON wants it.

        Returns
        -------
        dict
            One entry per parameter.
        """
        plain = {name: getattr(self, name) for name in ("key", "name", "year", "published")}
        said = {name: v.to_json() for name in self.__slots__ if isinstance(v := getattr(self, name), (Said, Reached))}
        return {**plain, **said, "evidence": [shown.to_json() for shown in self.evidence], "note": self.note}


@dataclass(frozen=True, slots=True)
class Derivations:
    """All protocols of a file.

    Parameters
    ----------
    title, version, statement, review : str
        Of the file: what it is, how it came about, and the DOI of the review that it follows.
    ladder : mapping of str to str
        The rungs of functional evidence in words, lowest first.
    protocols : mapping of str to Derivation
        By key, in the order of the file.
    sha256 : str
        Of the file.
    """

    title: str
    version: str
    statement: str
    review: str
    ladder: Mapping[str, str]
    protocols: Mapping[str, Derivation]
    sha256: str

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON wants it.

        Returns
        -------
        dict
            What the file says, protocol by protocol.
        """
        head = {name: getattr(self, name) for name in ("title", "version", "sha256", "statement", "review")}
        return {**head, "ladder": dict(self.ladder), "protocols": [p.to_json() for p in self.protocols.values()]}
