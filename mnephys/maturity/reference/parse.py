"""Reading a reference: the file of the sets, checked so that every mistake is named with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import numpy as np

from mnephys.errors import ReferenceSetError, RubricError
from mnephys.maturity.parse_criteria import symbol
from mnephys.maturity.parse_scale import parse_toml, rubric_bytes
from mnephys.maturity.reference.build import Parts, build
from mnephys.maturity.reference.correlation import SMALLEST_EIGENVALUE, matrix_of_pairs
from mnephys.maturity.reference.known import known_features
from mnephys.maturity.reference.model import CategoryModel, Caution, Feature, Reference
from mnephys.maturity.reference.parse_sets import parse_sets
from mnephys.maturity.reference.scales import Scaling
from mnephys.maturity.scale import Reference as Source
from mnephys.maturity.section import Section
from mnephys.maturity.stage import Stage
from mnephys.wording import nearest

__all__ = ["BUILT_IN", "load_reference", "parse_reference"]

BUILT_IN = "motor_neuron.toml"
"""The reference that comes with the package."""

STAGES = (Stage.IMMATURE.value, Stage.INTERMEDIATE.value, Stage.MATURE.value)

_KIND = "cells"
_KEYS = (
    "kind",
    "name",
    "version",
    "title",
    "note",
    "stages",
    "prior",
    "caution",
    "features",
    "categories",
    "correlation",
    "sources",
    "sets",
    "excluded",
)
# Lowest and highest of each number of `caution`; both ends are allowed.
_CAUTION = {
    "degrees_of_freedom": (1.0, 1e6),
    "between_ratio": (0.0, 10.0),
    "between_weight": (0.0, 1e6),
    "unknown_n": (2.0, 1e6),
    "widening": (1.0, 10.0),
    "disagrees_below": (0.0, 0.5),
    "typical_at_least": (0.0, 0.5),
}
_LINK = re.compile(r"(10\.\d{4,9}/\S+|https://\S+|own data)")


def load_reference(path: Path | str | None = None) -> Reference:
    """Read and check a reference.

    Parameters
    ----------
    path : Path or str, optional
        A TOML file, as `mnephys reference fit` writes it; the published sets if omitted.

    Returns
    -------
    Reference
        Valid, with the hash of its file.

    Raises
    ------
    ReferenceSetError
        If the file cannot be read or is not valid: one line, with file, place and what to do.

    Examples
    --------
    >>> reference = load_reference()
    >>> reference.stages, list(reference.features)[:2]
    (('immature', 'intermediate', 'mature'), ['resting_membrane_potential', 'input_resistance'])
    """
    if path is None:
        return parse_reference((resources.files("mnephys.maturity.reference") / BUILT_IN).read_bytes(), BUILT_IN)
    try:
        return parse_reference(*rubric_bytes(path, BUILT_IN))
    except RubricError as error:
        raise ReferenceSetError(str(error)) from None


def parse_reference(data: bytes, file: str = "reference") -> Reference:
    """Check the bytes of a reference.

    Parameters
    ----------
    data : bytes
        TOML in UTF-8.
    file : str
        What messages call it.

    Returns
    -------
    Reference
        Valid.

    Raises
    ------
    ReferenceSetError
        If it is not: one line, with file, place and what to do.

    Examples
    --------
    >>> parse_reference(b"nmae = 'x'", "mine.toml")
    Traceback (most recent call last):
    mnephys.errors.ReferenceSetError: mine.toml: line 1: unknown key 'nmae'; the nearest is 'name'
    """
    try:
        content, sha256 = parse_toml(data, file)
        return build(_parts(Section(content.data, file, "", _KEYS, content.spot), sha256))
    except RubricError as error:
        raise ReferenceSetError(str(error)) from None


def _parts(top: Section, sha256: str) -> Parts:
    if (kind := top.text("kind", _KIND)) != _KIND:
        raise top.error(f"is a reference of {kind}", f"give one of {_KIND}")
    stages = _stages(top)
    features, categories = _features(top, stages), _categories(top)
    sources = _sources(top)
    return Parts(
        name=top.text("name"),
        version=top.text("version"),
        title=top.text("title", top.text("name")),
        note=top.text("note", ""),
        sha256=sha256,
        stages=stages,
        prior=_prior(top, stages),
        caution=_caution(top),
        features=features,
        categories=categories,
        correlations=_correlations(top, features),
        sets=parse_sets(top, stages, features, categories, sources),
        sources=sources,
    )


def _stages(top: Section) -> tuple[str, ...]:
    found = top.texts("stages")
    for stage in found:
        if stage not in STAGES:
            raise top.error(f"stages has {stage!r}", nearest(stage, STAGES))
    if len(found) < 2 or list(found) != [stage for stage in STAGES if stage in found]:
        raise top.error("stages are not two or more from least to most mature", f"write stages = {list(STAGES)}")
    return found


def _prior(top: Section, stages: tuple[str, ...]) -> np.ndarray:
    prior = np.array(top.numbers("prior") or [1.0] * len(stages))
    if len(prior) != len(stages) or np.any(prior <= 0):
        raise top.error("prior is not one positive number for each stage", f"write prior = {[1] * len(stages)}")
    normalised: np.ndarray = prior / prior.sum()
    return normalised


def _caution(top: Section) -> Caution:
    section = top.below("caution", [*_CAUTION, "reasons"])
    reasons = section.below("reasons", _CAUTION)
    values = {}
    for key, (low, high) in _CAUTION.items():
        values[key] = section.required(key)
        if not low <= values[key] <= high:
            raise section.error(f"{key} is {values[key]:g}", f"it needs to be {low:g} to {high:g}")
        reasons.text(key)
    return Caution(**values, reasons={key: reasons.text(key) for key in _CAUTION})


def _features(top: Section, stages: tuple[str, ...]) -> dict[str, Feature]:
    section, known = top.below("features"), known_features()
    found = {}
    for name in section.data:
        entry = section.below(name, ["unit", "scale", "borrow", "note"])
        if name not in known or known[name].categories:
            raise entry.error(
                f"feature {name!r} is not known", nearest(name, [n for n, c in known.items() if not c.categories])
            )
        if (unit := symbol(entry)) != known[name].unit:
            raise entry.error(f"unit is {unit}", f"write {known[name].unit}, in which this package measures it")
        scale = entry.text("scale")
        if scale not in list(Scaling):
            raise entry.error(f"scale is {scale!r}", nearest(scale, [member.value for member in Scaling]))
        found[name] = Feature(
            name, unit, Scaling(scale), known[name].magnitude, _borrow(entry, stages), entry.text("note", "")
        )
    return found


def _borrow(entry: Section, stages: tuple[str, ...]) -> dict[str, str]:
    section = entry.below("borrow", stages)
    found = {stage: section.text(stage) for stage in section.data}
    for stage, lender in found.items():
        if lender not in stages or lender == stage or lender in found:
            raise section.error(f"{stage} borrows from {lender!r}", "name a stage that has sets of its own")
    return found


def _categories(top: Section) -> dict[str, CategoryModel]:
    section, known = top.below("categories"), known_features()
    found = {}
    for name in section.data:
        entry = section.below(name, ["values", "prior_cells", "between", "note"])
        if name not in known or not known[name].categories:
            raise entry.error(
                f"feature {name!r} has no categories", nearest(name, [n for n, c in known.items() if c.categories])
            )
        values, cells, between = entry.texts("values"), entry.required("prior_cells"), entry.required("between")
        if sorted(values) != sorted(known[name].categories):
            raise entry.error("values are not the categories of the feature", f"write {list(known[name].categories)}")
        if cells <= 0:
            raise entry.error(f"prior_cells is {cells:g}", "it needs to be above 0, so that nothing is impossible")
        if not 0 <= between <= 1:
            raise entry.error(f"between is {between:g}", "it needs to be 0 to 1")
        found[name] = CategoryModel(name, values, cells, between, entry.text("note", ""))
    return found


def _correlations(top: Section, features: Mapping[str, Feature]) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for section in top.each("correlation", ["pair", "r", "reason"], "reason"):
        pair, r = tuple(sorted(section.texts("pair"))), section.required("r")
        for name in pair:
            if name not in features:
                raise section.error(f"pair has {name!r}", nearest(name, features))
        if len(set(pair)) != 2 or pair in found:
            raise section.error("pair is not two features that stand together once", "correct it")
        if not -1 < r < 1:
            raise section.error(f"r is {r:g}", "it needs to be between -1 and 1")
        section.text("reason")
        found[pair[0], pair[1]] = r
    matrix = matrix_of_pairs(list(features), found)
    if matrix.size and np.linalg.eigvalsh(matrix)[0] < SMALLEST_EIGENVALUE * (1 - 1e-9):
        raise top.error("the correlations contradict each other", "make them smaller")
    return found


def _sources(top: Section) -> dict[str, Source]:
    section = top.below("sources")
    found = {}
    for key in section.data:
        entry = section.below(key, ["citation", "link"])
        if not _LINK.fullmatch(link := entry.text("link")):
            raise entry.error(f"link {link!r} is no DOI and no https address", "write one, or 'own data'")
        found[key] = Source(entry.text("citation"), link)
    return found
