"""The header of ABF1 files: fields at fixed places, of which old files hold only the first 2048 bytes."""

from __future__ import annotations

from typing import Any

import numpy as np

from mnephys.errors import UnsupportedFormatError
from mnephys.readers.abf import abf1_layout as layout
from mnephys.readers.abf import fields, notes
from mnephys.readers.abf.extent import left_over
from mnephys.readers.abf.header import EPISODIC, AbfHeader, AdcChannel, DacChannel, Epoch
from mnephys.readers.abf.notes import TAG_SIZE
from mnephys.readers.abf.sweeps import MOST_SWEEPS, find_sweeps
from mnephys.readers.binary import BinaryFile, text_field

__all__ = ["read_header"]

# Epochs that the format provides for, and the first version with two tables of them.
_EPOCHS = 10
_EXTENDED = 1.6


def _fields(file: BinaryFile) -> tuple[Any, bool]:
    """Return the fields, and whether those from version 1.6 on are there; what is not there is 0."""
    file.check(0, layout.OLD_SIZE, "file header")
    raw = file.bytes(0, min(layout.SIZE, file.size), "file header").ljust(layout.SIZE, b"\0")
    head = np.frombuffer(raw, layout.HEADER, 1)[0]
    version = float(head["version"])
    if not (np.isfinite(version) and 1.0 <= version < 2.0):
        raise fields.corrupt(file, f"the signature says ABF1, the version {version:g}")
    start = int(head["data_block"]) * fields.BLOCK
    if start < layout.OLD_SIZE:
        raise fields.corrupt(file, f"the header places the samples at byte {start}, inside itself")
    extended = round(version, 2) >= _EXTENDED
    # Where the samples begin inside the fixed layout, what follows is samples and no header.
    size = min(layout.SIZE, start) if extended else layout.OLD_SIZE
    return np.frombuffer(raw[:size].ljust(layout.SIZE, b"\0"), layout.HEADER, 1)[0], extended


def _sequence(file: BinaryFile, head: Any) -> tuple[list[int], list[str]]:
    """Return the input of each channel in the order of sampling, and what was noticed."""
    count = int(head["n_channels"])
    if not 1 <= count <= len(head["sequence"]):
        raise fields.corrupt(file, f"the header states {count} channels; 1 to {len(head['sequence'])} can be")
    inputs = [int(number) for number in head["sequence"][:count]]
    listed = {int(number) for number in head["sequence"] if number >= 0}
    remarks = [f"The header lists {len(listed)} inputs, but states {count} channels."] if len(listed) > count else []
    if len(set(inputs)) < count:
        remarks.append("The order of the channels is not in the header; they were taken as numbered.")
        return list(range(count)), remarks
    if min(inputs) < 0 or max(inputs) >= len(head["sequence"]):
        raise fields.corrupt(file, f"the header states the inputs {inputs}; 0 to {len(head['sequence']) - 1} can be")
    return inputs, remarks


def _channel(file: BinaryFile, head: Any, index: int, dtype: np.dtype[Any]) -> AdcChannel:
    """Return the channel of one input."""
    name = text_field(bytes(head["adc_name"][index]))
    gain, offset = 1.0, 0.0
    if dtype.kind == "i":
        factors = {
            "range": float(head["adc_range"]),
            "instrument scale factor": float(head["scale"][index]),
            "signal gain": float(head["signal_gain"][index]),
            "programmable gain": float(head["programmable_gain"][index]),
            "resolution": float(head["adc_resolution"]),
        }
        # Other values than 0 and 1 are what uninitialised memory leaves there.
        if head["telegraph"][index] == 1:
            factors["telegraphed gain"] = float(head["telegraph_gain"][index])
        offset = float(head["offset"][index]) - float(head["signal_offset"][index])
        gain = fields.adc_gain(file, name, factors, offset)
    clamp = fields.telegraphed_clamp(
        int(head["telegraph"][index]), int(head["instrument"][index]), int(head["telegraph_mode"][index])
    )
    return AdcChannel(name, text_field(bytes(head["adc_unit"][index])), gain, offset, clamp)


