"""Undamaged ABF files, small real ones and one that is simulated, with their fields."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from fuzz.seed import Field, Seed
from readers.abf_bytes import section, small_abf1

from mnephys.readers.abf import abf1_layout, abf2_layout
from mnephys.simulate.abf2_writer import abf2_bytes
from mnephys.simulate.protocol import step_family

__all__ = ["abf1_seeds", "abf2_seeds", "real"]

# No part of an ABF file is covered by a checksum. What each field decides alone; "values" is the gain.
_CARRIES = {
    # Which input a channel is: another one has another gain.
    "sequence": {"values", "unit"},
    "interval": {"rate"},
    "adc_range": {"values"},
    "adc_resolution": {"values"},
    "programmable_gain": {"values"},
    "scale": {"values"},
    "offset": {"values"},
    "signal_gain": {"values"},
    "signal_offset": {"values"},
    "telegraph": {"values"},
    "telegraph_gain": {"values"},
}
_SECTIONS = {
    "protocol": abf2_layout.PROTOCOL,
    "ADC": abf2_layout.ADC,
    "DAC": abf2_layout.DAC,
    "epoch per DAC": abf2_layout.EPOCH,
    "user list": abf2_layout.USER_LIST,
    "sweep table": abf2_layout.SWEEP,
}
_MOST_ENTRIES = 4
_BLOCK = 512


def real(name: str) -> bytes | None:
    """Return a real recording; None where there are none."""
    root = os.environ.get("MNEPHYS_DATA")
    return (Path(root) / name).read_bytes() if root else None


def abf1_seeds() -> list[Seed]:
    """Return a file of version 1.8 with two channels, cut down, and one before version 1.6, in which integers stand."""
    found = []
    if (content := real("patch/190619B_0003.abf")) is not None:
        found.append(_abf1("ABF 1.8", small_abf1(content), abf1_layout.SIZE))
    if (content := real("patch/130618-1-12.abf")) is not None:
        found.append(_abf1("ABF 1.3", content, abf1_layout.OLD_SIZE))
    return found


def _abf1(name: str, content: bytes, size: int) -> Seed:
    head = np.frombuffer(content[:size].ljust(abf1_layout.SIZE, b"\0"), abf1_layout.HEADER, 1)[0]
    start = int(head["data_block"]) * _BLOCK
    table = int(head["sweep_block"]) * _BLOCK
    fields = [each for each in fields_of(abf1_layout.HEADER, 0, "") if each.end <= size]
    for entry in range(min(int(head["n_sweeps"]), _MOST_ENTRIES)):
        fields += fields_of(abf1_layout.SWEEP, table + 8 * entry, f"sweep {entry} ")
    samples = int(head["n_points"]) * (4 if head["data_format"] else 2)
    behind = ((table, len(content)),) if table else ()
    return Seed(
        name,
        content,
        start,
        fields,
        [(start, start + samples)],
        skeleton=((0, start), *behind),
        file_name="cell.abf",
    )


def abf2_seeds() -> list[Seed]:
    """Return a simulated current clamp and a real voltage clamp."""
    protocol = step_family(-20.0, 20.0, n_sweeps=3, before=0.02, duration=0.05, after=0.03)
    noise = np.random.default_rng(0).normal(0, 0.2, (3, protocol.sweep_samples))
    command = np.repeat([[-20.0], [0.0], [20.0]], protocol.sweep_samples, axis=1)
    built = abf2_bytes(-65 + 0.1 * command + noise, 20_000.0, protocol, recorded_command=command, sweep_interval=1.0)
    found = [_abf2("ABF 2, two channels", built)]
    if (content := real("patch/na_iv_abf2.abf")) is not None:
        found.append(_abf2("ABF 2, Na I-V", content))
    return found


def _abf2(name: str, content: bytes) -> Seed:
    start, size, count = section(content, abf2_layout.SECTIONS["data"][0])
    end = start + size * count
    fields = [*fields_of(abf2_layout.FILE, 0, "")]
    for title, (place, _, _) in abf2_layout.SECTIONS.items():
        at = 76 + 16 * place
        fields += [
            Field(at, 4, f"{title} block"),
            Field(at + 4, 4, f"{title} size"),
            Field(at + 8, 8, f"{title} count"),
        ]
        begin, width, entries = section(content, place)
        if title in _SECTIONS and entries:
            for entry in range(min(entries, _MOST_ENTRIES)):
                fields += fields_of(_SECTIONS[title], begin + width * entry, f"{title} {entry} ")
    return Seed(
        name,
        content,
        start,
        fields,
        [(start, end)],
        skeleton=((0, start), (end, len(content))),
        file_name="cell.abf",
    )


def fields_of(dtype: np.dtype[Any], begin: int, name: str) -> Iterator[Field]:
    """Yield the fields of a record, those of arrays one by one."""
    for label in dtype.names or ():
        kind, offset = dtype.fields[label][:2]
        single, shape = kind.subdtype or (kind, ())
        number = int(np.prod(shape, dtype=int))
        # Of sixteen inputs most are not in use.
        for index in range(min(number, 4)):
            at = begin + offset + index * single.itemsize
            what = {"f": "float", "S": "text"}.get(single.kind, "int")
            title = f"{name}{label}" + (f" {index}" if number > 1 else "")
            yield Field(at, single.itemsize, title, what, frozenset(_CARRIES.get(label, ())))
