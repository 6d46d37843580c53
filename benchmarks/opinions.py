"""What the second opinion says of the published sets, fed as cells, and how far it may be trusted.

Each set that has features with numbers, with all sets behind the opinion and without those of its own laboratory. Then
cells drawn from each set, judged by the sets of the other laboratories, for several widths of the distributions: the
log score, by which the width was chosen, and how often the probabilities come true. Then cells drawn from the
distributions themselves (a check of the arithmetic, not of the distributions), and how often a right and a wrong call
would be contradicted, by the probability below which a stage counts as contradicted. Then the time for many cells.

Run ``python benchmarks/opinions.py``.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources

import numpy as np

from mnephys.maturity.reference import Reference, load_reference, opinions, parse_reference, second_opinion
from mnephys.maturity.reference.model import ReferenceSet
from mnephys.maturity.reference.parse import BUILT_IN

N_DRAWN = 100_000
N_OF_SET = 300
WIDTHS = (0.8, 1.0, 1.1, 1.25, 1.5)
LIMITS = (0.02, 0.05, 0.1, 0.2, 0.3)


def without(source: str) -> Reference:
    """Return the reference without the sets of one source."""
    text = (resources.files("mnephys.maturity.reference") / BUILT_IN).read_text(encoding="utf-8")
    blocks = re.split(r"(?m)^(?=\[\[(?:sets|excluded)\]\])", text)
    kept = [b for b in blocks if not (b.startswith("[[sets]]") and f'source = "{source}"' in b)]
    return parse_reference("".join(kept).encode())


def said(one: ReferenceSet, reference: Reference) -> str:
    """Return the opinion on the means of a set."""
    numbers = {
        name: float(reference.features[name].scaling.back(np.array(summary.centre)))
        for name, summary in one.summaries.items()
        if name in reference.features
    }
    found = second_opinion(numbers, {}, reference)
    if not found.used:
        return f"{'nothing left':<29}"
    three = " ".join(f"{probability:.2f}" for probability in found.probabilities.values())
    return f"{found.stage or 'unlike all':<13}{three}  {len(found.used)}"


def set_table(reference: Reference) -> Iterator[str]:
    """Yield a line for each set: its stage, the opinion, and the opinion of the other laboratories."""
    yield f"{'set':<28}{'stage':<14}{'all sets: immature ... mature, n':<35}without its own laboratory"
    for one in reference.sets:
        if one.summaries:
            yield f"{one.id:<28}{one.stage:<14}{said(one, reference):<35}{said(one, without(one.source))}"


def width_table(reference: Reference) -> Iterator[str]:
    """Yield a line for each width: cells of every set with two features or more, judged by the other laboratories."""
    yield f"{'widening':<10}{'log score':<11}{'error':<8}{'right':<7}{'sure':<7}true stage below 0.1"
    left = {one.source: without(one.source) for one in reference.sets}
    for width in WIDTHS:
        judged = [
            (opinions(cells_of(one, reference, left[one.source]), {}, widened(left[one.source], width)), one.stage)
            for one in reference.sets
            if len(one.summaries) > 1
        ]
        probability = np.concatenate([found.probability for found, _ in judged])
        stage = np.repeat([reference.stages.index(stage) for _, stage in judged], N_OF_SET)
        weight = 1 / np.bincount(stage)[stage] / len(reference.stages)  # Stages count alike.
        of_true = probability[np.arange(len(stage)), stage]
        sure, right = probability.max(axis=1), probability.argmax(axis=1) == stage
        yield (
            f"{width:<10g}{np.sum(weight * np.log(of_true)):<11.3f}{calibration_error(sure, right, weight):<8.3f}"
            f"{np.sum(weight * right):<7.2f}{np.sum(weight * sure):<7.2f}{np.sum(weight * (of_true < 0.1)):.3f}"
        )


def widened(reference: Reference, width: float) -> Reference:
    """Return the reference with another width."""
    caution = replace(reference.caution, widening=width)
    return replace(reference, scale=reference.scale * width / reference.caution.widening, caution=caution)


def cells_of(one: ReferenceSet, reference: Reference, judge: Reference) -> np.ndarray:
    """Return cells drawn from the means and spreads of a set, as the columns of its judge."""
    rng = np.random.default_rng(0)
    names = list(judge.features)
    at = [list(reference.features).index(name) for name in names]
    z = rng.multivariate_normal(np.zeros(len(at)), reference.correlation[np.ix_(at, at)], size=N_OF_SET)
    rows = np.full((N_OF_SET, len(at)), np.nan)
    for column, name in enumerate(names):
        if name in one.summaries:
            centre, spread = one.summaries[name].centre, one.summaries[name].spread
            rows[:, column] = centre + (usual_spread(name, reference) if spread is None else spread) * z[:, column]
    return rows


def usual_spread(name: str, reference: Reference) -> float:
    """Return the middle of the spreads that sets print."""
    summaries = [one.summaries[name] for one in reference.sets if name in one.summaries]
    return float(np.median([s.spread for s in summaries if s.spread is not None]))


def calibration_error(sure: np.ndarray, right: np.ndarray, weight: np.ndarray) -> float:
    """Return the expected calibration error, in 15 bins of equal width."""
    bins = np.minimum((sure * 15).astype(int), 14)
    return float(np.abs(np.bincount(bins, weight * (sure - right))).sum())


def drawn(reference: Reference, n: int, missing: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities of cells drawn from the distributions, and their stage."""
    rng = np.random.default_rng(0)
    stage = rng.integers(len(reference.stages), size=n)
    nu, n_features = reference.caution.degrees_of_freedom, len(reference.features)
    z = rng.multivariate_normal(np.zeros(n_features), reference.correlation, size=n)
    rows = reference.location[stage] + z * np.sqrt(nu / rng.chisquare(nu, size=n))[:, None] * reference.scale[stage]
    rows[rng.random(rows.shape) < missing] = np.nan
    limits = np.cumsum(reference.shares["firing_pattern"], axis=1)[stage]
    pattern = (rng.random(n)[:, None] > limits).sum(axis=1)
    return opinions(rows, {"firing_pattern": pattern}, reference).probability, stage


