"""The committed page on wells: its words are those that are written, its claims hold in its own tables.

Its statistics are compared with plain slow ones.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, spearmanr

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "benchmarks"


def loaded(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def bench():
    statistics, cohorts = loaded("wells_statistics"), loaded("wells_cohorts")
    module = loaded("maturity_wells")
    yield module
    for one in (module, cohorts, statistics):
        del sys.modules[one.__name__]


@pytest.fixture(scope="module")
def statistics(bench):
    assert bench
    return sys.modules["wells_statistics"]


@pytest.fixture(scope="module")
def committed():
    return (ROOT / "docs" / "maturity_wells.md").read_text()


@pytest.fixture(scope="module")
def tables(committed):
    """Rows of each table by the heading above it, each a list of cells."""
    found, heading = {}, ""
    for line in committed.splitlines():
        if line.startswith("#"):
            heading = line.strip("# ")
        elif line.startswith("| "):
            found.setdefault(heading, []).append([cell.strip() for cell in line.strip("|").split(" | ")])
    return found


def numbers(cell):
    return [float(number) for number in re.findall(r"-?\d+\.\d+", cell)]


def test_the_committed_page_has_the_words_and_the_rows_that_are_written(bench, committed):
    """Of no plates the page has every word and every row but those of single metrics, and no value."""
    bare = "\n".join(bench.page(bench.Material())).splitlines()
    named = [line for line in committed.splitlines() if not re.match(r"\| [a-z0-9_]+ \| \d", line)]
    assert len(named) == len(bare)
    for expected, line in zip(bare, named, strict=True):
        cells = zip(expected.split("|"), line.split("|"), strict=True)
        assert all(shown == asked for asked, shown in cells if asked.strip() != bench.UNKNOWN), line


def test_no_goal_hides_and_each_is_judged_by_its_own_figure(bench, tables):
    goals = tables["Goals"][1:]
    assert len(goals) == len(list(bench.goals(bench.Material())))
    for what, bound, found, reached in goals:
        holds = float(found) <= float(bound) if what.endswith("at most") else float(found) >= float(bound)
        assert reached == ("yes" if holds else "**no**")
    assert all(reached == "yes" for what, *_, reached in goals if "alone" not in what)


def test_the_index_tells_old_from_young_no_better_than_a_count(tables):
    rows = {(row[0], row[1]): numbers(row[2]) for row in tables["Human motor neurons"][1:]}
    index, count = rows["both lines", "maturity index"], rows["both lines", "spike count"]
    assert index[1] < count[0] < index[2]


def test_what_is_said_of_the_lines_holds(tables):
    rows = {(int(row[0]), row[1]): row for row in tables["A disease line against its control"][1:]}
    for day in (15, 21, 28, 34):
        assert numbers(rows[day, "rate"][2])[1] > 0
        assert numbers(rows[day, "synchrony: index of the vendor"][2])[1] < 0
        assert numbers(rows[day, "index"][2])[1] < 0
    for day in (21, 28, 34):
        assert numbers(rows[day, "synchrony: index of the vendor"][2])[2] < 0
        assert numbers(rows[day, "index"][3])[2] < 0
    for day in (15, 21):
        assert numbers(rows[day, "bursts: share of spikes"][2])[1] > 0
        assert numbers(rows[day, "network bursts: share of spikes"][2])[1] > 0
        assert numbers(rows[day, "second opinion"][2])[1] > 0
    assert numbers(rows[34, "index"][2])[2] < 0


def test_a_count_does_not_see_that_the_network_is_gone(tables):
    (_, *index), (_, *count) = tables["Same spikes, no network"][1:]
    assert float(index[0]) > 0.95
    assert (count[0], count[1]) == ("0.500", count[2])


def test_the_figures_of_the_page_are_those_of_the_data(bench, tables, data):
    """Measured again: point by point, and with statistics of scipy."""
    folder = data("mea/motor_neuron_neural_metrics")
    cohort = bench.measured_cohort(folder, folder / "samples.csv", None, lambda score: score["subject"])
    shown = {row[1]: row for row in tables["Human motor neurons"][1:] if row[0] == "both lines"}
    young, old = bench.split(cohort, 14, 26)
    for name in (*bench.SCORES, "spike_count"):
        values = bench.values_of(cohort, name)
        wins = mannwhitneyu(values[old], values[young]).statistic / (old.sum() * young.sum())
        each = [spearmanr(values[cohort.well == w], cohort.day[cohort.well == w]).statistic for w in set(cohort.well)]
        row = shown[name.replace("_", " ")]
        assert numbers(row[2])[0] == pytest.approx(wins, abs=6e-4)
        assert numbers(row[3])[0] == pytest.approx(np.nanmedian(each), abs=6e-4)
    single = {row[0]: row for row in tables["Every single metric of human motor neurons"][1:]}
    assert set(single) <= set(cohort.metrics)
    assert len(single) > 40


def test_draws_take_whole_wells(statistics):
    """Against a slow bootstrap of the same draws; holes and ties included."""
    rng = np.random.default_rng(1)
    well = np.repeat([f"w{i}" for i in range(6)], 8)
    day = np.tile(np.arange(8.0), 6)
    values = np.round(day / 3 + rng.normal(size=48), 1)
    values[rng.random(48) < 0.1] = np.nan
    young, old = day <= 2, day >= 5
    found = statistics.separation(values, well, young, old)
    slow = []
    for draw in statistics.drawn_wells(6):
        rows = np.concatenate([np.flatnonzero(well == f"w{i}") for i in draw])
        a, b = values[rows][old[rows]], values[rows][young[rows]]
        a, b = a[np.isfinite(a)], b[np.isfinite(b)]
        slow.append(mannwhitneyu(a, b).statistic / (a.size * b.size))
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(slow, statistics.BOUNDS)))
    assert found.low < found.value < found.high


def test_the_interval_of_one_number_per_well_covers_as_often_as_it_says(statistics):
    """Days that repeat a well are no new wells: the interval is as wide as that of the wells alone."""
    rng = np.random.default_rng(2)
    well, day = np.repeat(np.arange(20), 2), np.tile([1.0, 9.0], 20)
    values = rng.normal(size=20)[well // 1] + day / 9 + 0.1 * rng.normal(size=40)
    once = statistics.separation(values, well, day < 5, day > 5)
    many = [np.repeat(v, 5) for v in (values, well, day)]
    again = statistics.separation(many[0], many[1], many[2] < 5, many[2] > 5)
    assert (again.low, again.high) == pytest.approx((once.low, once.high))


def test_the_median_course_over_wells(statistics):
    rng = np.random.default_rng(3)
    well, day = np.repeat(np.arange(7), 9), np.tile(np.arange(9.0), 7)
    values = day + 4 * rng.normal(size=63)
    values[well == 6] = np.nan
    each = np.array([spearmanr(values[well == w], day[well == w]).statistic for w in range(6)] + [np.nan])
    found = statistics.course(values, well, day)
    assert found.value == pytest.approx(np.nanmedian(each))
    slow = [np.nanmedian(each[draw]) for draw in statistics.drawn_wells(7) if np.isfinite(each[draw]).any()]
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(slow, statistics.BOUNDS)))


def test_effects_and_those_at_equal_rate(statistics):
    rng = np.random.default_rng(4)
    rate_a, rate_b = rng.lognormal(1, 0.5, 2000), rng.lognormal(0, 0.5, 1000)
    a = 2 * np.log(rate_a) + rng.normal(size=2000)
    b = 2 * np.log(rate_b) + rng.normal(size=1000)
    pooled = np.sqrt((1999 * a.var(ddof=1) + 999 * b.var(ddof=1)) / 2998)
    assert statistics.difference(a, b).value == pytest.approx((a.mean() - b.mean()) / pooled, rel=1e-3)
    assert abs(statistics.difference_at_rate(a, b, rate_a, rate_b).value) < 0.1
    shifted = statistics.difference_at_rate(a + 1, b, rate_a, rate_b)
    assert shifted.value == pytest.approx(1, abs=0.1)
    assert shifted.low < 1 < shifted.high
    assert str(statistics.difference(a[:2], b)) == "-"


def test_traded_places_are_another_plate_and_give_the_same_wells(bench):
    import mnephys
    from mnephys.recording import LAYOUTS, PlateRecording, SpikeTrains
    from mnephys.recording.plate import electrodes_of

    layout = LAYOUTS["6-well"]
    electrodes = electrodes_of(layout)
    rng = np.random.default_rng(5)
    lists = [np.sort(rng.uniform(0, 60, 20 + 10 * i)) for i in range(len(electrodes))]
    trains = SpikeTrains.from_lists(lists, groups=electrodes["well"], start=0.0, stop=60.0)
    plate = PlateRecording(layout, electrodes, trains)
    other, to = bench.permuted(plate, 0)
    assert any(a != b for a, b in to.items())
    before, after = (
        {row.id: row.value for row in mnephys.extract(p).select("spike_count", level="well")} for p in (plate, other)
    )
    assert before == {well: after[to[well]] for well in before}
    assert len(set(before.values())) == 6
    moved = bench.shifted(plate, 0)
    assert moved.trains.counts.tolist() == trains.counts.tolist()
    assert not np.array_equal(moved.trains.times, trains.times)
    gaps = [np.sort(np.diff(t)) for t in (lists[3], np.split(moved.trains.times, moved.trains.offsets[1:-1])[3])]
    assert np.isin(np.round(gaps[1], 6), np.round(gaps[0], 6)).mean() > 0.9
