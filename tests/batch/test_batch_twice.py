"""The same inputs give the same bytes, whether a recording was just measured or comes from the store."""

from __future__ import annotations

from mnephys.batch.discover import find_recordings
from mnephys.batch.run import Run, run
from mnephys.batch.store import Store
from mnephys.export.tables import features_csv, spikes_csv
from mnephys.maturity import load_rubrics
from mnephys.simulate import simulate_cells, simulate_plate


def test_a_second_run_gives_the_same_tables_and_scores(tmp_path):
    folder = tmp_path / "in"
    # A silent cell has no action potential, whose columns are empty.
    simulate_cells(["silent", "mature"], folder)
    simulate_plate(tmp_path / "in" / "plate", days=(14,), layout="6-well", duration=10.0)
    found = find_recordings([folder])
    results = []
    for _ in range(2):
        with Store(tmp_path / "out") as store:
            results.append(run(Run(found, load_rubrics()), store))
    first, second = results
    assert spikes_csv(first.table) == spikes_csv(second.table) != ""
    assert features_csv(first.table) == features_csv(second.table)
    assert first.scores == second.scores
    assert first.failures == second.failures == {}