def trust_table(reference: Reference) -> Iterator[str]:
    """Yield a line for each share of missing values."""
    below = " / ".join(f"{x:g}" for x in LIMITS)
    yield f"{'missing':<9}{'right':<7}{'error':<8}{'sure':<7}{'right call below ' + below:<53}wrong call below"
    for missing in (0.0, 0.3, 0.6):
        probability, stage = drawn(reference, N_DRAWN, missing)
        sure, right = probability.max(axis=1), probability.argmax(axis=1) == stage
        error = calibration_error(sure, right, np.full(len(sure), 1 / len(sure)))
        of_true = probability[np.arange(len(stage)), stage]
        of_wrong = np.concatenate([probability[np.arange(len(stage)), (stage + step) % 3] for step in (1, 2)])
        contradicted = [" / ".join(f"{np.mean(p < limit):.3f}" for limit in LIMITS) for p in (of_true, of_wrong)]
        start = f"{missing:<9.0%}{right.mean():<7.2f}{error:<8.4f}{sure.mean():<7.2f}"
        yield f"{start}{contradicted[0]:<53}{contradicted[1]}"
        assert error < 0.01


def main() -> None:
    """Print the tables."""
    reference = load_reference()
    print("\n".join(set_table(reference)), end="\n\n")
    print("\n".join(width_table(reference)), end="\n\n")
    print("\n".join(trust_table(reference)), end="\n\n")
    rows = np.tile(reference.location[:1], (10_000, 1))
    start = time.perf_counter()
    opinions(rows, {}, reference)
    many = time.perf_counter() - start
    start = time.perf_counter()
    for _ in range(100):
        second_opinion({"ap_amplitude": 70.0, "ap_half_width": 2.0}, {"firing_pattern": "single"}, reference)
    one = (time.perf_counter() - start) / 100
    print(f"10,000 cells at once {many * 1e3:.0f} ms, one cell with its reasons {one * 1e3:.2f} ms")


if __name__ == "__main__":
    main()
