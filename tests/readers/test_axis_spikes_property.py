"""Spike records of any kind against a reference that sorts them all at once."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mnephys.readers.axis import spike_records
from mnephys.readers.axis.blocks import SPIKES, DataSet
from mnephys.readers.axis.spike_records import spike_record
from mnephys.readers.axis.spikes import LEEWAY, SpikeTable, read_spikes
from mnephys.readers.binary import BinaryFile

RATE, MICROVOLTS = 12500.0, -0.05
LEAD = b"xyz"
DTYPES = ("<i2", "<i4", "<f4", "<f8")


@dataclass(frozen=True, slots=True)
class Case:
    """Records of any kind, and what is known of them."""

    data_set: DataSet
    records: NDArray[np.void]
    row_of_code: NDArray[np.int64]
    n_electrodes: int
    duration: float | None

    def read(self) -> SpikeTable:
        # Behind the last record stand so many bytes as its length states, which are none of a record.
        rest = self.data_set.length - self.records.nbytes
        content = LEAD + self.records.tobytes() + bytes(rest)
        file = BinaryFile("p.spk", io.BufferedReader(io.BytesIO(content)), len(content))
        return read_spikes(file, self.data_set, self.row_of_code, self.n_electrodes, self.duration)

    @property
    def times(self) -> NDArray[np.float64]:
        return (self.records["sample"] + self.records["trigger"]) / RATE

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Spikes of electrodes, without those long after the end, unless most are."""
        known = self.row_of_code[self.records["code"]] >= 0
        if self.duration is None:
            return known
        late = known & (self.times > self.duration + LEEWAY)
        return known if 2 * late.sum() > known.sum() else known & ~late


def any_records(rng: np.random.Generator) -> Case:
    n, n_samples, n_electrodes = int(rng.integers(300)), int(rng.integers(1, 8)), int(rng.integers(1, 400))
    dtype = np.dtype(DTYPES[rng.integers(len(DTYPES))])
    header_bytes = 30 + int(rng.integers(5))
    scale = MICROVOLTS * 1e-6
    data_set = DataSet(
        "", "", SPIKES, dtype, RATE, scale, n_samples=n_samples, header_bytes=header_bytes, start=len(LEAD)
    )
    rest = int(rng.integers(data_set.block_bytes))
    data_set = replace(data_set, length=n * data_set.block_bytes + rest)
    records = np.zeros(n, spike_record(data_set))
    # Less than 10 s before the start, beyond which no spike is believed.
    records["sample"] = rng.integers(-3000, 60 * 12500, n)
    if rng.random() < 0.6:
        records["sample"].sort()
    records["code"] = rng.integers(60, size=n) * 7
    one_place = rng.random() < 0.7
    records["trigger"] = rng.integers(n_samples) if one_place else rng.integers(-1, n_samples + 1, n)
    records["waveform"] = rng.integers(-3000, 3000, (n, n_samples))
    row_of_code = np.full(1 << 16, -1)
    row_of_code[rng.choice(420, 300, replace=False)] = rng.integers(n_electrodes, size=300)
    return Case(data_set, records, row_of_code, n_electrodes, (None, 60.0, 30.0, 20.0)[rng.integers(4)])


@pytest.mark.parametrize("piece_bytes", [50, 200, 1000, 5000])
def test_trains_are_those_of_a_sort_of_all_records(monkeypatch, piece_bytes):
    monkeypatch.setattr(spike_records, "_PIECE_BYTES", piece_bytes)
    rng = np.random.default_rng(piece_bytes)
    for _ in range(100):
        case = any_records(rng)
        table = case.read()
        rows = case.row_of_code[case.records["code"]]
        (kept,) = np.nonzero(case.kept)
        order = kept[np.lexsort((kept, case.times[kept], rows[kept]))]
        np.testing.assert_array_equal(table.times, case.times[order])
        np.testing.assert_array_equal(table.records, order)
        np.testing.assert_array_equal(np.diff(table.offsets), np.bincount(rows[kept], minlength=case.n_electrodes))
        assert table.offsets[0] == 0

        trigger, waveform = case.records["trigger"][order], case.records["waveform"][order]
        n_samples = waveform.shape[1]
        within = (trigger >= 0) & (trigger < n_samples)
        at = np.clip(trigger, 0, n_samples - 1)
        expected = np.where(within, waveform[np.arange(order.size), at] * MICROVOLTS, np.nan)
        np.testing.assert_allclose(table.amplitudes, expected, rtol=1e-6)
        whole = (rows >= 0).all() and case.kept.all() and within_waveform(case).all()
        assert bool(table.problems) == (not whole)


def within_waveform(case: Case) -> NDArray[np.bool_]:
    trigger = case.records["trigger"]
    return (trigger >= 0) & (trigger < case.data_set.n_samples)
