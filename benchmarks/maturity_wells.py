"""How far the score of a network can be trusted: published plates, on which nothing is fitted.

Prints the page `docs/maturity_wells.md`, which says what is compared. Run ``python benchmarks/maturity_wells.py`` with
``MNEPHYS_DATA`` set; with ``--table FILE`` the page is also written there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from wells_cohorts import Cohort, indices_of, measured_cohort, permuted, shifted
from wells_statistics import Estimate, course, difference, difference_at_rate, separation

import mnephys
from mnephys.maturity import load_network_rubric

Array = np.ndarray
UNKNOWN = "-"
DISEASE, CONTROL = "39b", "39b-corrected"
DAYS = (15, 21, 28, 34)
PERMUTATIONS = 3
PLATE_PATTERN = "(?P<plate>.*)_DIV(?P<div>[0-9]+)"
SCORES = {
    "maturity index": "index",
    "index without rate-like metrics": "without_rate",
    "synchrony alone": "synchrony",
    "second opinion": "opinion",
}
LINE_METRICS = {
    "rate": "mean_firing_rate",
    "index": "maturity index",
    "index without rate-like metrics": "index without rate-like metrics",
    "second opinion": "second opinion",
    "synchrony: index of the vendor": "synchrony_index",
    "synchrony: area under the normalised cross-correlation": "area_under_normalized_cross_correlation",
    "bursts: share of spikes": "burst_percentage",
    "bursts: duration": "burst_duration",
    "network bursts: share of spikes": "network_burst_percentage",
    "network bursts: duration": "network_burst_duration",
    "network bursts: spikes on each electrode": "spikes_per_network_burst_per_electrode",
    "intervals: coefficient of variation": "isi_cv",
}

HEAD = """# How far the score of a network can be trusted

`python benchmarks/maturity_wells.py --table docs/maturity_wells.md` writes this page; nothing in it is written by hand.

Published plates are scored with the built-in rubric as it is. Nothing is fitted to them here, but **this is no
validation**: the cuts of the rubric were once chosen by looking at the same motor neurons, and those of the spike time
tiling coefficient at the same plates of rat cortex. And **days are no proof of maturity**: cultures that grow older may
change without maturing, and wells of one plate and one differentiation grow old together. What this page shows is
whether the index follows age where it should, what it adds to counting spikes, and what misleads it.

AUC is the chance that an old well is higher than a young one (0.5: by chance alone). Rho is Spearman's rank correlation
with the day, the median over wells. In brackets 95 % intervals from 2,000 draws of whole wells, all days of a well
together. They speak for other wells of these plates, not for other plates, differentiations or laboratories.
"""
GOALS = """
## Goals

The goals are for both lines together; what each line reaches alone stands below them.
"""
ADDS = """
## What it adds to a spike count

**In telling old wells from young ones: nothing.** A plain count of spikes does so as well as the index, as the tables
below show, and some single metrics of these sets do no worse. What the index adds is this:

* It falls where a count does not: with the same spikes on every electrode, but each train shifted by a time of its own,
  an old well is no longer called organised (*Same spikes, no network*).
* It follows the day without anything rate-like. Left are the share of spikes in bursts, the share in network bursts and
  synchrony; the number of active electrodes, which of them are active, and all rates and counts are as if never
  measured. Not even this is free of the rate: spikes stand closer as cells fire more.
* Of the one pair of lines at hand it does not call the disease line more mature because that fires more (*A disease
  line against its control*).
* It has the same cuts for every plate, and says which of them a well did not meet.
"""
HUMAN = """
## Human motor neurons

39b (SOD1-A4V) and its isogenic control 39b-corrected: 32 wells, 12 days, one plate, one differentiation, the metrics
that the vendor's program exported. Young: to day 14. Old: from day 26. The second opinion is learnt from the wells of
the control line; each of these is judged by what was learnt from the others.
"""
RAT = """
## Rat cortex

Two plates of 48 wells, days 2 to 20, measured from spikes. Young: to day 5. Old: from day 12. The files state no
duration, so that there are no rates. The second opinion on each plate is learnt from the other one.
"""
SINGLE = """
### Every single metric of {what}

Where a metric is not defined, as the duration of bursts in a well without bursts, there are two ways: leave the well
out (*known*: the share that is left), or take it as 0, as exports write it. Below 0.5 a metric falls with age.
"""
LINES = """
## A disease line against its control

