"""What a rubric consists of, after it was read and found valid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

__all__ = [
    "AMPLITUDE",
    "CLAIMS",
    "DRIVE",
    "EVERY_DOMAIN",
    "HOLDING",
    "INPUT_RESISTANCE",
    "PATTERN",
    "QUALITY",
    "RANGE",
    "RESTING",
    "Basis",
    "Combine",
    "Criterion",
    "Domain",
    "Gate",
    "Reference",
    "Role",
    "Rubric",
    "Scenarios",
    "Stages",
]

PATTERN = "firing_pattern"
DRIVE = "qc_drive"
RANGE = "qc_range"
HOLDING = "qc_holding_current"
QUALITY = "qc_recording"
RESTING = "resting_membrane_potential"
INPUT_RESISTANCE = "input_resistance"
AMPLITUDE = "ap_amplitude"

EVERY_DOMAIN = "domain:*"
CLAIMS = ("excitable", "functional", "mature_in_vitro")
"""The claims above ``none``, lowest first; each includes those before it."""


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
    """

    name: str
    label: str
    weight: float
    minimum: int = 0


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
    source : mapping of str to tuple of str
        Keys of the references behind each cut.
    basis : Basis
        What the cuts rest on.
    note : str
        What a reader of the points should know.
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
    source: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    basis: Basis = Basis.PROXY
    note: str = ""

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
class Stages:
    """What makes a stage beside the gates.

    Parameters
    ----------
    immature_below : float
        A lower index is immature.
    silent_patterns : tuple of str
        Firing patterns without an AP: immature where the cell was driven, else no measurement.
    """

    immature_below: float
    silent_patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scenarios:
    """The range of what is not known about a recording.

    Parameters
    ----------
    junction_potential_mv : tuple of float
        What may have to be added back, in mV.
    shifted : tuple of str
        The voltages that it shifts.
    seal_mohm : tuple of float
        Seal resistances in MOhm; a perfect seal is always among them.
    seal_limited_below : float
        A seal below so many input resistances counts as unknown.
    resting_floor_mv : float
        No cell rests below it, in mV: a seal that would say so is not possible.
    held_above_pa : float
        A current at baseline beyond it, in pA and either direction, holds the cell off rest.
    lower_bound_patterns : tuple of str
        Firing patterns that stronger steps might exceed, where the steps stop early.
    """

    junction_potential_mv: tuple[float, ...]
    shifted: tuple[str, ...]
    seal_mohm: tuple[float, ...]
    seal_limited_below: float
    resting_floor_mv: float
    held_above_pa: float
    lower_bound_patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rubric:
    """A valid rubric.

    Parameters
    ----------
    name, version, title, note : str
        What it calls itself, and what its reader should know.
    level : str
        What it scores: ``cell``.
    sha256 : str
        Of the file, hexadecimal, with line ends as newlines.
    domains : mapping of str to Domain
        In file order.
    criteria : mapping of str to Criterion
        By feature, in file order.
    counted : tuple of Criterion
        Those that can enter the index.
    claims : mapping of str to tuple of Gate
        The conditions of each of `CLAIMS`, on top of those of the claims before it.
    stages : Stages
        What makes a stage beside the gates.
    scenarios : Scenarios
        The range of what is not known.
    identity_minimum : int
        So many identity criteria have to be met for the cell to look like its type.
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
    claims: Mapping[str, tuple[Gate, ...]]
    stages: Stages
    scenarios: Scenarios
    identity_minimum: int
    references: Mapping[str, Reference]

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
