"""The committed page of errors has the rows and columns that `benchmarks/validity.py` writes, and its figures."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def validity():
    spec = importlib.util.spec_from_file_location("validity", ROOT / "benchmarks" / "validity.py")
    module = sys.modules["validity"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["validity"]


@pytest.fixture(scope="module")
def committed():
    return (ROOT / "docs" / "validity.md").read_text()


def test_the_committed_page_has_the_text_the_rows_and_the_columns_that_are_written(validity, committed):
    """Of no cells and no recordings the page has every row, and no value."""
    bare = "\n".join(validity.page(validity.Material())) + "\n"
    left, right = bare.splitlines(), committed.splitlines()
    assert len(left) == len(right)
    for expected, line in zip(left, right, strict=True):
        if not expected.startswith("|"):
            assert line == expected
            continue
        cells = zip(expected.split("|"), line.split("|"), strict=True)
        assert all(shown == asked for asked, shown in cells if asked.strip() != validity.UNKNOWN), line


def test_every_recording_and_every_tool_of_the_committed_page_was_compared(validity, committed):
    rows = [line.split(" | ") for line in committed.splitlines() if line.startswith("| ")]
    real = [row for row in rows if row[0].removeprefix("| ") in {name for name, *_ in validity.REAL}]
    assert len(real) == len(validity.REAL)
    assert not any(part.strip(" |") == validity.UNKNOWN for row in real for part in row)
    found = [row for row in rows if len(row) == 8 and row[3] in validity.TOOLS]
    assert {row[3] for row in found} == set(validity.TOOLS)
    for row in found:
        count, true = map(int, row[4].split(" of "))
        assert 0 < count <= true
        if row[3] == "mnephys":
            assert validity.UNKNOWN not in row


def test_errors_are_shown_as_median_and_sizes_and_bold_beyond_the_bound(validity):
    import numpy as np

    errors = np.array([-0.5, 0.25, 0.25, np.nan, 3.0])
    assert validity.spread(errors, 0.3) == "+0.25 / 2.62 / 3.00"
    assert validity.spread(errors, 0.25) == "**+0.25** / 2.62 / 3.00"
    assert validity.spread(np.array([np.nan]), 1.0) == validity.UNKNOWN
