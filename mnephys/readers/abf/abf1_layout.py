"""Where the fields of an ABF1 header lie: offsets and types of those that are used."""

from __future__ import annotations

import numpy as np

__all__ = ["HEADER", "OLD_SIZE", "SIZE", "SWEEP"]

_FIELDS = {
    "version": (4, "f4"),
    "mode": (8, "i2"),
    "n_points": (10, "i4"),
    "ignored": (14, "i2"),
    "episodes": (16, "i4"),
    "date": (20, "i4"),
    "seconds": (24, "i4"),
    "float_format": (38, "i2"),
    "data_block": (40, "i4"),
    "tag_block": (44, "i4"),
    "n_tags": (48, "i4"),
    # Parts that are not read, but may stand behind the samples.
    "scope_block": (52, "i4"),
    "old_stimulus_block": (60, "i4"),
    "delta_block": (72, "i4"),
    "voice_block": (80, "i4"),
    "sweep_block": (92, "i4"),
    "n_sweeps": (96, "i4"),
    "data_format": (100, "i2"),
    "n_channels": (120, "i2"),
    "interval": (122, "f4"),
    "second_interval": (126, "f4"),
    "tick": (130, "f4"),
    "points_per_sweep": (138, "i4"),
    "episodes_per_run": (146, "i4"),
    "runs": (150, "i4"),
    "start_to_start": (178, "f4"),
    "adc_range": (244, "f4"),
    "adc_resolution": (252, "i4"),
    "creator": (294, "S16"),
    "old_comment": (310, "S56"),
    "milliseconds": (366, "i2"),
    "sequence": (410, "16i2"),
    "adc_name": (442, "16S10"),
    "adc_unit": (602, "16S8"),
    "programmable_gain": (730, "16f4"),
    "scale": (922, "16f4"),
    "offset": (986, "16f4"),
    "signal_gain": (1050, "16f4"),
    "signal_offset": (1114, "16f4"),
    "dac_name": (1306, "4S10"),
    "dac_unit": (1346, "4S8"),
    "holding": (1394, "4f4"),
    "active_dac": (1440, "i2"),
    # One table for the active output, in files before version 1.6.
    "old_source": (1438, "i2"),
    "old_keep_last_level": (1442, "i2"),
    "old_kind": (1444, "10i2"),
    "old_level": (1464, "10f4"),
    "old_level_step": (1504, "10f4"),
    "old_duration": (1544, "10i2"),
    "old_duration_step": (1564, "10i2"),
    "old_parameter": (1762, "i2"),
    "old_list": (1764, "S80"),
    "old_list_enabled": (1966, "i2"),
    # Two tables, in files from version 1.6 on.
    "stimulus_block": (2048, "2i4"),
    "period": (2136, "(2,10)i4"),
    "width": (2216, "(2,10)i4"),
    "enabled": (2296, "2i2"),
    "source": (2300, "2i2"),
    "keep_last_level": (2304, "2i2"),
    "kind": (2308, "(2,10)i2"),
    "level": (2348, "(2,10)f4"),
    "level_step": (2428, "(2,10)f4"),
    "duration": (2508, "(2,10)i4"),
    "duration_step": (2588, "(2,10)i4"),
    "conditioning": (3260, "2i2"),
    "list_enabled": (3360, "4i2"),
    "parameter": (3368, "4i2"),
    "list": (3376, "4S256"),
    "repeat": (4400, "4i2"),
    "leak_subtraction": (4456, "2i2"),
    "telegraph": (4512, "16i2"),
    "instrument": (4544, "16i2"),
    "telegraph_gain": (4576, "16f4"),
    "lowpass": (4640, "16f4"),
    "capacitance": (4704, "16f4"),
    "telegraph_mode": (4768, "16i2"),
    "protocol": (4898, "S256"),
    "comment": (5154, "S128"),
    "alternating": (5876, "i2"),
}
#: Of the header before version 1.6, and from it on, in bytes.
OLD_SIZE, SIZE = 2048, 6144
#: The whole header.
HEADER = np.dtype(
    {
        "names": list(_FIELDS),
        "offsets": [offset for offset, _ in _FIELDS.values()],
        "formats": [kind for _, kind in _FIELDS.values()],
        "itemsize": SIZE,
    }
).newbyteorder("<")
#: An entry of the table of sweeps.
SWEEP = np.dtype([("start", "<i4"), ("length", "<i4")])
