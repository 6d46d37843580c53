"""What every rubric consists of, after it was read and found valid: criteria, domains, gates, sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from types import MappingProxyType
from typing import Any

__all__ = ["EVERY_DOMAIN", "Basis", "Combine", "Criterion", "Domain", "Gate", "Reference", "Role", "Scale"]

EVERY_DOMAIN = "domain:*"


class Role(StrEnum):
    """What a criterion does."""

    SCORED = "scored"
    STAND_IN = "stand_in"
    PENALTY = "penalty"
    REPORTED = "reported"
    IDENTITY = "identity"


class Basis(StrEnum):
    """What the cuts of a criterion rest on, weakest last."""

    SEEN = "seen"
    SECONDARY = "secondary"
    PROXY = "proxy"


class Combine(StrEnum):
    """How the measurements of several recordings of one cell become one."""

    MEDIAN = "median"
    MAX = "max"
    MOST_MATURE = "most_mature"


@dataclass(frozen=True, slots=True)
class Reference:
    """A source of cuts.

    Parameters
    ----------
    citation : str
        Authors, year, journal.
    link : str
        A DOI or a web address.
    """

    citation: str
    link: str


@dataclass(frozen=True, slots=True)
class Domain:
    """A group of features whose points are averaged.

    Parameters
    ----------
    name, label : str
        Key and words.
    weight : float
        Its share of the index before renormalisation; 0 where it is reported apart.
    minimum : int
        A stage needs at least so many of its features.
    experiment : str
        How its features are measured, in a sentence.
    """

    name: str
    label: str
    weight: float
    minimum: int = 0
    experiment: str = ""


@dataclass(frozen=True, slots=True)
class Criterion:
    """How one feature is judged.

    Parameters
    ----------
    feature, label, domain : str
        Feature name, its words, and the domain it belongs to.
    role : Role
        What it does.
    unit : str
        A unit of `mnephys.units`; the cuts are in it.
    immature, intermediate, mature : float, optional
        Values worth 0, 0.5 and 1 point, straight lines between them.
    categories : mapping of str to float
        Points of each category, least mature first.
    phrases : mapping of str to str
        How a sentence says each category.
    low, high : float, optional
        The range expected of the cell type; nothing is scored by it.
    combine : Combine
        How several recordings of a cell become one.
    magnitude : bool
        Whether the sign is ignored (inward currents are negative).
    stands_in_for : str
        The feature that it replaces where that one could not be measured.
    zero_for_patterns : tuple of str
        Firing patterns that make it count 0 where it could not be measured.
    needs_active : int
        Where fewer electrodes of a well are active, it counts 0.
    capped_by : str
        A domain whose score its points cannot exceed; empty where there is none.
    source : mapping of str to tuple of str
        Keys of the references behind each cut.
    basis : Basis
        What the cuts rest on.
    note : str
        What a reader of the points should know.
    experiment : str
        How it is measured, where that differs from the rest of its domain.
    """

    feature: str
    label: str
    domain: str
    role: Role
    unit: str
    immature: float | None = None
    intermediate: float | None = None
    mature: float | None = None
    categories: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    phrases: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    low: float | None = None
    high: float | None = None
    combine: Combine = Combine.MEDIAN
    magnitude: bool = False
    stands_in_for: str = ""
    zero_for_patterns: tuple[str, ...] = ()
    needs_active: int = 0
    capped_by: str = ""
    source: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    basis: Basis = Basis.PROXY
    note: str = ""
    experiment: str = ""

    @property
    def counts(self) -> bool:
        """Whether it can enter the index."""
        return self.role in {Role.SCORED, Role.STAND_IN, Role.PENALTY}


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition of a claim.

    Parameters
    ----------
    target : str
        A feature, ``domain:NAME``, or ``domain:*`` (each weighted domain that was measured).
    at_least, above : float, optional
        The value it has to reach, or to exceed.
    minimum : int
        For a domain: from fewer measured features than this its score is taken for unknown.
    one_of : tuple of str
        The categories it may have.
    measured : bool
        Whether it is enough that the feature was measured; where it was not, the gate is unknown.
    only_if_held : bool
        Whether it is asked of cells only that a current held off rest; all others pass.
    any_of : tuple of Gate
        Pieces of evidence of which one suffices; `target` is empty then.
    decisive : bool
        Among `any_of`: where all decisive pieces (all, if none is) were sought and none was found, the
        gate is unmet; otherwise it is unknown.
    unit : str
        Unit of the value.
    needs : str
        The end of the sentence that says why it is asked for.
    source : tuple of str
        Keys of references.
    """

    target: str
    at_least: float | None = None
    above: float | None = None
    minimum: int = 0
    one_of: tuple[str, ...] = ()
    measured: bool = False
    only_if_held: bool = False
    any_of: tuple[Gate, ...] = ()
    decisive: bool = False
    unit: str = ""
    needs: str = ""
    source: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scale:
    """What the rubrics of all levels have: criteria in weighted domains, each with its sources.

    Parameters
    ----------
    name, version, title, note : str
        What it calls itself, and what its reader should know.
    level : str
        What it scores: ``cell`` or ``well``.
    sha256 : str
        Of the file, hexadecimal, with line ends as newlines.
    domains : mapping of str to Domain
        In file order.
    criteria : mapping of str to Criterion
        By feature, in file order.
    counted : tuple of Criterion
        Those that can enter the index.
    references : mapping of str to Reference
        By key.
    """

    name: str
    version: str
    title: str
    note: str
    level: str
    sha256: str
    domains: Mapping[str, Domain]
    criteria: Mapping[str, Criterion]
    counted: tuple[Criterion, ...]
    references: Mapping[str, Reference]

    @property
    def identification(self) -> dict[str, str]:
        """Name, version and SHA-256, as every score carries them."""
        return {"name": self.name, "version": self.version, "sha256": self.sha256}

    def parts(self) -> dict[str, Any]:
        """Return the fields of every rubric, for a rubric that has more.

        Returns
        -------
        dict of str to object
            By name of the field.
        """
        return {item.name: getattr(self, item.name) for item in fields(Scale)}

    def scored(self, domain: str) -> list[Criterion]:
        """Return the criteria whose mean is the score of a domain.

        Parameters
        ----------
        domain : str
            Its name.

        Returns
        -------
        list of Criterion
            Without stand-ins and penalties.
        """
        return [c for c in self.counted if c.domain == domain and c.role is Role.SCORED]

    def cite(self, criterion: Criterion) -> str:
        """Return the sources of all cuts of a criterion in words.

        Parameters
        ----------
        criterion : Criterion
            One of this rubric.

        Returns
        -------
        str
            Citation and link of each, cut by cut.
        """
        parts = []
        for cut, keys in criterion.source.items():
            cited = [f"{self.references[key].citation} ({self.references[key].link})" for key in keys]
            parts.append(f"{cut}: {', '.join(cited)}")
        return "; ".join(parts)
