"""The header of ABF2 files: a table of sections, each of them checked before it is read."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnephys.readers.abf import abf2_layout as layout
from mnephys.readers.abf import fields, notes
from mnephys.readers.abf.extent import left_over, more_entries
from mnephys.readers.abf.header import EPISODIC, AbfHeader, AdcChannel, DacChannel, Epoch
from mnephys.readers.abf.sweeps import find_sweeps
from mnephys.readers.binary import BinaryFile, text_field

__all__ = ["read_header"]


class _Section(NamedTuple):
    """Where a section lies."""

    offset: int
    entry_size: int
    entries: int


_SECTION_TABLE, _N_SECTIONS = 76, 18
_STRING_HEADER = 44
_LONGEST_STRINGS = 1 << 24


# Epochs that the format provides for.
_EPOCHS = 50


def _sections(file: BinaryFile) -> tuple[dict[str, _Section], list[str]]:
    """Return where the sections lie, those that are used inside the file, and what was noticed about the others."""
    raw = np.frombuffer(file.bytes(_SECTION_TABLE, _N_SECTIONS * 16, "table of sections"), "<u4,<u4,<i8")
    found = {}
    for name, (place, size, most) in layout.SECTIONS.items():
        block, stored_size, count = (int(value) for value in raw[place])
        if not 0 <= count <= most:
            raise fields.corrupt(
                file, f"the header states {count} entries in the {name} section; at most {most} are read"
            )
        if count and size and stored_size != size:
            raise fields.corrupt(file, f"an entry of the {name} section has {stored_size} bytes instead of {size}")
        # The strings are one run of bytes; their number does not multiply it.
        n_bytes = stored_size * (1 if name == "strings" else count)
        if count:
            file.check(block * fields.BLOCK, n_bytes, f"{name} section")
            if block == 0:
                raise fields.corrupt(file, f"the header places the {name} section at the start of the file")
        found[name] = _Section(block * fields.BLOCK, stored_size, count)
    for name in ("protocol", "ADC", "data"):
        if found[name].entries == 0:
            raise fields.corrupt(file, f"the {name} section is empty")
    data = found["data"]
    data_end = data.offset + data.entry_size * data.entries
    for name, other in found.items():
        end = other.offset + other.entry_size * (1 if name == "strings" else other.entries)
        if name != "data" and other.entries and other.offset < data_end and data.offset < end:
            raise fields.corrupt(file, f"the header places the {name} section inside the samples")
    used = {place for place, _, _ in layout.SECTIONS.values()}
    beyond = [
        place
        for place, (block, size, count) in enumerate(raw.tolist())
        if place not in used and count and block * fields.BLOCK + size * count > file.size
    ]
    doubts = [f"Section {place}, which is not used, does not fit into the file: it may be cut." for place in beyond]
    adc = found["ADC"]
    doubts += more_entries(file, adc.offset + adc.entry_size * adc.entries, "ADC", adc.entries)
    # A section without entries may still have its block, and some writers make room for size times number of strings.
    ends = [
        block * fields.BLOCK + max(size * count, min(block, 1) * fields.BLOCK) for block, size, count in raw.tolist()
    ]
    return found, [*doubts, *left_over(file, max(ends))]


def _strings(file: BinaryFile, section: _Section) -> list[str]:
    """Return the strings; an index in the header counts from 1, and 0 is no string."""
    if section.entries == 0:
        return [""]
    if section.entry_size > _LONGEST_STRINGS:
        raise fields.corrupt(file, f"the strings section has {section.entry_size} bytes")
    raw = file.bytes(section.offset, section.entry_size, "strings section")
    # Files saved again by other programs can lack the usual head of this section.
    start = _STRING_HEADER if raw[:4] == b"SSCH" else raw.rfind(b"\0\0") + 2
    return ["", *(text_field(part) for part in raw[start:].split(b"\0"))]


def _string(strings: list[str], index: int) -> str:
    """Return a string, or an empty one where the index names none."""
    return strings[index] if 0 <= index < len(strings) else ""


def _channel(file: BinaryFile, entry: Any, protocol: Any, dtype: np.dtype[Any], strings: list[str]) -> AdcChannel:
    """Return one channel."""
    name = _string(strings, int(entry["name"]))
    gain, offset = 1.0, 0.0
    if dtype.kind == "i":
        factors = {
            "range": float(protocol["adc_range"]),
            "instrument scale factor": float(entry["scale"]),
            "signal gain": float(entry["signal_gain"]),
            "programmable gain": float(entry["programmable_gain"]),
            "resolution": float(protocol["adc_resolution"]),
        }
        # Other values than 0 and 1 are what uninitialised memory leaves there.
        if entry["telegraph"] == 1:
            factors["telegraphed gain"] = float(entry["telegraph_gain"])
        offset = float(entry["offset"]) - float(entry["signal_offset"])
        gain = fields.adc_gain(file, name, factors, offset)
    clamp = fields.telegraphed_clamp(int(entry["telegraph"]), int(entry["instrument"]), int(entry["telegraph_mode"]))
    return AdcChannel(name, _string(strings, int(entry["unit"])), gain, offset, clamp)


def _dacs(
    dacs: NDArray[Any], epochs: NDArray[Any], lists: NDArray[Any], strings: list[str], *, episodic: bool
) -> tuple[DacChannel, ...]:
    """Return the outputs with their epochs and user lists."""
    # Lists in use are stored with their flag off (the recorded command shows that they were applied): a list
    # that is there and varies something counts.
    user_lists = {
        int(entry["dac"]): notes.user_list(
            int(entry["parameter"]), _string(strings, int(entry["text"])), _EPOCHS, repeat=bool(entry["repeat"])
        )
        for entry in lists
        if entry["parameter"] > 0
    }
    found = []
    for entry in dacs:
        number = int(entry["number"])
        mine = epochs[(epochs["dac"] == number) & (epochs["kind"] != 0)]
        found.append(
            DacChannel(
                index=number,
                name=_string(strings, int(entry["name"])),
                unit=_string(strings, int(entry["unit"])),
                holding=fields.credible_level(float(entry["holding"])),
                enabled=episodic and bool(entry["enabled"]),
                source=int(entry["source"]),
                keep_last_level=bool(entry["keep_last_level"]),
                epochs={
                    int(epoch["number"]): Epoch(
                        kind=int(epoch["kind"]),
                        level=float(epoch["level"]),
                        level_step=float(epoch["level_step"]),
                        duration=int(epoch["duration"]),
                        duration_step=int(epoch["duration_step"]),
                        period=int(epoch["period"]),
                        width=int(epoch["width"]),
                    )
                    for epoch in np.sort(mine, order="number")
                },
                user_list=user_lists.get(number),
                conditioning=bool(entry["conditioning"]),
            )
        )
    return tuple(found)


def _version(parts: NDArray[Any]) -> str:
    """Return a version whose parts are stored backwards."""
    return ".".join(str(part) for part in parts[::-1])


def read_header(file: BinaryFile) -> AbfHeader:
    """Read and check the header of an ABF2 file.

    Parameters
    ----------
    file : BinaryFile
        Open, with the signature ``ABF2``.

    Returns
    -------
    AbfHeader
        What it says.

    Raises
    ------
    CorruptHeaderError
        If a field cannot be true.
    TruncatedFileError
        If the file ends before a section does.
    UnsupportedFormatError
        If the acquisition mode cannot be read.
    """
    head = file.records(layout.FILE, 0, 1, "file header")[0]
    if head["version"][3] != 2:
        raise fields.corrupt(file, f"the signature says ABF2, the version {_version(head['version'])}")
    dtype = fields.sample_type(file, int(head["data_format"]))
    sections, problems = _sections(file)

    def entries(name: str, kind: np.dtype[Any]) -> NDArray[Any]:
        return file.records(kind, sections[name].offset, sections[name].entries, f"{name} section")

    data = sections["data"]
    if data.entry_size != dtype.itemsize:
        raise fields.corrupt(
            file, f"a sample has {data.entry_size} bytes in one place of the header, {dtype.itemsize} in another"
        )
    protocol = entries("protocol", layout.PROTOCOL)[0]
    strings = _strings(file, sections["strings"])
    mode = int(protocol["mode"])
    mode_text = fields.mode_name(file, mode)
    rate = fields.rounded_rate(file, float(protocol["interval"]))
    adcs = entries("ADC", layout.ADC)
    tick = fields.tick_seconds(float(protocol["tick"]), rate, len(adcs))
    sweeps = find_sweeps(
        file,
        entries("sweep table", layout.SWEEP) if sections["sweep table"].entries else None,
        mode=mode,
        episodes=int(head["episodes"]),
        n_points=data.entries,
        n_channels=len(adcs),
        sampling_rate=rate,
        tick=tick,
        interval=float(protocol["start_to_start"]),
    )
    return AbfHeader(
        version=_version(head["version"]),
        mode=mode,
        sampling_rate=rate,
        data_offset=data.offset,
        dtype=dtype,
        channels=tuple(_channel(file, entry, protocol, dtype, strings) for entry in adcs),
        dacs=_dacs(
            entries("DAC", layout.DAC),
            entries("epoch per DAC", layout.EPOCH),
            entries("user list", layout.USER_LIST),
            strings,
            episodic=mode == EPISODIC,
        ),
        active_dac=int(protocol["active_dac"]),
        alternating=bool(protocol["alternating"]),
        sweeps=sweeps,
        tags=notes.read_tags(file, sections["tag"].offset, sections["tag"].entries, tick),
        problems=(*problems, *sweeps.problems),
        metadata={
            "acquisition_mode": mode_text,
            "started": notes.start_of_recording(int(head["date"]), float(head["milliseconds"])),
            "creator": f"{_string(strings, int(head['creator']))} {_version(head['creator_version'])}".strip(),
            "protocol": _string(strings, int(head["protocol_path"])),
            "comment": _string(strings, int(protocol["comment"])),
            "episodes_per_run": int(protocol["episodes_per_run"]),
            "runs_averaged": int(protocol["runs"]),
            "leak_subtraction": bool(np.any(entries("DAC", layout.DAC)["leak_subtraction"])),
            "telegraphs": [_telegraph(entry) for entry in adcs],
        },
    )


def _telegraph(entry: Any) -> dict[str, float]:
    """Return what the amplifier reported for a channel; empty where it reported nothing."""
    if entry["telegraph"] != 1:
        return {}
    values = {
        "gain": entry["telegraph_gain"],
        "lowpass_hz": entry["lowpass"],
        "membrane_capacitance_pf": entry["capacitance"],
    }
    return {name: float(value) for name, value in values.items() if np.isfinite(value)}
