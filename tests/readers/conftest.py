"""Real ABF files, whole and damaged."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mnephys.errors import ReadError
from mnephys.readers import read
from mnephys.recording import SweepRecording


@pytest.fixture
def raw(data: Callable[[str], Path]) -> Callable[[str], bytes]:
    """Return the bytes of a real recording."""
    return lambda name: data(f"patch/{name}").read_bytes()


@pytest.fixture
def written(tmp_path: Path) -> Callable[[bytes], Path]:
    """Write bytes to a file and return its path."""

    def write(content: bytes, name: str = "cell.abf") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def survives(written: Callable[[bytes], Path]) -> Callable[[bytes], SweepRecording | ReadError]:
    """Read bytes; anything but a plausible recording or a typed, one-line error within 2 s is a failure."""

    def outcome(content: bytes) -> SweepRecording | ReadError:
        path = written(content)
        begin = time.perf_counter()
        try:
            found: SweepRecording | ReadError = read(path)
        except ReadError as error:
            found = error
        assert time.perf_counter() - begin < 2
        if isinstance(found, ReadError):
            assert "\n" not in str(found)
            assert str(path) in str(found)
        if isinstance(found, SweepRecording):
            assert 100 <= found.sampling_rate <= 200_000
            assert np.all(found.n_valid > 0)
            # float32 values of at most so many counts, padding bounded
            assert found.response.size <= max(16 * len(content), 1 << 22)
            assert np.isfinite(found.response[np.arange(found.n_samples) < found.n_valid[:, np.newaxis]]).all()
            assert found.command is None or np.isfinite(found.command).all()
        return found

    return outcome
