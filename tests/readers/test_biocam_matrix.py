"""Which electrode each spike of a 3Brain file of version 3 is of: a matrix says it, and a list says it once more."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pytest
from readers.builders.biocam_file import SIDE, OldFile
from readers.builders.hdf5_plates import only

MATRIX = "3BResults/3BInfo/MeaChs2ChIDsMatrix"
VECTOR = "3BResults/3BInfo/MeaChs2ChIDsVector"
COORDINATES = np.dtype([("Row", "<i2"), ("Col", "<i2"), ("ID", "<i4")])


def placed(matrix: np.ndarray) -> np.ndarray:
    """Return the list of row and column, from 1, and number of each channel that a matrix numbers."""
    rows, columns = np.nonzero(matrix >= 0)
    found = np.zeros(rows.size, COORDINATES)
    found["Row"], found["Col"], found["ID"] = rows + 1, columns + 1, matrix[rows, columns]
    return np.sort(found, order="ID")


@dataclass(frozen=True)
class ListedFile(OldFile):
    """A file of version 3 with the list of its channels, as the vendor's program writes it beside the matrix."""

    def write(self, path: Path) -> Path:
        super().write(path)
        with h5py.File(path, "r+") as file:
            file[VECTOR] = placed(file[MATRIX][()])
        return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return ListedFile(counts=None, spikes=[(900, 63), (10, 63), (12, 4095), (13, 64)]).write(tmp_path / "slice.bxr")


def replace(path: Path, name: str, values: np.ndarray) -> None:
    with h5py.File(path, "r+") as file:
        del file[name]
        file[name] = values


def busy(path: Path) -> dict[tuple[int, int], int]:
    """Return row and column of the electrodes with spikes, and how many these are."""
    recording = only(path)
    counts = recording.trains.counts
    places = recording.electrodes[["row", "column"]].tolist()
    return {place: int(count) for place, count in zip(places, counts, strict=True) if count}


def test_the_list_says_the_same(path):
    assert only(path).problems == ()
    assert busy(path) == {(1, 64): 2, (2, 1): 1, (64, 64): 1}


def test_a_chip_of_which_some_channels_are_numbered(path):
    matrix = np.full((SIDE, SIDE), -1, np.int32)
    matrix[[0, 3], [63, 5]] = [63, 4095]
    matrix[1, 0] = 64
    replace(path, MATRIX, matrix)
    replace(path, VECTOR, placed(matrix))
    assert busy(path) == {(1, 64): 2, (2, 1): 1, (4, 6): 1}
    (said,) = only(path).problems
    assert said.startswith(f"Dataset {MATRIX} numbers 3 of 4096 electrodes, up to 4095;")


def test_without_the_list_the_matrix_is_taken(path):
    with h5py.File(path, "r+") as file:
        del file[VECTOR]
        file[MATRIX][:] = file[MATRIX][()][::-1]
    assert only(path).problems == ()
    assert busy(path) == {(64, 64): 2, (63, 1): 1, (1, 64): 1}


def test_a_matrix_that_is_turned_around_is_told(path):
    with h5py.File(path, "r+") as file:
        file[MATRIX][:] = file[MATRIX][()][::-1]
    said = f"Dataset {VECTOR} places 4096 channels elsewhere than dataset {MATRIX}, which was taken."
    assert only(path).problems == (said,)
    assert busy(path) == {(64, 64): 2, (63, 1): 1, (1, 64): 1}


@pytest.mark.parametrize(
    ("column", "values"),
    [("Row", [0, -1, 65, 2]), ("Col", [0, -1, 65, 9]), ("ID", [1, 0, -1, 2**31 - 1])],
)
def test_a_list_with_other_places_is_told(path, column, values):
    with h5py.File(path) as file:
        listed = file[VECTOR][()]
    listed[column][:4] = values
    replace(path, VECTOR, listed)
    said = f"Dataset {VECTOR} places 4 channels elsewhere than dataset {MATRIX}, which was taken."
    assert only(path).problems == (said,)
    assert busy(path) == {(1, 64): 2, (2, 1): 1, (64, 64): 1}


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.zeros(4096, [("Row", "<i2"), ("Col", "<i2")]), "it has no row, column and number of channels"),
        (np.zeros(4096, [("Row", "S2"), ("Col", "<i2"), ("ID", "<i4")]), "it holds values of type "),
        (np.zeros(4097, COORDINATES), f"dataset {VECTOR} claims 4097 values; at most 4096 are read."),
        (np.arange(4096), f"dataset {VECTOR} "),
    ],
    ids=["no number", "texts", "too long", "no table"],
)
def test_a_list_that_is_none_is_told(path, values, why):
    replace(path, VECTOR, values)
    (said,) = only(path).problems
    assert said.startswith(f"Dataset {VECTOR} was not used: {why}")
    assert busy(path) == {(1, 64): 2, (2, 1): 1, (64, 64): 1}
