"""Byte layout of the parts of an ABF2 file that the writer fills in; every other byte is zero.

An ABF2 file is a 512-byte header, whose table at byte 76 says where each section starts (in blocks
of 512 bytes), how long one entry is and how many there are, and the sections themselves. All
numbers are little-endian. Names are those that Axon's own files are described with; fields are
given as (offset in bytes, format of `struct`).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

__all__ = [
    "ADC",
    "ADC_SIZE",
    "BLOCK",
    "DAC",
    "DAC_SIZE",
    "EPOCH",
    "EPOCH_PER_DAC",
    "EPOCH_PER_DAC_SIZE",
    "EPOCH_SIZE",
    "HEADER",
    "PROTOCOL",
    "SECTION_TABLE",
    "pack",
]

Layout = Mapping[str, tuple[int, str]]

BLOCK = 512

SECTION_TABLE = {
    "protocol": 76,
    "adc": 92,
    "dac": 108,
    "epoch": 124,
    "epoch_per_dac": 156,
    "strings": 220,
    "data": 236,
    "synch_array": 316,
}
"""Where the header keeps the place of each section: block index, bytes per entry, entries."""

HEADER: Layout = {
    "fFileSignature": (0, "4s"),
    "fFileVersionNumber": (4, "4s"),
    "uFileInfoSize": (8, "I"),
    "lActualEpisodes": (12, "I"),
    "uFileStartDate": (16, "I"),
    "uFileStartTimeMS": (20, "I"),
    "nFileType": (28, "H"),
    "nDataFormat": (30, "H"),
    "nSimultaneousScan": (32, "H"),
    "FileGUID": (40, "16s"),
    "uCreatorVersion": (56, "4s"),
    "uCreatorNameIndex": (60, "I"),
    "uProtocolPathIndex": (72, "I"),
}
PROTOCOL: Layout = {
    "nOperationMode": (0, "h"),
    "fADCSequenceInterval": (2, "f"),
    "uFileCompressionRatio": (10, "I"),
    "fSynchTimeUnit": (14, "f"),
    "lNumSamplesPerEpisode": (22, "i"),
    "lEpisodesPerRun": (30, "i"),
    "lRunsPerTrial": (34, "i"),
    "lNumberOfTrials": (38, "i"),
    "fEpisodeStartToStart": (62, "f"),
    "lAverageCount": (70, "i"),
    "lSamplesPerTrace": (86, "i"),
    "lFinishDisplayNum": (94, "i"),
    "fADCRange": (110, "f"),
    "fDACRange": (114, "f"),
    "lADCResolution": (118, "i"),
    "lDACResolution": (122, "i"),
    "nExperimentType": (126, "h"),
    "nManualInfoStrategy": (128, "h"),
    "nCommentsEnable": (130, "h"),
    "lFileCommentIndex": (132, "i"),
    "nDigitizerADCs": (198, "h"),
    "nDigitizerDACs": (200, "h"),
}
ADC_SIZE = 128
ADC: Layout = {
    "nADCNum": (0, "h"),
    "fTelegraphAdditGain": (6, "f"),
    "nADCPtoLChannelMap": (24, "h"),
    "nADCSamplingSeq": (26, "h"),
    "fADCProgrammableGain": (28, "f"),
    "fADCDisplayAmplification": (32, "f"),
    "fInstrumentScaleFactor": (40, "f"),
    "fSignalGain": (48, "f"),
    "fSignalLowpassFilter": (56, "f"),
    "lADCChannelNameIndex": (74, "i"),
    "lADCUnitsIndex": (78, "i"),
}
DAC_SIZE = 256
DAC: Layout = {
    "nDACNum": (0, "h"),
    "fDACScaleFactor": (8, "f"),
    "fDACHoldingLevel": (12, "f"),
    "fDACCalibrationFactor": (16, "f"),
    "lDACChannelNameIndex": (24, "i"),
    "lDACChannelUnitsIndex": (28, "i"),
    "nWaveformEnable": (40, "h"),
    "nWaveformSource": (42, "h"),
    "nInterEpisodeLevel": (44, "h"),
    "fDACFileScale": (46, "f"),
}
EPOCH_SIZE = 32
EPOCH: Layout = {"nEpochNum": (0, "h")}
EPOCH_PER_DAC_SIZE = 48
EPOCH_PER_DAC: Layout = {
    "nEpochNum": (0, "h"),
    "nDACNum": (2, "h"),
    "nEpochType": (4, "h"),
    "fEpochInitLevel": (6, "f"),
    "fEpochLevelInc": (10, "f"),
    "lEpochInitDuration": (14, "i"),
}


def pack(layout: Layout, size: int, **values: float | bytes) -> bytes:
    """Place values into a record.

    Parameters
    ----------
    layout : mapping of str to (int, str)
        Offset and `struct` format of each field.
    size : int
        Length of the record in bytes; what no field fills is zero.
    **values : int, float or bytes
        By field name.

    Returns
    -------
    bytes
        Of length `size`.

    Examples
    --------
    >>> pack({"a": (2, "h")}, 6, a=1).hex()
    '000001000000'
    """
    record = bytearray(size)
    for name, value in values.items():
        offset, form = layout[name]
        struct.pack_into(f"<{form}", record, offset, value)
    return bytes(record)
