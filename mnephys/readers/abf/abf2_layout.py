"""Where the fields of an ABF2 header lie: offsets and types of those that are used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mnephys.readers.abf.notes import MOST_TAGS
from mnephys.readers.abf.sweeps import MOST_SWEEPS

__all__ = ["ADC", "DAC", "EPOCH", "FILE", "PROTOCOL", "SECTIONS", "SWEEP", "USER_LIST"]

#: Name, place in the table of sections, size of an entry (0 where it varies), most entries that are credible.
SECTIONS = {
    "protocol": (0, 512, 1),
    "ADC": (1, 128, 16),
    "DAC": (2, 256, 16),
    "epoch": (3, 32, 1000),
    "epoch per DAC": (5, 48, 1000),
    "user list": (6, 64, 16),
    "strings": (9, 0, 1 << 20),
    "data": (10, 0, 1 << 36),
    "tag": (11, 64, MOST_TAGS),
    "sweep table": (15, 8, MOST_SWEEPS),
}


def _dtype(size: int, fields: Mapping[str, tuple[int, str]]) -> np.dtype[Any]:
    """Build the type of an entry from the offset and format of the fields that are used."""
    return np.dtype(
        {
            "names": list(fields),
            "offsets": [offset for offset, _ in fields.values()],
            "formats": [f"<{kind}" for _, kind in fields.values()],
            "itemsize": size,
        }
    )


FILE = _dtype(
    76,
    {
        "version": (4, "4u1"),
        "episodes": (12, "u4"),
        "date": (16, "u4"),
        "milliseconds": (20, "u4"),
        "data_format": (30, "u2"),
        "creator_version": (56, "4u1"),
        "creator": (60, "u4"),
        "protocol_path": (72, "u4"),
    },
)
PROTOCOL = _dtype(
    512,
    {
        "mode": (0, "i2"),
        "interval": (2, "f4"),
        "tick": (14, "f4"),
        "episodes_per_run": (30, "i4"),
        "runs": (34, "i4"),
        "start_to_start": (62, "f4"),
        "adc_range": (110, "f4"),
        "adc_resolution": (118, "i4"),
        "comment": (132, "i4"),
        "active_dac": (142, "i2"),
        "alternating": (182, "i2"),
    },
)
ADC = _dtype(
    128,
    {
        "telegraph": (2, "i2"),
        "instrument": (4, "i2"),
        "telegraph_gain": (6, "f4"),
        "lowpass": (10, "f4"),
        "capacitance": (14, "f4"),
        "telegraph_mode": (18, "i2"),
        "programmable_gain": (28, "f4"),
        "scale": (40, "f4"),
        "offset": (44, "f4"),
        "signal_gain": (48, "f4"),
        "signal_offset": (52, "f4"),
        "name": (74, "i4"),
        "unit": (78, "i4"),
    },
)
DAC = _dtype(
    256,
    {
        "number": (0, "i2"),
        "holding": (12, "f4"),
        "name": (24, "i4"),
        "unit": (28, "i4"),
        "enabled": (40, "i2"),
        "source": (42, "i2"),
        "keep_last_level": (44, "i2"),
        "conditioning": (60, "i2"),
        "leak_subtraction": (92, "i2"),
    },
)
EPOCH = _dtype(
    48,
    {
        "number": (0, "i2"),
        "dac": (2, "i2"),
        "kind": (4, "i2"),
        "level": (6, "f4"),
        "level_step": (10, "f4"),
        "duration": (14, "i4"),
        "duration_step": (18, "i4"),
        "period": (22, "i4"),
        "width": (26, "i4"),
    },
)
USER_LIST = _dtype(64, {"dac": (0, "i2"), "parameter": (4, "i2"), "repeat": (6, "i2"), "text": (8, "i4")})
SWEEP = _dtype(8, {"start": (0, "i4"), "length": (4, "i4")})
