"""From a laboratory's own cells to a reference file of the same kind as that of the published sets."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from mnephys.maturity.reference.cells import OwnCells
from mnephys.maturity.reference.correlation import shrunk_correlation
from mnephys.maturity.reference.known import known_features
from mnephys.maturity.reference.model import Feature, Reference
from mnephys.maturity.reference.parse import STAGES, load_reference, parse_reference
from mnephys.maturity.reference.scales import Scaling
from mnephys.maturity.scale import Criterion
from mnephys.recording import FloatArray
from mnephys.wording import one_line

__all__ = ["fit_reference", "reference_toml"]

_MOST_FREEDOM, _LEAST_FREEDOM = 30, 3
_POSITIVE_UNITS = frozenset({"MOhm", "pF", "pA", "ms", "s", "Hz", "mV/ms"})
_REASONS = {
    "degrees_of_freedom": "As many as the stage with the fewest cells gives, at least 3 and at most 30.",
    "between_ratio": (
        "Line and batch explain a tenth of the variance of such features (10.1038/s41380-022-01866-3, median of iPSC-"
        "derived neurons): a third of the SD of cells."
    ),
    "between_weight": "The ratio above counts as much as four batches would.",
    "unknown_n": "Every set here has its number of cells.",
    "widening": "The cells are those of the same laboratory, with its own methods.",
    "typical_at_least": "A cell less likely than 1 in 100 in every stage is unlike all cells here, and gets no stage.",
    "disagrees_below": "One in ten is no support; a right stage is rarely that improbable.",
}


def fit_reference(cells: OwnCells, name: str) -> Reference:
    r"""Return the reference that a laboratory's own cells make.

    Parameters
    ----------
    cells : OwnCells
        Of two stages or more.
    name : str
        Of the reference.

    Returns
    -------
    Reference
        As if read from the file that `reference_toml` makes.

    Raises
    ------
    ReferenceSetError
        If no feature is there that can be compared between the stages.

    Examples
    --------
    >>> from mnephys.maturity.reference.cells import parse_cells
    >>> text = b"stage,ap_half_width\nimmature,7\nimmature,5\nimmature,6\nmature,1\nmature,2\nmature,1.5\n"
    >>> reference = fit_reference(parse_cells(text), "ours")
    >>> reference.stages, list(reference.features)
    (('immature', 'mature'), ['ap_half_width'])
    """
    return parse_reference(reference_toml(cells, name).encode(), name)


def reference_toml(cells: OwnCells, name: str) -> str:
    """Return the file that a laboratory's own cells make.

    Parameters
    ----------
    cells : OwnCells
        Of two stages or more.
    name : str
        Of the reference.

    Returns
    -------
    str
        TOML, with a set for each stage and batch, and the correlation that the cells show, drawn towards none.
    """
    features = _features(cells)
    rows = np.column_stack(
        [
            np.zeros((len(cells.stage), 0)),
            *(feature.scaled(cells.numbers[feature.name]) for feature in features),
        ]
    )
    stages = [stage for stage in STAGES if stage in cells.stage]
    batches = list(dict.fromkeys(cells.batch.tolist()))
    groups = np.array([stages.index(s) * len(batches) + batches.index(b) for s, b in _pairs(cells)])
    lines = [
        "# Cells of this laboratory, by stage and batch, for the second opinion on cells. Centres and spreads are on",
        "# the scale of each feature.",
        'kind = "cells"',
        f"name = {_text(name)}",
        'version = "1"',
        f"stages = [{', '.join(_text(stage) for stage in stages)}]",
        *_caution(int(min(np.count_nonzero(cells.stage == stage) for stage in stages))),
        *(line for feature in features for line in _feature(feature)),
        *(line for category in cells.categories for line in _category(known_features()[category])),
        *_correlations([feature.name for feature in features], *shrunk_correlation(rows, groups)),
        *(line for number, batch in enumerate(batches, 1) for line in _source(number, batch)),
    ]
    for number, batch in enumerate(batches, 1):
        for stage in stages:
            inside = (cells.stage == stage) & (cells.batch == batch)
            lines += _set(stage, number, features, rows[inside], {k: v[inside] for k, v in cells.categories.items()})
    return "\n".join(lines) + "\n"


def _pairs(cells: OwnCells) -> Iterator[tuple[str, str]]:
    return zip(cells.stage.tolist(), cells.batch.tolist(), strict=True)


def _features(cells: OwnCells) -> list[Feature]:
    """Return the features with numbers; scales are those of the published sets, where these have the feature."""
    published, known = load_reference().features, known_features()
    found = []
    for name in cells.numbers:
        positive = known[name].unit in _POSITIVE_UNITS
        scaling = published[name].scaling if name in published else Scaling.LOG if positive else Scaling.LINEAR
        found.append(Feature(name, known[name].unit, scaling, known[name].magnitude))
    return found


def _text(text: str) -> str:
    # The escapes of JSON are those of TOML, as long as no character stands outside of what prints.
    return json.dumps(one_line(text), ensure_ascii=False)


def _caution(fewest: int) -> list[str]:
    numbers = {
        "degrees_of_freedom": max(_LEAST_FREEDOM, min(_MOST_FREEDOM, fewest - 1)),
        "between_ratio": 0.33,
        "between_weight": 4,
        "unknown_n": 5,
        "widening": 1.0,
        "typical_at_least": 0.01,
        "disagrees_below": 0.1,
    }
    reasons = [f"{key} = {_text(reason)}" for key, reason in _REASONS.items()]
    return ["", "[caution]", *(f"{key} = {value}" for key, value in numbers.items()), "", "[caution.reasons]", *reasons]


def _feature(feature: Feature) -> list[str]:
    return ["", f"[features.{feature.name}]", f"unit = {_text(feature.unit)}", f'scale = "{feature.scaling.value}"']


def _category(criterion: Criterion) -> list[str]:
    values = ", ".join(_text(value) for value in criterion.categories)
    return ["", f"[categories.{criterion.feature}]", f"values = [{values}]", "prior_cells = 0.5", "between = 0.1"]


def _correlations(names: Sequence[str], matrix: FloatArray, shrinkage: float) -> list[str]:
    lines = []
    for i, j in itertools.combinations(range(len(names)), 2):
        if matrix[i, j]:
            why = f"as these cells show it within stage and batch, {shrinkage:.0%} towards none as they are few"
            lines += ["", "[[correlation]]", f"pair = [{_text(names[i])}, {_text(names[j])}]"]
            lines += [f"r = {float(matrix[i, j])!r}", f"reason = {_text(why)}"]
    return lines


def _source(number: int, batch: str) -> list[str]:
    citation = f"own cells, batch {batch}" if batch else "own cells"
    return ["", f"[sources.batch_{number}]", f"citation = {_text(citation)}", 'link = "own data"']


def _set(
    stage: str, number: int, features: Sequence[Feature], rows: FloatArray, categories: Mapping[str, np.ndarray]
) -> list[str]:
    """Return one set, none where it has no value."""
    values = []
    for feature, column in zip(features, rows.T, strict=True):
        seen = column[np.isfinite(column)]
        spread = float(seen.std(ddof=1)) if seen.size > 1 else 0.0
        if seen.size:
            stated = f", spread = {spread!r}" if spread > 0 else ""
            values.append(f"{feature.name} = {{ centre = {float(seen.mean())!r}{stated}, n = {seen.size} }}")
    for name, column in categories.items():
        words, counts = np.unique(column[column != ""], return_counts=True)
        total = int(counts.sum())
        entries = ", ".join(
            f'{{ one_of = ["{word}"], fraction = {count / total!r}, n = {total} }}'
            for word, count in zip(words.tolist(), counts.tolist(), strict=True)
        )
        if total:
            values.append(f"{name} = [{entries}]")
    head = [f'id = "{stage}_{number}"', f'stage = "{stage}"', f'source = "batch_{number}"', 'basis = "seen"']
    return ["", "[[sets]]", *head, "[sets.values]", *values] if values else []
