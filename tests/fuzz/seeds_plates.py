"""Undamaged HDF5 files of all formats that are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fuzz.mutations import Made
from fuzz.seed import Case, Seed
from fuzz.seeds_hdf5 import hdf5_seed, latest_seed, written_bytes
from fuzz.seeds_patch import real
from readers.builders import biocam_file, maxwell_file, mcs_file, nwb_file
from readers.test_biocam_matrix import ListedFile
from readers.test_spike_train_hdf5 import built

__all__ = ["biocam_seeds", "bxr_seeds", "maxone_seeds", "maxtwo_seeds", "mcs_seeds", "nwb_seeds", "spike_train_seeds"]

# What each entry decides alone, by its own name; samples and spikes are nothing but themselves.
_MCS = {
    "ChannelData": {"values"},
    # In another order of its rows, the columns of the signal come in another order.
    "InfoChannel": {"electrodes", "values", "spikes"},
    "Label": {"electrodes", "spikes"},
    "Unit": {"values"},
    **{f"TimeStampEntity_{i}": {"spikes"} for i in range(4)},
    **{f"SegmentData_ts_{i}": {"spikes"} for i in range(4)},
    **{f"SegmentData_{i}": {"values"} for i in range(4)},
    "Tick": {"rate", "length", "duration"},
    "ConversionFactor": {"values"},
    "Exponent": {"values"},
    "ADZero": {"values"},
    "GroupID": {"electrodes", "channels", "spikes"},
    "Duration": {"duration"},
    "TimeStamp": {"duration"},
    "ChannelDataTimeStamps": {"length", "duration"},
}
_MAXWELL = {
    "raw": {"values"},
    "sig": {"values"},
    "frameno": {"spikes"},
    "amplitude": {"values"},
    "mapping": {"electrodes", "values", "spikes"},
    "channels": {"electrodes", "values"},
    "frame_nos": {"length", "duration", "spikes"},
    "sampling": {"rate", "length", "duration", "spikes"},
    "lsb": {"values"},
    "gain": {"values"},
    # An electrode that is not connected has the channel -1.
    "channel": {"electrodes", "channels", "values", "spikes"},
    "electrode": {"electrodes", "channels", "values", "spikes"},
    "spikes": {"spikes"},
    "spikeTimes": {"spikes"},
}
_BIOCAM = {
    "Raw": {"values"},
    "EventsBasedSparseRaw": {"values"},
    "SpikeForms": {"values"},
    "SpikeTimes": {"spikes"},
    "SpikeChIDs": {"spikes"},
    "SpikeChIdxs": {"spikes"},
    "FrameRate": {"rate", "length", "duration", "spikes"},
    "FrameRateHertz": {"rate", "length", "duration", "spikes"},
    **{f"{edge}AnalogValue{unit}": {"values"} for edge in ("Max", "Min") for unit in ("", "MicroVolt")},
    "MaxDigitalValue": {"values"},
    "MinDigitalValue": {"values"},
    "ScaleFactor": {"values"},
    "SamplingRate": {"rate", "length", "duration", "spikes"},
    "BitDepth": {"values"},
    "MaxVolt": {"values"},
    "MinVolt": {"values"},
    "SignalInversion": {"values"},
    "NRecFrames": {"duration"},
    "Chs": {"electrodes", "values"},
    "Row": {"electrodes", "spikes"},
    "Col": {"electrodes", "spikes"},
    "StoredChIdxs": {"electrodes", "channels", "values", "spikes"},
}
_NWB = {
    "data": {"values"},
    "id": {"electrodes", "spikes"},
    "electrodes": {"electrodes", "spikes"},
    "spike_times": {"spikes"},
    "timestamps": {"length", "duration"},
    "rate": {"rate", "length", "duration"},
    "starting_time": {"length", "duration"},
    "conversion": {"values"},
    "offset": {"values"},
    "channel_conversion": {"values"},
}


def spike_train_seeds() -> list[Seed]:
    """Return a small file and, where there is one, a small real one."""
    carries = {"spikes": {"spikes"}, "recordingtime": {"duration"}, "duration": {"duration"}}
    small = written_bytes(built)
    found = [
        hdf5_seed("spike trains", small, carries),
        latest_seed("spike trains, newest structures", small, carries),
    ]
    if (content := real("mea/spike_trains_hdf5/CO_20140212_MW1007-51_DIV02_00_001.h5")) is not None:
        found.append(hdf5_seed("spike trains, DIV 2", content, carries))
    return found


def mcs_seeds() -> list[Seed]:
    """Return one stream of every kind, some wells of a plate, and texts of fixed length."""
    plate = mcs_file.McsFile([mcs_file.Recording([mcs_file.plate_stream([0, 7, 23])])], version=1)
    files = {
        "MCS, every stream": mcs_file.full_file(),
        "MCS, plate": plate,
        "MCS, fixed texts": mcs_file.full_file(fixed_texts=True, version=3),
    }
    found = [hdf5_seed(name, written_bytes(file.write), _MCS) for name, file in files.items()]
    found.append(latest_seed("MCS, newest structures", found[0].content, _MCS))
    if (content := real("mea/exports/mcs_standard_500hz.h5")) is not None:
        found.append(hdf5_seed("MCS, real", content, _MCS))
    return found


def maxone_seeds() -> list[Seed]:
    """Return chips of both layouts."""
    one = maxwell_file.Well(spikes=[(20, 5, -8.0), (111, 40, -9.5)], events=[(60, "stimulation")])
    files = {"MaxOne, 2016": maxwell_file.old_file(), "MaxOne": maxwell_file.MaxWellFile([one])}
    return [_own_places(hdf5_seed(name, written_bytes(file.write), _MAXWELL)) for name, file in files.items()]


def maxtwo_seeds() -> list[Seed]:
    """Return six wells."""
    return [_own_places(hdf5_seed("MaxTwo", written_bytes(maxwell_file.full_file().write), _MAXWELL))]


def _own_places(seed: Seed) -> Seed:
    """Return a seed of which no address is excused: each well must have its own data, so that a second use is seen."""

    def more() -> Sequence[Sequence[Case]]:
        assert seed.more is not None
        structural, crossed = seed.more()
        return [structural, Made(len(crossed), lambda index: replace(crossed[index], carries=frozenset()))]

    return replace(seed, more=more)


def biocam_seeds() -> list[Seed]:
    """Return raw data of version 3, and wells of BrainWave 5 and 6, full and sparse."""
    files = {
        "brw 3": biocam_file.OldFile(),
        "brw 4, BrainWave 5": biocam_file.full_file(),
        "brw 4, BrainWave 6": biocam_file.full_file(brainwave=6),
    }
    found = [hdf5_seed(name, written_bytes(file.write), _BIOCAM) for name, file in files.items()]
    return [*found, latest_seed("brw 4, newest structures", found[1].content, _BIOCAM)]


def bxr_seeds() -> list[Seed]:
    """Return spikes of both versions."""
    old = ListedFile(counts=None, spikes=[(10, 65), (200, 4095), (201, 65)])
    new = biocam_file.WellsFile([biocam_file.spikes_well(), biocam_file.spikes_well("B2", seed=1)])
    files = {"bxr 3": old, "bxr 4": new}
    return [hdf5_seed(name, written_bytes(file.write), _BIOCAM) for name, file in files.items()]


def nwb_seeds() -> list[Seed]:
    """Return a small file, and one with something of everything."""
    files = {"NWB": nwb_file.small(), "NWB, full": nwb_file.full()}
    return [hdf5_seed(name, written_bytes(file.write), _NWB) for name, file in files.items()]
