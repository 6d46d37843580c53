"""What a reference consists of after it was read and found valid: sets of cells by stage, and how far to trust them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mnephys.maturity.reference.scales import Scaling
from mnephys.maturity.scale import Basis
from mnephys.maturity.scale import Reference as Source
from mnephys.recording import BoolArray, FloatArray

__all__ = ["CategoryModel", "Caution", "Feature", "Fraction", "Reference", "ReferenceSet", "Summary"]


@dataclass(frozen=True, slots=True)
class Caution:
    """How far the sets are trusted; each number has its reason in the file.

    Parameters
    ----------
    degrees_of_freedom : float
        Of the t distributions; the fewer, the heavier their tails.
    between_ratio : float
        Expected SD between laboratories, in SDs within one.
    between_weight : float
        The expectation counts as much as so many laboratories.
    unknown_n : float
        Number of cells of a set that prints none.
    widening : float
        Every scale is so many times as wide as the sets say.
    typical_at_least : float
        A cell less likely than this in every stage is unlike all sets.
    disagrees_below : float
        A stage by other means that is less probable than this is contradicted.
    reasons : mapping of str to str
        Of each of these.
    """

    degrees_of_freedom: float
    between_ratio: float
    between_weight: float
    unknown_n: float
    widening: float
    typical_at_least: float
    disagrees_below: float
    reasons: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature with a number.

    Parameters
    ----------
    name, unit : str
        As measured by this package.
    scaling : Scaling
        On which it is compared.
    magnitude : bool
        Whether the sign is ignored (inward currents are negative).
    borrow : mapping of str to str
        Stages without a source, and the stage whose distribution they take.
    note : str
        What a reader should know.
    """

    name: str
    unit: str
    scaling: Scaling
    magnitude: bool = False
    borrow: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    def scaled(self, values: FloatArray) -> FloatArray:
        """Return values on the scale of the feature.

        Parameters
        ----------
        values : ndarray of float, any shape
            In its unit.

        Returns
        -------
        ndarray of float, the same shape
            NaN where the scale has no place for a value.

        Examples
        --------
        >>> float(Feature("na_current_peak", "pA", Scaling.LOG, magnitude=True).scaled(np.array(-1.0)))
        0.0
        """
        return self.scaling.apply(np.abs(values) if self.magnitude else values)


