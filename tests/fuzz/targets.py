"""Every reader that is fuzzed: its name and its undamaged files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fuzz.looks import looks_at
from fuzz.run import Read
from fuzz.seed import Seed
from fuzz.seeds_axis import raw_combined_seeds, raw_split_seeds, spk_seeds
from fuzz.seeds_dialects import dialect_seeds, entry_by_entry
from fuzz.seeds_patch import abf1_seeds, abf2_seeds
from fuzz.seeds_plates import (
    biocam_seeds,
    bxr_seeds,
    maxone_seeds,
    maxtwo_seeds,
    mcs_seeds,
    nwb_seeds,
    spike_train_seeds,
)
from fuzz.seeds_text import burst_list_seeds, metrics_seeds, spike_list_seeds

__all__ = ["READERS", "Reader"]


@dataclass(frozen=True, slots=True)
class Reader:
    """What is fuzzed under one name."""

    name: str
    seeds: Callable[[], Sequence[Seed]]
    quick: int = 200
    read: Read = looks_at


READERS = (
    Reader("ABF1", abf1_seeds),
    Reader("ABF2", abf2_seeds),
    Reader("spike-list", spike_list_seeds, quick=150),
    Reader("burst-list", burst_list_seeds),
    Reader("metrics", metrics_seeds),
    Reader("raw-combined", raw_combined_seeds),
    Reader("raw-split", raw_split_seeds),
    Reader("spk", spk_seeds),
    Reader("spike-trains", spike_train_seeds, quick=100),
    Reader("mcs", mcs_seeds),
    Reader("maxone", maxone_seeds),
    Reader("maxtwo", maxtwo_seeds, quick=150),
    Reader("brw", biocam_seeds),
    Reader("bxr", bxr_seeds, quick=100),
    Reader("hdf5", dialect_seeds, quick=60, read=entry_by_entry),
    Reader("nwb", nwb_seeds, quick=150),
)
