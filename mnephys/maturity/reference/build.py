"""From the checked parts of a file to a reference with its distributions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from mnephys.errors import ReferenceSetError
from mnephys.maturity.reference.correlation import matrix_of_pairs
from mnephys.maturity.reference.model import CategoryModel, Caution, Feature, Fraction, Reference, ReferenceSet, Summary
from mnephys.maturity.reference.pool import Laboratory, pool_feature
from mnephys.maturity.reference.shares import category_shares
from mnephys.maturity.scale import Reference as Source
from mnephys.recording import FloatArray
from mnephys.wording import joined

__all__ = ["Parts", "build"]


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What a file says, before anything follows from it.

    Parameters
    ----------
    name, version, title, note, sha256, stages, prior, caution
        As in `mnephys.maturity.reference.model.Reference`.
    features : mapping of str to Feature
        All that are declared.
    categories : mapping of str to CategoryModel
        All that are declared.
    correlations : mapping of (str, str) to float
        By pair of features.
    sets, sources
        As in `mnephys.maturity.reference.model.Reference`.
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
    categories: Mapping[str, CategoryModel]
    correlations: Mapping[tuple[str, str], float]
    sets: tuple[ReferenceSet, ...]
    sources: Mapping[str, Source]


def build(parts: Parts) -> Reference:
    """Return the reference that follows from the parts of a file.

    Parameters
    ----------
    parts : Parts
        Checked.

    Returns
    -------
    Reference
        With the features that every stage has, or borrows; the others are named with the reason.

    Raises
    ------
    ReferenceSetError
        If there is no such feature, or a stage borrows from two others.
    """
    columns, not_used = {}, {}
    for name, feature in parts.features.items():
        found = _distributions(parts, feature)
        if isinstance(found, str):
            not_used[name] = found
        else:
            columns[name] = found
    shares = {}
    for name, model in parts.categories.items():
        absent = [stage for stage in parts.stages if not _fractions(parts, name, stage)]
        if absent:
            not_used[name] = f"no set of {' and '.join(absent)} cells has it"
        else:
            shares[name] = np.array(
                [
                    category_shares(model, _fractions(parts, name, stage), parts.caution.unknown_n)
                    for stage in parts.stages
                ]
            )
    if not columns and not shares:
        why = "; ".join(f"{name}: {reason}" for name, reason in not_used.items()) or "none is declared"
        raise ReferenceSetError(f"{parts.name}: no feature can be compared ({why}); add sets")
    empty = np.zeros((len(parts.stages), 0))
    return Reference(
        name=parts.name,
        version=parts.version,
        title=parts.title,
        note=parts.note,
        sha256=parts.sha256,
        stages=parts.stages,
        prior=parts.prior,
        caution=parts.caution,
        features={name: parts.features[name] for name in columns},
        location=np.column_stack([empty, *(location for location, _ in columns.values())]),
        scale=np.column_stack([empty, *(scale for _, scale in columns.values())]),
        lender=_lenders(parts, columns),
        own=np.array([[not _borrows(parts, name, stage) for name in columns] for stage in parts.stages], dtype=bool),
        correlation=matrix_of_pairs(list(columns), parts.correlations),
        categories={name: parts.categories[name] for name in shares},
        shares=shares,
        sets=parts.sets,
        sources=parts.sources,
        not_used=not_used,
    )


def _distributions(parts: Parts, feature: Feature) -> tuple[FloatArray, FloatArray] | str:
    """Return location and scale in each stage, or why there are none."""
    of: dict[tuple[int, str], list[Summary]] = {}
    for one in parts.sets:
        if feature.name in one.summaries:
            of.setdefault((parts.stages.index(one.stage), one.source), []).append(one.summaries[feature.name])
    laboratories = [Laboratory(stage, tuple(sets)) for (stage, _), sets in of.items()]
    pooled = pool_feature(laboratories, len(parts.stages), parts.caution) if laboratories else None
    if pooled is None:
        return "no set says how its cells vary"
    location, scale = pooled.location.copy(), pooled.scale.copy()
    for stage, lender in feature.borrow.items():
        if not pooled.laboratories[parts.stages.index(stage)]:
            location[parts.stages.index(stage)] = location[parts.stages.index(lender)]
            scale[parts.stages.index(stage)] = scale[parts.stages.index(lender)]
    absent = [stage for stage, at in zip(parts.stages, location, strict=True) if np.isnan(at)]
    return f"no set of {' and '.join(absent)} cells has it" if absent else (location, scale)


def _borrows(parts: Parts, name: str, stage: str) -> bool:
    """Return whether a stage has no set of its own with a feature."""
    return not any(one.stage == stage and name in one.summaries for one in parts.sets)


def _lenders(parts: Parts, names: Iterable[str]) -> tuple[int, ...]:
    """Return the place of the stage that each stage borrows from, its own where it borrows nothing."""
    lenders = []
    for place, stage in enumerate(parts.stages):
        found = {parts.features[name].borrow[stage] for name in names if _borrows(parts, name, stage)}
        if len(found) > 1:
            raise ReferenceSetError(
                f"{parts.name}: {stage} borrows from {joined(sorted(found))}; let it borrow from one stage"
            )
        lenders.append(parts.stages.index(found.pop()) if found else place)
    return tuple(lenders)


def _fractions(parts: Parts, name: str, stage: str) -> list[list[Fraction]]:
    """Return what each laboratory says of the categories of a stage."""
    found: dict[str, list[Fraction]] = {}
    for one in parts.sets:
        if one.stage == stage and name in one.fractions:
            found.setdefault(one.source, []).extend(one.fractions[name])
    return list(found.values())
