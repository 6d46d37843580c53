"""How fast Axion files are opened and read, beside the limits of the machine, in one run.

Three ratios, each of times taken in turn in this run:

* a `.spk` of 10 million spikes, from an opened path to sorted spike trains, beside reading the same bytes in order
  without looking at them, both with nothing of the file in memory, and both with all of it there;
* opening a `.raw` of 12 GB, of which the disk holds next to nothing, beside opening one of 12 MB;
* a `.raw` second by second to microvolts in float32, beside a plain memory map with a cast and a factor.

Run ``python benchmarks/reading.py`` or, for a short check with smaller files, ``python benchmarks/reading.py --quick``.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from readers.builders.axis_data import continuous, many_spikes
from readers.builders.axis_file import channel_array, compose, sparse_raw
from readers.builders.axis_plates import CYTOVIEW_48

from mnephys.readers import read

LEAST_SPIKE_SHARE = 0.5
MOST_OPENING_RATIO = 1.5
LEAST_CHUNK_SHARE = 0.5
BLOCK = 1 << 24


def timed(what: Callable[[], object]) -> float:
    """Return how long something takes, in s."""
    begin = time.perf_counter()
    what()
    return time.perf_counter() - begin


def forget(path: Path) -> None:
    """Drop a file from the memory of the system."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def in_order(path: Path) -> None:
    """Read all bytes of a file."""
    buffer = bytearray(BLOCK)
    with path.open("rb", buffering=0) as stream:
        while stream.readinto(buffer):
            pass


def spikes(folder: Path, n_spikes: int, repeats: int) -> dict[str, float]:
    """Return the share of the machine's reading rate that a `.spk` is read at, from the disk and from memory."""
    channels = CYTOVIEW_48.channels()
    path = compose(channel_array(CYTOVIEW_48), many_spikes(n_spikes, channels)).write(folder / "many.spk")

    def into_trains() -> None:
        trains = read(path).trains
        assert trains is not None
        assert trains.n_spikes == n_spikes

    shares = {}
    for name, prepare in (("disk", forget), ("memory", in_order)):
        plain, own = [], []
        for _ in range(repeats):
            prepare(path)
            plain.append(timed(lambda: in_order(path)))
            prepare(path)
            own.append(timed(into_trains))
        shares[name] = median(plain) / median(own)
        print(
            f"{n_spikes} spikes ({path.stat().st_size / 1e9:.2f} GB) from {name}: "
            f"in order {median(plain):.3f} s, into trains {median(own):.3f} s "
            f"(fastest {min(plain):.3f} s and {min(own):.3f} s)"
        )
    path.unlink()
    return shares


def opening(folder: Path, repeats: int) -> float:
    """Return how much longer a large file takes to open than a small one."""
    small, large = folder / "small.raw", folder / "large.raw"
    sparse_raw(small, 12_000_000)
    sparse_raw(large, 12_000_000_000)
    times: dict[Path, list[float]] = {small: [], large: []}
    for _ in range(repeats):
        for path, found in times.items():
            found.append(timed(lambda path=path: read(path)))
    large.unlink()
    print(f"opening: 12 MB {median(times[small]) * 1e3:.2f} ms, 12 GB {median(times[large]) * 1e3:.2f} ms")
    return median(times[large]) / median(times[small])


def chunks(folder: Path, seconds: int, repeats: int) -> float:
    """Return the share of a plain memory map's speed that a signal is read at."""
    channels = CYTOVIEW_48.channels()
    rate, n_channels = 12_500, channels.size
    counts = np.random.default_rng(1).integers(-2000, 2000, (seconds * rate, n_channels), dtype=np.int16)
    path = compose(channel_array(CYTOVIEW_48), continuous(counts, channels)).write(folder / "dense.raw")
    signal = read(path).signal
    assert signal is not None
    scale = signal.read(0, 1)[0, 0] / counts[0, 0]
    first = path.stat().st_size - counts.nbytes
    mapped = np.memmap(path, np.int16, "r", first, counts.shape)
    starts = range(0, len(counts), rate)
    np.testing.assert_allclose(signal.read(0, rate), mapped[:rate].astype(np.float32) * scale, rtol=1e-5)

    def plain() -> None:
        for start in starts:
            mapped[start : start + rate].astype(np.float32) * scale

    def own() -> None:
        for start in starts:
            signal.read(start, start + rate)

    pairs = [(timed(plain), timed(own)) for _ in range(repeats)]
    before, after = (median(column) for column in zip(*pairs, strict=True))
    print(f"{seconds} s of {n_channels} channels in chunks of 1 s: plain map {before:.3f} s, own {after:.3f} s")
    return before / after


def main(*, quick: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shares = spikes(folder, 300_000 if quick else 10_000_000, 3 if quick else 9)
        ratio = opening(folder, 21)
        chunked = chunks(folder, 10 if quick else 40, 3 if quick else 7)
    print(f"\nspikes: {shares['disk']:.2f} of the disk's rate (at least {LEAST_SPIKE_SHARE})")
    print(f"        {shares['memory']:.2f} of the rate of copying from memory (no limit: there is no peer)")
    print(f"opening 12 GB: {ratio:.2f} times as long as 12 MB (at most {MOST_OPENING_RATIO})")
    print(f"chunks: {chunked:.2f} of a plain map's speed (at least {LEAST_CHUNK_SHARE})")
    if not quick:
        assert shares["disk"] >= LEAST_SPIKE_SHARE
        assert ratio <= MOST_OPENING_RATIO
        assert chunked >= LEAST_CHUNK_SHARE


if __name__ == "__main__":
    main(quick="--quick" in sys.argv[1:])
