"""Wells of one recording that lasted for clearly different times: each has its own duration, and so its own rates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from readers.builders import biocam_file, maxwell_file
from readers.builders.hdf5_plates import close, columns_of, only, read_plates, says

from mnephys.errors import SeveralRecordingsError
from mnephys.readers import read
from mnephys.readers.well_lengths import groups_of_length
from mnephys.recording import PlateRecording


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "plate.h5"


def rates_of(recording: PlateRecording) -> list[float]:
    """Return the rate of each train with spikes in Hz."""
    counts = recording.trains.counts
    return (counts[counts > 0] / recording.duration).tolist()


def maxwell_wells(lengths: list[int], **options) -> list[maxwell_file.Well]:
    """Return wells that fire once every 50 samples, 400 times per second."""
    return [
        maxwell_file.Well(
            number, n_samples=length, spikes=[(frame, 5, -5.0) for frame in range(25, length, 50)], **options
        )
        for number, length in enumerate(lengths)
    ]


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([], []),
        ([3.0, 3.0], [[0, 1]]),
        ([100.0, 99.0, 98.9, 98.0], [[0, 1], [2, 3]]),
        ([2.0, 10.0, 2.0], [[0, 2], [1]]),
        ([None, 2.0, None], [[0, 1, 2]]),
        ([None, 2.0, 4.0], [[0], [1], [2]]),
        ([None, None], [[0, 1]]),
        ([0.0, 0.0, 1.0], [[0, 1], [2]]),
    ],
)
def test_groups_of_length(lengths, expected):
    assert groups_of_length(lengths) == expected


@pytest.mark.parametrize("packing", ["gzip", "foreign"])
def test_a_maxwell_well_that_is_shorter_is_a_recording_of_its_own(path, packing):
    wells = maxwell_wells([1000, 250, 1000], packing=packing)
    recordings = read_plates(maxwell_file.MaxWellFile(wells).write(path))
    assert [recording.metadata["name"] for recording in recordings] == ["rec0000 of A1 and A3", "rec0000 of A2"]
    assert [sorted(set(recording.electrodes["well"].tolist())) for recording in recordings] == [["A1", "A3"], ["A2"]]
    assert [recording.duration for recording in recordings] == pytest.approx([0.05, 0.0125])
    assert rates_of(recordings[0]) == pytest.approx([400.0, 400.0])
    assert rates_of(recordings[1]) == pytest.approx([400.0])
    if packing == "gzip":
        assert [recording.signal.shape for recording in recordings] == [(1000, 6), (250, 3)]
        assert not any(says(recording, "left out") for recording in recordings)
    with pytest.raises(SeveralRecordingsError, match="rec0000 of A2"):
        read(path)


def test_maxwell_wells_of_nearly_one_length_are_one_recording(path):
    recording = only(maxwell_file.MaxWellFile(maxwell_wells([1000, 995])).write(path))
    assert recording.signal.shape == (995, 6)
    assert recording.duration == pytest.approx(0.05)
    assert says(recording, "A1 has 5 samples more than the shortest")


def test_lengths_by_the_clock_of_the_computer(path):
    wells = maxwell_wells([1000, 500], packing="absent")
    maxwell_file.MaxWellFile([replace(well, with_frames=False) for well in wells]).write(path)
    with h5py.File(path, "r+") as file:
        for number, length in enumerate((10_000, 2_500)):
            group = file[f"wells/well00{number}/rec0000"]
            for name, value in (("start_time", 1_600_000_000_000), ("stop_time", 1_600_000_000_000 + length)):
                if name in group:
                    del group[name]
                group[name] = [value]
    assert [recording.duration for recording in read_plates(path)] == pytest.approx([10.0, 2.5])


def test_a_well_with_other_gaps_does_not_shorten_the_others(path):
    wells = [maxwell_file.Well(0, n_samples=1000), maxwell_file.Well(1, n_samples=300, gap=(100, 700))]
    recording = only(maxwell_file.MaxWellFile(wells).write(path))
    assert recording.signal.shape == (1000, 3)
    assert says(recording, "A2 was interrupted elsewhere than A1")
    assert not says(recording, "samples more")


# --- 3Brain ---


def biocam_well(name: str, n_frames: int) -> biocam_file.Well:
    """Return a well that fires once every 10 frames."""
    spikes = [(frame, 0) for frame in range(5, n_frames, 10)]
    return replace(biocam_file.raw_well(name, n_frames=n_frames), spikes=spikes)


@pytest.mark.parametrize("toc", [[], [(0, 120), (120, 200)]])
def test_a_3brain_well_that_is_shorter_is_a_recording_of_its_own(path, toc):
    wells = [biocam_well("A1", 200), biocam_well("A2", 90), biocam_well("B1", 200)]
    file = biocam_file.WellsFile(wells, toc=toc)
    recordings = read_plates(file.write(path))
    assert [recording.metadata["name"] for recording in recordings] == ["wells A1 and B1", "well A2"]
    assert {recording.layout.name for recording in recordings} == {"BioCAM 6-well"}
    assert [recording.signal.shape for recording in recordings] == [(200, 8), (90, 4)]
    assert [recording.duration for recording in recordings] == pytest.approx(
        [200 / biocam_file.RATE, 90 / biocam_file.RATE]
    )
    for recording in recordings:
        assert rates_of(recording) == pytest.approx([biocam_file.RATE / 10] * (recording.signal.shape[1] // 4))
    for well, recording in zip(wells, [recordings[0], recordings[1], recordings[0]], strict=True):
        voltages = recording.signal.read(0, recording.signal.shape[0], columns_of(recording, well.name))
        close(voltages, file.converter.microvolts(well.counts))
    with pytest.raises(SeveralRecordingsError, match="well A2"):
        read(path)


def test_a_3brain_well_that_ends_within_or_after_a_gap(path):
    wells = [biocam_well("A1", 250), biocam_well("A2", 130), biocam_well("B1", 170)]
    recordings = read_plates(biocam_file.WellsFile(wells, toc=[(50, 200), (1000, 1100)]).write(path))
    assert [recording.start * biocam_file.RATE for recording in recordings] == pytest.approx([50.0] * 3)
    assert [recording.stop * biocam_file.RATE for recording in recordings] == pytest.approx([1100.0, 180.0, 1020.0])
    assert [recording.signal.segments["first"].tolist() for recording in recordings] == [[0, 150], [0], [0, 150]]


def test_3brain_wells_of_one_length_are_one_recording(path):
    file = biocam_file.WellsFile([biocam_well("A1", 200), biocam_well("A2", 199), biocam_file.spikes_well("A3")])
    recording = only(file.write(path))
    assert "name" not in recording.metadata
    assert recording.duration == pytest.approx(200 / biocam_file.RATE)
    assert np.unique(recording.electrodes["well"]).tolist() == ["A1", "A2", "A3"]
