"""How many columns the grid of electrodes of a 3Brain well has: the file does not say it, but a complete well does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from readers.builders.biocam_file import Converter, WellsFile, raw_well
from readers.builders.hdf5_plates import only

from mnephys.recording import PlateRecording

UNKNOWN = "The grid is not stated; 64 columns were assumed, and where electrodes are in um is not known."


class NamedChip(Converter):
    """A converter of a chip whose distance of electrodes is known."""

    def settings(self):
        return {**super().settings(), "MeaPlate": {"Model": "CorePlate 6W"}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "plate.brw"


def recorded(path: Path, **channels: list[int]) -> PlateRecording:
    wells = [raw_well(name, numbers, n_frames=20) for name, numbers in channels.items()]
    return only(WellsFile(wells, toc=[(0, 20)], converter=NamedChip()).write(path))


def places_of(recording: PlateRecording, well: str) -> list[tuple[int, int]]:
    """Return row and column of each electrode."""
    return recording.electrodes[recording.electrodes["well"] == well][["row", "column"]].tolist()


@pytest.mark.parametrize("side", [8, 16, 32, 64])
def test_all_wells_have_the_grid_of_a_complete_one(path, side):
    whole = list(range(side * side))
    some = [number for number in whole if number != 5]
    recording = recorded(path, A1=some, A2=whole, A3=[side * side - 1, 0])
    everywhere = [(number // side + 1, number % side + 1) for number in whole]
    assert places_of(recording, "A2") == everywhere
    assert places_of(recording, "A1") == everywhere[:5] + everywhere[6:]
    assert places_of(recording, "A3") == [(side, side), (1, 1)]
    assert UNKNOWN not in recording.problems
    corner = recording.electrodes[side * side - 2]
    assert (corner["x"], corner["y"]) == ((side - 1) * 60.0, (side - 1) * 60.0)


@pytest.mark.parametrize(
    "channels",
    [
        # No well is complete.
        {"A1": [n for n in range(1024) if n != 5], "A2": list(range(1, 1024))},
        # Fewer channels than any chip has.
        {"A1": [0, 1, 2, 3], "A2": [0, 70]},
        # A grid of 16 x 16 does not have the channels of the other well.
        {"A1": list(range(256)), "A2": [0, 256]},
        # A chip of 32 x 32, or the first 16 rows of one of 64 x 64.
        {"A1": list(range(1024))},
        {"A1": list(range(64))},
    ],
)
def test_a_grid_that_nothing_tells_is_told(path, channels):
    recording = recorded(path, **channels)
    assert UNKNOWN in recording.problems
    for name, numbers in channels.items():
        assert places_of(recording, name) == [(number // 64 + 1, number % 64 + 1) for number in numbers]
    assert np.isnan(recording.electrodes["x"]).all()
    assert np.isnan(recording.electrodes["y"]).all()


@pytest.mark.parametrize("numbers", [list(range(4096)), [0, 63, 64, 4095, 77], list(range(4)), list(range(100, 164))])
def test_a_well_alone_is_a_chip_of_64_columns(path, numbers):
    recording = recorded(path, A1=numbers)
    assert recording.problems == ()
    assert places_of(recording, "A1") == [(number // 64 + 1, number % 64 + 1) for number in numbers]
    np.testing.assert_array_equal(recording.electrodes["x"], 60.0 * (np.array(numbers) % 64))