@dataclass(frozen=True, slots=True)
class CategoryModel:
    """A feature with categories.

    Parameters
    ----------
    name : str
        As measured by this package.
    values : tuple of str
        Its categories.
    prior_cells : float
        So many cells in each category are assumed before any were seen.
    between : float
        Correlation of two cells of one laboratory: n of them count as n / (1 + (n - 1) between).
    note : str
        What a reader should know.
    """

    name: str
    values: tuple[str, ...]
    prior_cells: float
    between: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a set says of one feature, on the scale of the feature.

    Parameters
    ----------
    centre : float
        The mean.
    spread : float or None
        SD of cells; None where the source prints none.
    n : float or None
        Number of cells; None where the source prints none.
    """

    centre: float
    spread: float | None
    n: float | None


@dataclass(frozen=True, slots=True)
class Fraction:
    """What a set says of the categories of its cells.

    Parameters
    ----------
    one_of : tuple of str
        Some of the categories.
    fraction : float
        Share of the cells that are in one of them.
    n : float or None
        Number of cells; None where the source prints none.
    """

    one_of: tuple[str, ...]
    fraction: float
    n: float | None


@dataclass(frozen=True, slots=True)
class ReferenceSet:
    """One set of cells of one stage.

    Parameters
    ----------
    id, stage, source : str
        Its name, its stage, and the laboratory behind it: sets of one source are not independent.
    basis : Basis
        How its values are known.
    preparation : str
        In words.
    summaries : mapping of str to Summary
        By feature.
    fractions : mapping of str to tuple of Fraction
        By feature with categories.
    """

    id: str
    stage: str
    source: str
    basis: Basis
    preparation: str
    summaries: Mapping[str, Summary]
    fractions: Mapping[str, tuple[Fraction, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A valid reference: the sets, and the distributions that follow from them.

    Parameters
    ----------
    name, version, title, note, sha256 : str
        As in the file, and its hash.
    stages : tuple of str
        Least mature first.
    prior : ndarray of float, shape (n_stages,)
        Probability of each before anything is measured.
    caution : Caution
        How far the sets are trusted.
    features : mapping of str to Feature
        Those that every stage has, in the order of the columns below.
    location, scale : ndarray of float, shape (n_stages, n_features)
        Of the distributions, on the scale of each feature.
    lender : tuple of int
        Of each stage, the place of the stage that it borrows from; its own where it borrows nothing.
    own : ndarray of bool, shape (n_stages, n_features)
        False where the distribution is borrowed.
    correlation : ndarray of float, shape (n_features, n_features)
        Between features of cells of one stage.
    categories : mapping of str to CategoryModel
        Features with categories.
    shares : mapping of str to ndarray of float, shape (n_stages, n_categories)
        Probability of each category in each stage.
    sets : tuple of ReferenceSet
        What all this follows from.
    sources : mapping of str to Source
        Who stands behind them.
    not_used : mapping of str to str
        Features that are in the file and cannot be used, with the reason.
    """

    name: str
    version: str
    title: str
    note: str
    sha256: str
    stages: tuple[str, ...]
    prior: FloatArray
    caution: Caution
    features: Mapping[str, Feature]
    location: FloatArray
    scale: FloatArray
    lender: tuple[int, ...]
    own: BoolArray
    correlation: FloatArray
    categories: Mapping[str, CategoryModel]
    shares: Mapping[str, FloatArray]
    sets: tuple[ReferenceSet, ...]
    sources: Mapping[str, Source]
    not_used: Mapping[str, str]

    @property
    def identification(self) -> dict[str, str]:
        """Name, version and hash, as every result states them."""
        return {"name": self.name, "version": self.version, "sha256": self.sha256}

    def columns(self, table: Mapping[str, FloatArray]) -> FloatArray:
        """Return features of many cells as the rows that `mnephys.maturity.reference.density` takes.

        Parameters
        ----------
        table : mapping of str to ndarray of float, shape (n_cells,)
            In the units of the features; NaN, or no entry, where it was not measured.

        Returns
        -------
        ndarray of float, shape (n_cells, n_features)
            On the scale of each feature; NaN where it was not measured or the scale has no place for it.

        Examples
        --------
        >>> from mnephys.maturity.reference import load_reference
        >>> load_reference().columns({"ap_half_width": np.array([1.0])}).tolist()[0][5]
        0.0
        """
        n_cells = max((np.size(values) for values in table.values()), default=1)
        rows = np.full((n_cells, len(self.features)), np.nan)
        for column, feature in enumerate(self.features.values()):
            if feature.name in table:
                rows[:, column] = feature.scaled(np.asarray(table[feature.name], dtype=np.float64))
        return rows

    def behind(self, feature: str) -> tuple[tuple[str, str, str], ...]:
        """Return who stands behind one feature.

        Parameters
        ----------
        feature : str
            With a number or with categories.

        Returns
        -------
        tuple of (str, str, str)
            Stage, citation and basis of every set that has it, each once.

        Examples
        --------
        >>> from mnephys.maturity.reference import load_reference
        >>> load_reference().behind("ap_amplitude")[-1]
        ('mature', 'Gunhanlar et al. 2018, Mol Psychiatry (abstract)', 'proxy')
        """
        found = [
            (s.stage, self.sources[s.source].citation, s.basis.value)
            for stage in self.stages
            for s in self.sets
            if s.stage == stage and (feature in s.summaries or feature in s.fractions)
        ]
        return tuple(dict.fromkeys(found))
