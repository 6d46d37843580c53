"""The vendor's CSV exports, cut and with changed bytes: nothing but a result or a typed error, and no hang."""

from __future__ import annotations

import time

import numpy as np
import pytest
from readers.axion_exports import (
    EXPORTS,
    FOOTER,
    MOTOR,
    REAL,
    SETTINGS,
    SPIKES,
    STATISTICS,
    csv_of,
    export,
    many,
    tables,
)

from mnephys.errors import ReadError
from mnephys.measurement import Status
from mnephys.readers.axion_csv.metrics import is_metrics, read_metrics
from mnephys.readers.axion_csv.spike_list import is_spike_list, read_spike_list
from mnephys.readers.binary import open_binary
from mnephys.recording import PlateRecording
from mnephys.summary import PlateSummary

# --- spike lists ---


def survives_list(written, content: bytes) -> PlateRecording | ReadError:
    """Read bytes; anything but a recording that agrees with itself or a typed, one-line error is a failure."""
    path = written(content, "plate.csv")
    begin = time.perf_counter()
    try:
        with open_binary(path) as file:
            is_spike_list(content[:4096])
            found: PlateRecording | ReadError = read_spike_list(file)
    except ReadError as error:
        found = error
    assert time.perf_counter() - begin < 5
    if isinstance(found, ReadError):
        assert "\n" not in str(found)
        assert str(path) in str(found)
    else:
        assert found.electrodes.size == len(found.layout.wells) * len(found.layout.labels)
        assert all("\n" not in problem and len(problem) < 400 for problem in found.problems)
    return found


def test_a_list_that_was_cut_anywhere_is_read_or_refused(written):
    content = b"\xef\xbb\xbf" + csv_of([*SPIKES, *many(40, 50.0)], Description='"two\r\nlines"', footer=FOOTER)
    for end in range(1, len(content), 3):
        survives_list(written, content[:end])


def test_changed_bytes_of_a_list_cost_at_most_their_rows(written):
    content = csv_of(many(400, 50.0), Description='"two\r\nlines"', footer=FOOTER)
    head = content.index(b"\r\n")
    rng = np.random.default_rng(5)
    signs = b'",;\r\n\t -._0159AZaz\xb5\xff\x00'
    for _ in range(400):
        damaged = bytearray(content)
        n = rng.choice([1, 1, 1, 3, 20])
        for at in rng.integers(head, len(damaged), n):
            damaged[at] = signs[rng.integers(len(signs))]
        found = survives_list(written, bytes(damaged))
        if n == 1 and isinstance(found, PlateRecording):
            # A sign that becomes a line end or a delimiter may spoil a row, nothing else.
            assert found.trains.n_spikes >= 400 - 2


def test_parts_of_the_real_list_are_read_or_refused(written, data):
    content = data(REAL).read_bytes()[:60_000]
    rng = np.random.default_rng(7)
    for _ in range(40):
        start, end = sorted(rng.integers(1, len(content), 2))
        survives_list(written, content[:start])
        survives_list(written, content[:start] + rng.bytes(rng.integers(30)) + content[min(start + 200, end) :])


# --- metrics ---


def survives_metrics(written, content: bytes) -> PlateSummary | ReadError:
    """Read bytes; anything but a summary that agrees with itself or a typed, one-line error is a failure."""
    path = written(content, "plate.csv")
    begin = time.perf_counter()
    try:
        with open_binary(path) as file:
            is_metrics(content[:16384])
            found: PlateSummary | ReadError = read_metrics(file)
    except ReadError as error:
        found = error
    assert time.perf_counter() - begin < 5
    if isinstance(found, ReadError):
        assert "\n" not in str(found)
        assert str(path) in str(found)
    else:
        assert [row.id for row in found.table.select("qc_well")] == list(found.layout.wells)
        assert all("\n" not in problem and len(problem) < 400 for problem in found.problems)
        places = [(row.feature, row.level, row.id) for row in found.table]
        assert len(set(places)) == len(places)
    return found


@pytest.mark.parametrize("settings", [SETTINGS, STATISTICS.replace("\r\n", "\n")])
def test_an_export_that_was_cut_anywhere_is_read_or_refused(written, settings):
    wells, electrodes = tables(empty="0")
    content = b"\xef\xbb\xbf" + export(wells, {"Number of Spikes": electrodes["Number of Spikes"]}, settings=settings)
    for end in range(1, len(content), 53):
        survives_metrics(written, content[:end])


def test_changed_bytes_of_metrics_cost_at_most_their_rows(written):
    content = export(*tables(empty="0"))
    rng = np.random.default_rng(11)
    signs = b'",;\r\n\t -._0159AZaz\xb5\xff\x00'
    for _ in range(80):
        damaged = bytearray(content)
        n = rng.choice([1, 1, 3, 20])
        for at in rng.integers(0, len(damaged), n):
            damaged[at] = signs[rng.integers(len(signs))]
        found = survives_metrics(written, bytes(damaged))
        if n == 1 and isinstance(found, PlateSummary):
            # Of the wells one metric at most is lost, or, with its name, one well.
            lost = [row for row in found.table.select(level="well") if row.status is Status.BAD_INPUT]
            assert len({row.feature for row in lost} - {"qc_well", "active_electrode_fraction"}) <= 2 or (
                len({row.id for row in lost}) == 1
            )


def test_parts_of_real_exports_are_read_or_refused(written, data):
    rng = np.random.default_rng(13)
    for name in (EXPORTS["statistics"], EXPORTS["agonist"], MOTOR["DIV14"]):
        content = data(name).read_bytes()
        for _ in range(8):
            start, end = sorted(rng.integers(1, len(content), 2))
            survives_metrics(written, content[:start])
            survives_metrics(written, content[:start] + rng.bytes(rng.integers(30)) + content[min(start + 300, end) :])