39b (SOD1-A4V) minus 39b-corrected on the same day, 20 against 12 wells, in standard deviations (Hedges' g). Beside it
the same *at equal rate*: what is left when the slope on the logarithm of the firing rate within the lines is taken out.
Both lines are of one age, so that nothing here is a difference in age. The disease line fires more. **Rate is
confounded with disease, and so is whatever rises with it.**
"""
LINES_TOLD = """
Rate alone would call the disease line the older one on each of these days. Its synchrony is not higher on any of them,
and lower from day 21. The shares of spikes in bursts follow the rate at first, and would mislead too. The index is
mixed of both, and limited by synchrony: beyond chance it is no higher in the disease line on any of these days, and
lower on day 34; at equal rate it is lower from day 21. The second opinion, which takes in rate like any other metric,
is misled on days 15 and 21. Whether the disease line matures late or is diseased, no recording of a plate can tell.
"""
SURROGATES = """
## Same spikes, no network

Old wells of rat cortex, and the same with each train shifted around the recording by a time of its own: spikes, rates
and intervals of each electrode stay, what the electrodes do together goes. AUC of intact against shifted wells.
"""
INVARIANCE = """
## Wells and electrodes in other places

Largest change of the index of any well when the wells of a plate, and the electrodes of each, trade places.
"""


@dataclass(frozen=True, eq=False)
class Material:
    """What is compared; without it the page has all its words and no value."""

    human: Cohort | None = None
    rat: Cohort | None = None
    surrogates: tuple[Array, Array, Array, Array] | None = None
    moved: tuple[float, float] | None = None


def split(cohort: Cohort, young: float, old: float) -> tuple[Array, Array]:
    return cohort.day <= young, cohort.day >= old


def values_of(cohort: Cohort, name: str) -> Array:
    return getattr(cohort, SCORES[name]) if name in SCORES else cohort.metrics[name]


def follows(cohort: Cohort | None, name: str, young: float, old: float) -> tuple[Estimate | str, Estimate | str]:
    """Return AUC and rho."""
    if cohort is None:
        return UNKNOWN, UNKNOWN
    values = values_of(cohort, name)
    return separation(values, cohort.well, *split(cohort, young, old)), course(values, cohort.well, cohort.day)


def score_table(groups: dict[str, Cohort | None], young: float, old: float) -> Iterator[str]:
    yield "| wells | what | AUC | rho with the day |"
    yield "|---|---|---|---|"
    for group, cohort in groups.items():
        for name in (*SCORES, "spike_count"):
            auc, rho = follows(cohort, name, young, old)
            yield f"| {group} | {name.replace('_', ' ')} | {auc} | {rho} |"


def single_table(cohort: Cohort | None, young: float, old: float) -> Iterator[str]:
    yield "| metric | known (%) | AUC where known | AUC, undefined as 0 | rho with the day |"
    yield "|---|---|---|---|---|"
    if cohort is None:
        return
    ages = split(cohort, young, old)
    for name, values in cohort.metrics.items():
        known = np.isfinite(values)
        aucs = [separation(v, cohort.well, *ages) for v in (values, np.where(known, values, 0.0))]
        rho = course(values, cohort.well, cohort.day)
        yield f"| {name} | {100 * known.mean():.0f} | {aucs[0]} | {aucs[1]} | {rho} |"


def line_table(cohort: Cohort | None) -> Iterator[str]:
    yield "| day | what | difference | at equal rate |"
    yield "|---|---|---|---|"
    for day in DAYS:
        for label, name in LINE_METRICS.items():
            raw: Estimate | str = UNKNOWN
            equal: Estimate | str = UNKNOWN
            if cohort is not None:
                pair = [cohort.where((cohort.day == day) & (cohort.line == line)) for line in (DISEASE, CONTROL)]
                values, rates = [values_of(c, name) for c in pair], [c.metrics["mean_firing_rate"] for c in pair]
                raw = difference(*values)
                equal = UNKNOWN if label == "rate" else difference_at_rate(*values, *rates)
            yield f"| {day} | {label} | {raw} | {equal} |"


def surrogate_table(parts: tuple[Array, Array, Array, Array] | None) -> Iterator[str]:
    yield "| what | AUC | median intact | median shifted |"
    yield "|---|---|---|---|"
    for i, what in enumerate(("maturity index", "spike count")):
        if parts is None:
            yield f"| {what} | {UNKNOWN} | {UNKNOWN} | {UNKNOWN} |"
            continue
        intact, other = parts[2 * i], parts[2 * i + 1]
        wins = np.mean((intact[:, None] > other) + 0.5 * (intact[:, None] == other))
        yield f"| {what} | {wins:.3f} | {np.median(intact):.2f} | {np.median(other):.2f} |"


def goals(material: Material) -> Iterator[tuple[str, float, float | None]]:
    """Yield what is asked, the bound, and what was measured."""
    human, rat = material.human, material.rat
    auc, rho = follows(human, "maturity index", 14, 26)
    bare, _ = follows(human, "index without rate-like metrics", 14, 26)
    other, _ = follows(rat, "maturity index", 5, 12)
    asked = [
        ("human motor neurons, AUC of the index, at least", 0.985, auc),
        ("human motor neurons, median rho of the index, at least", 0.95, rho),
        ("human motor neurons, AUC without rate-like metrics, at least", 0.96, bare),
        ("rat cortex, AUC of the index, at least", 0.96, other),
    ]
    for line in (DISEASE, CONTROL):
        of_line = None if human is None else human.where(human.line == line)
        auc, rho = follows(of_line, "maturity index", 14, 26)
        asked += [(f"the line {line} alone, AUC of the index, at least", 0.985, auc)]
        asked += [(f"the line {line} alone, median rho of the index, at least", 0.95, rho)]
    for what, bound, found in asked:
        yield what, bound, found.value if isinstance(found, Estimate) else None
    for i, what in enumerate(("exports", "spikes")):
        moved = None if material.moved is None else material.moved[i]
        yield f"wells and electrodes permuted, {what}, change of the index, at most", 0.02, moved


def goal_table(material: Material) -> Iterator[str]:
    yield "| goal | bound | measured | reached |"
    yield "|---|---|---|---|"
    for what, bound, found in goals(material):
        if found is None:
            yield f"| {what} | {bound:g} | {UNKNOWN} | {UNKNOWN} |"
            continue
        reached = found <= bound if what.endswith("at most") else found >= bound
        yield f"| {what} | {bound:g} | {found:.3f} | {'yes' if reached else '**no**'} |"


def page(material: Material) -> Iterator[str]:
    """Yield the lines."""
    human, rat = material.human, material.rat
    rubric = load_network_rubric()
    lines = {line: None if human is None else human.where(human.line == line) for line in (DISEASE, CONTROL)}
    yield HEAD
    yield f"Scored with the rubric {rubric.name} {rubric.version}."
    yield GOALS
    yield from goal_table(material)
    yield ADDS + HUMAN
    yield from score_table({"both lines": human, **lines}, 14, 26)
    yield LINES
    yield from line_table(human)
    yield LINES_TOLD + RAT
    yield from score_table({"both plates": rat}, 5, 12)
    yield SURROGATES
    yield from surrogate_table(material.surrogates)
    yield INVARIANCE
    yield "| plates | largest change |"
    yield "|---|---|"
    for i, what in enumerate(("exports of human motor neurons", "spikes of rat cortex")):
        yield f"| {what} | {UNKNOWN if material.moved is None else f'{material.moved[i]:.3f}'} |"
    for what, cohort, ages in (("human motor neurons", human, (14, 26)), ("rat cortex", rat, (5, 12))):
        yield SINGLE.format(what=what)
        yield from single_table(cohort, *ages)


def largest_change(files: list[Path]) -> float:
    """Return how far the index of any well moves when places are traded."""
    moved = 0.0
    for file in files:
        plate = mnephys.read(file)
        before = indices_of(plate)
        for seed in range(PERMUTATIONS):
            other, to = permuted(plate, seed)
            after = indices_of(other)
            assert set(after) == {to[well] for well in before}
            moved = max([moved, *(abs(index - after[to[well]]) for well, index in before.items())])
    return moved


def intact_and_shifted(files: list[Path]) -> tuple[Array, Array, Array, Array]:
    """Return indices and spike counts of wells as they are, and with shifted trains."""
    parts: tuple[list[float], ...] = ([], [], [], [])
    for seed, file in enumerate(files):
        plate = mnephys.read(file)
        for side, one in enumerate((plate, shifted(plate, seed))):
            parts[side].extend(indices_of(one).values())
            counts = mnephys.extract(one).select("spike_count", level="well")
            parts[2 + side].extend(row.value for row in counts if row.value is not None)
    return tuple(np.array(part) for part in parts)  # type: ignore[return-value]  # there are four


def gathered(root: Path) -> Material:
    """Measure everything."""
    human, rat = root / "mea" / "motor_neuron_neural_metrics", root / "mea" / "spike_trains_hdf5"
    exports, spikes = sorted(human.glob("DIV*.csv")), sorted(rat.glob("*.h5"))
    old = [file for file in spikes if int(file.name.partition("_DIV")[2][:2]) >= 12]
    return Material(
        human=measured_cohort(human, human / "samples.csv", None, lambda score: score["subject"]),
        rat=measured_cohort(rat, None, PLATE_PATTERN, lambda score: score["sample"]["plate"]),
        surrogates=intact_and_shifted(old),
        moved=(largest_change(exports), largest_change(old)),
    )


def main(arguments: list[str]) -> None:
    """Print the page, and write it where asked."""
    root = os.environ.get("MNEPHYS_DATA")
    if not root:
        print("MNEPHYS_DATA is not set: there is nothing to compare", file=sys.stderr)
    lines = list(page(gathered(Path(root)) if root else Material()))
    print("\n".join(lines))
    if "--table" in arguments:
        Path(arguments[arguments.index("--table") + 1]).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