def _epochs(columns: tuple[Any, ...]) -> dict[int, Epoch]:
    """Return the epochs that are on, from one row of each column of the table."""
    kind, level, level_step, duration, duration_step, period, width = columns
    return {
        number: Epoch(
            kind=int(kind[number]),
            level=float(level[number]),
            level_step=float(level_step[number]),
            duration=int(duration[number]),
            duration_step=int(duration_step[number]),
            period=int(period[number]),
            width=int(width[number]),
        )
        for number in range(_EPOCHS)
        if kind[number] != 0
    }


def _dac(head: Any, index: int) -> DacChannel:
    """Return one of the four outputs; the first two can have a waveform."""
    has_table = index < len(head["enabled"])
    names = ("kind", "level", "level_step", "duration", "duration_step", "period", "width")
    user_list = None
    if head["list_enabled"][index]:
        user_list = notes.user_list(
            int(head["parameter"][index]),
            text_field(bytes(head["list"][index])),
            _EPOCHS,
            repeat=bool(head["repeat"][index]),
        )
    return DacChannel(
        index=index,
        name=text_field(bytes(head["dac_name"][index])),
        unit=text_field(bytes(head["dac_unit"][index])),
        holding=fields.credible_level(float(head["holding"][index])),
        enabled=has_table and head["mode"] == EPISODIC and bool(head["enabled"][index]),
        source=int(head["source"][index]) if has_table else 0,
        keep_last_level=has_table and bool(head["keep_last_level"][index]),
        epochs=_epochs(tuple(head[name][index] for name in names)) if has_table else {},
        user_list=user_list,
        conditioning=has_table and bool(head["conditioning"][index]),
    )


def _old_dac(head: Any, index: int) -> DacChannel:
    """Return one output of a file before version 1.6, where only the active one can have a waveform."""
    active = index == int(head["active_dac"])
    none = np.zeros(_EPOCHS, int)
    names = ("old_kind", "old_level", "old_level_step", "old_duration", "old_duration_step")
    user_list = None
    if active and head["old_list_enabled"]:
        user_list = notes.user_list(
            int(head["old_parameter"]), text_field(bytes(head["old_list"])), _EPOCHS, repeat=False
        )
    return DacChannel(
        index=index,
        name=text_field(bytes(head["dac_name"][index])),
        unit=text_field(bytes(head["dac_unit"][index])),
        holding=fields.credible_level(float(head["holding"][index])),
        enabled=active and head["mode"] == EPISODIC and bool(head["old_source"]),
        source=int(head["old_source"]) if active else 0,
        keep_last_level=active and bool(head["old_keep_last_level"]),
        epochs=_epochs((*(head[name] for name in names), none, none)) if active else {},
        user_list=user_list,
    )


def _left_over(file: BinaryFile, head: Any, data_end: int) -> list[str]:
    """Return what is doubtful about the end of the file, unless a part of unknown length may stand there."""
    others = ("scope_block", "old_stimulus_block", "delta_block", "voice_block", "stimulus_block")
    blocks = np.concatenate([np.ravel(head[name]) for name in others]).astype(np.int64)
    if np.any(blocks * fields.BLOCK >= data_end):
        return []
    tables = (
        (head["sweep_block"], head["n_sweeps"], layout.SWEEP.itemsize),
        (head["tag_block"], head["n_tags"], TAG_SIZE),
    )
    ends = [int(block) * fields.BLOCK + int(count) * size for block, count, size in tables if count > 0]
    return left_over(file, max([data_end, *ends]))


