"""From plate files to scores, beside py-mea-axion's and elephant's metrics of the same spike trains, in one run.

mnephys reads the files and measures every electrode and well, which gives the table, and once more from the files,
keeping what it finds as the command line does, also scores the wells: all of it is timed. The peers get the
trains in memory, and only their own work is timed: py-mea-axion's rates, bursts, network bursts and tiling
coefficients, and elephant's rates, coefficients of variation and tiling coefficients (it has no bursts; of its
coefficients a sample of pairs is timed and the time of all pairs is worked out from it, since all take minutes).
The recordings are real ones (``MNEPHYS_DATA``) or, without them, simulated. Only the ratios mean anything.

Run ``python benchmarks/plates.py`` or, for a short check, ``python benchmarks/plates.py --quick``.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

import mnephys
from mnephys.batch.discover import find_recordings
from mnephys.batch.run import Run, run
from mnephys.batch.store import Store
from mnephys.maturity import load_rubrics
from mnephys.mea import measure_plate, sttc
from mnephys.pipeline import DEFAULT_DEFINITIONS, extract
from mnephys.recording import PlateRecording

WINDOW = 0.05
LIMIT = 0.1
TABLE_LIMIT = 0.05
TILING_LIMIT = 0.01


def plates(folder: Path) -> list[Path]:
    """Return the recordings: real ones, or simulated ones in a folder."""
    root = os.environ.get("MNEPHYS_DATA")
    if root:
        return sorted((Path(root) / "mea" / "spike_trains_hdf5").glob("*.h5"))
    print("MNEPHYS_DATA is not set: simulated plates instead of real ones")
    return mnephys.simulate.simulate_plate(folder, days=(14, 28), layout="48-well", duration=120.0)


def own_score(files: list[Path]) -> int:
    """Go from files to scores, as the command line does without writing; return the number of wells scored."""
    with Store() as store:
        result = run(Run(find_recordings(files), load_rubrics()), store)
    assert not result.failures
    return sum(score["level"] == "well" and score["maturity_index"] is not None for score in result.scores)


def own_table(files: list[Path]) -> int:
    """Go from files to the tables of all metrics; return how many rows they have."""
    return sum(len(extract(mnephys.read(file))) for file in files)


def trains_of(plate: PlateRecording) -> dict[str, np.ndarray]:
    """Return the spike times of each electrode that has some, from the start of the recording."""
    columns = plate.trains
    names = zip(plate.electrodes["well"], plate.electrodes["label"], strict=True)
    split = np.split(columns.times - columns.start, columns.offsets[1:-1])
    return {f"{well}_{label}": times for (well, label), times in zip(names, split, strict=True) if times.size}


def axion_time(trains: dict[str, np.ndarray], duration: float) -> float:
    """Return how long py-mea-axion takes for all of its metrics of a plate."""
    from py_mea_axion.pipeline import MEAExperiment

    begin = time.perf_counter()
    MEAExperiment.from_spikes(trains, duration, sttc_dt_s=WINDOW).run()
    return time.perf_counter() - begin


def elephant_time(
    trains: dict[str, np.ndarray], duration: float, pairs_timed: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Return how long elephant takes for rates and CVs, and for the tiling coefficients of all pairs within wells."""
    import neo
    import quantities as pq
    from elephant.spike_train_correlation import spike_time_tiling_coefficient
    from elephant.statistics import cv, isi, mean_firing_rate

    made = {name: neo.SpikeTrain(times * pq.s, t_stop=(duration + 1) * pq.s) for name, times in trains.items()}
    begin = time.perf_counter()
    for train in made.values():
        mean_firing_rate(train)
        if len(train) > 2:
            cv(isi(train))
    once = time.perf_counter() - begin
    names = sorted(made)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[:i] if a.split("_")[0] == b.split("_")[0]]
    if not pairs:
        return once, 0.0
    sample = rng.choice(len(pairs), min(pairs_timed, len(pairs)), replace=False)
    begin = time.perf_counter()
    for i in sample:
        spike_time_tiling_coefficient(made[pairs[i][0]], made[pairs[i][1]], dt=WINDOW * pq.s)
    return once, (time.perf_counter() - begin) * len(pairs) / sample.size


def main(most: int | None, pairs_timed: int) -> None:
    """Print the table, and fail where mnephys needs more of a peer's time than the limits allow."""
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        files = plates(Path(folder))[-most:] if most else plates(Path(folder))
        own_score(files[:1])
        begin = time.perf_counter()
        wells = own_score(files)
        own = time.perf_counter() - begin
        begin = time.perf_counter()
        rows = own_table(files)
        table = time.perf_counter() - begin
        axion = elephant = elephant_tiling = core = tiling = 0.0
        spikes = 0
        for file in files:
            plate = mnephys.read(file)
            assert isinstance(plate, PlateRecording)
            trains, duration = trains_of(plate), max(plate.duration, 60.0)
            spikes += plate.trains.n_spikes
            begin = time.perf_counter()
            measure_plate(plate, DEFAULT_DEFINITIONS)
            core += time.perf_counter() - begin
            begin = time.perf_counter()
            sttc(plate.trains, WINDOW)
            tiling += time.perf_counter() - begin
            axion += axion_time(trains, duration)
            once, pairs = elephant_time(trains, duration, pairs_timed, rng)
            elephant += once + pairs
            elephant_tiling += pairs
    print(f"{len(files)} recordings, {wells} wells scored, {rows} rows, {spikes} spikes")
    print(f"{'':52}{'share of py-mea-axion':>22}{'share of elephant':>20}")
    for name, seconds in (
        ("mnephys, files to table", table),
        ("mnephys, files to scores", own),
        ("mnephys, every metric of the trains", core),
        ("mnephys, tiling coefficients of all pairs", tiling),
    ):
        print(f"{name:52}{seconds / axion:22.4f}{seconds / elephant:20.4f}")
    print(f"{'py-mea-axion, every metric of the trains':52}{1:22}{axion / elephant:20.4f}")
    if tiling and elephant_tiling:
        print(f"tiling coefficients: {elephant_tiling / tiling:.0f} times as fast as elephant's")
    if not os.environ.get("MNEPHYS_DATA"):
        print("simulated plates hold so few spikes that reading and scoring outweigh them: nothing is asserted")
        return
    assert tiling < TILING_LIMIT * elephant_tiling, f"all pairs take {tiling / elephant_tiling:.4f} of elephant's time"
    for name, peer in (("py-mea-axion", axion), ("elephant", elephant)):
        assert own < LIMIT * peer, f"files to scores take {own / peer:.3f} of the time of {name}, not under {LIMIT}"
        assert table < TABLE_LIMIT * peer, f"files to table take {table / peer:.3f} of {name}, not under {TABLE_LIMIT}"


if __name__ == "__main__":
    if "--quick" in sys.argv[1:]:
        main(2, 30)
    else:
        main(None, 100)