def read_header(file: BinaryFile) -> AbfHeader:
    """Read and check the header of an ABF1 file.

    Parameters
    ----------
    file : BinaryFile
        Open, with the signature ``ABF ``.

    Returns
    -------
    AbfHeader
        What it says.

    Raises
    ------
    CorruptHeaderError
        If a field cannot be true.
    TruncatedFileError
        If the file ends before a part of it does.
    UnsupportedFormatError
        If it was acquired in a way that cannot be read.
    """
    head, extended = _fields(file)
    if head["float_format"] != 0:
        raise UnsupportedFormatError(file.path, "stores its numbers in Microsoft's old format", "save it again as ABF2")
    dtype = fields.sample_type(file, int(head["data_format"]))
    mode = int(head["mode"])
    mode_text = fields.mode_name(file, mode)
    inputs, problems = _sequence(file, head)
    # The interval lies between the samples of two channels.
    rate = fields.rounded_rate(file, float(head["interval"]) * len(inputs))
    if mode == EPISODIC and head["second_interval"] not in {0, head["interval"]}:
        raise UnsupportedFormatError(
            file.path, "changes its sampling interval within each sweep, which is not read", "resample and export it"
        )
    n_points, ignored = int(head["n_points"]), int(head["ignored"])
    if ignored < 0 or n_points < 0:
        raise fields.corrupt(file, f"the header states {n_points} samples after {ignored} ignored ones")
    data_offset = int(head["data_block"]) * fields.BLOCK + ignored * dtype.itemsize
    file.check(data_offset, n_points * dtype.itemsize, "samples")
    tick = fields.tick_seconds(float(head["tick"]), rate, len(inputs))
    n_sweeps = int(head["n_sweeps"])
    if not 0 <= n_sweeps <= MOST_SWEEPS:
        raise fields.corrupt(file, f"the header states {n_sweeps} sweeps; at most {MOST_SWEEPS} are read")
    sweep_offset = int(head["sweep_block"]) * fields.BLOCK
    sweeps = find_sweeps(
        file,
        file.records(layout.SWEEP, sweep_offset, n_sweeps, "table of sweeps") if n_sweeps else None,
        mode=mode,
        episodes=int(head["episodes"]),
        n_points=n_points,
        n_channels=len(inputs),
        sampling_rate=rate,
        tick=tick,
        interval=float(head["start_to_start"]),
        points_per_sweep=int(head["points_per_sweep"]),
    )
    if ignored:
        problems.append(f"The first {ignored} samples were left out, as the header says.")
    data_end = data_offset + n_points * dtype.itemsize
    return AbfHeader(
        version=f"{float(head['version']):.2f}",
        mode=mode,
        sampling_rate=rate,
        data_offset=data_offset,
        dtype=dtype,
        channels=tuple(_channel(file, head, index, dtype) for index in inputs),
        dacs=tuple((_dac if extended else _old_dac)(head, index) for index in range(len(head["holding"]))),
        active_dac=int(head["active_dac"]),
        alternating=bool(head["alternating"]),
        sweeps=sweeps,
        tags=notes.read_tags(file, int(head["tag_block"]) * fields.BLOCK, int(head["n_tags"]), tick),
        problems=(*problems, *sweeps.problems, *_left_over(file, head, data_end)),
        metadata={
            "acquisition_mode": mode_text,
            "started": notes.start_of_recording(
                int(head["date"]), float(head["seconds"]) * 1e3 + float(head["milliseconds"])
            ),
            "creator": text_field(bytes(head["creator"])),
            "protocol": text_field(bytes(head["protocol"])),
            "comment": text_field(bytes(head["comment"])) or text_field(bytes(head["old_comment"])),
            "episodes_per_run": int(head["episodes_per_run"]),
            "runs_averaged": int(head["runs"]),
            "leak_subtraction": bool(np.any(head["leak_subtraction"])),
            "telegraphs": [_telegraph(head, index) for index in inputs],
        },
    )


def _telegraph(head: Any, index: int) -> dict[str, float]:
    """Return what the amplifier reported for a channel; empty where it reported nothing."""
    if head["telegraph"][index] != 1:
        return {}
    values = {
        "gain": head["telegraph_gain"][index],
        "lowpass_hz": head["lowpass"][index],
        "membrane_capacitance_pf": head["capacitance"][index],
    }
    return {name: float(value) for name, value in values.items() if np.isfinite(value)}
