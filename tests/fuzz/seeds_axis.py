"""Undamaged Axion AxIS files: raw voltage in the combined, split and old layouts, and spikes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from fuzz.mutations import forged
from fuzz.seed import Case, Edit, Field, Range, Seed
from readers.builders.axis_data import continuous, spike_dtype, spikes, split_continuous, split_spikes
from readers.builders.axis_file import AxisFile, Note, beta_file, channel_array, compose, legacy_file, notes, skip
from readers.builders.axis_layout import STRUCTURAL, Data, Kind
from readers.builders.axis_plates import PLATES, SIX_WELLS
from readers.builders.axis_tags import event, key_value, treatment

__all__ = ["raw_combined_seeds", "raw_split_seeds", "spk_seeds"]

_ONE_WELL = PLATES[0x400001]
_TAGS = (
    *treatment("A1", "CAP", dose=1.0, exponent=-6, unit="M"),
    *event(100, "dosed"),
    *key_value("Barcode", "100-0914"),
)
# What a field decides alone: without a checksum over it in the split layout, with one that fits in a forged file.
_CARRIES = {
    "sampling rate": {"rate", "spikes", "duration", "length"},
    "voltage scale": {"values"},
    "gain": {"values"},
    "plate type": {"channels", "electrodes"},
    "sample type": {"values", "length"},
    "duration": {"duration"},
    **{f"coefficient {i}": {"values"} for i in range(4)},
}


def raw_combined_seeds() -> list[Seed]:
    """Return modern raw voltage: some electrodes of six wells with notes and tags, and one well with floats."""
    rows = SIX_WELLS.channels()[::24]
    few = _ONE_WELL.channels()[:5]
    floats = np.linspace(-500, 500, 1500 * few.size).reshape(-1, few.size)
    return [
        _seed(
            "combined, int16",
            compose(
                notes(Note("Ann", "plate 7")),
                channel_array(SIX_WELLS, rows),
                skip(40),
                continuous(_counts(rows.size), rows),
                _TAGS,
            ),
            checked=True,
        ),
        _seed(
            "combined, float32",
            compose(channel_array(_ONE_WELL, few), continuous(floats, few, sample_type=2, scale=1e-6), to_end=True),
            checked=True,
        ),
    ]


def raw_split_seeds() -> list[Seed]:
    """Return older raw voltage: the split layout with and without extension, major version 0, and the beta."""
    rows = SIX_WELLS.channels()[::24]
    few = _ONE_WELL.channels()[:6]
    return [
        _seed(
            "split",
            compose(
                notes(Note("Ann")), channel_array(SIX_WELLS, rows), split_continuous(_counts(rows.size), kind=0), _TAGS
            ),
        ),
        _seed("split, no extension", compose(channel_array(_ONE_WELL, few), split_continuous(_counts(few.size)))),
        _seed("legacy", legacy_file(_counts(few.size), _ONE_WELL, channels=few)),
        _seed("beta", beta_file(_counts(64, 600))),
    ]


def spk_seeds() -> list[Seed]:
    """Return spikes in both layouts."""
    rows = SIX_WELLS.channels()[::24]
    records = _spikes(rows)
    head = (notes(Note("Ann")), channel_array(SIX_WELLS, rows))
    return [
        _seed("spikes, combined", compose(*head, spikes(records, rows), _TAGS), checked=True),
        _seed("spikes, split", compose(*head, split_spikes(records), _TAGS)),
    ]


def _counts(n_channels: int, n_samples: int = 1500) -> np.ndarray:
    return np.random.default_rng(1).integers(-3000, 3000, (n_samples, n_channels), dtype=np.int16)


def _spikes(rows: np.ndarray, n: int = 150) -> np.ndarray:
    rng = np.random.default_rng(2)
    records = np.zeros(n, spike_dtype())
    records["start"] = np.sort(rng.integers(0, 600 * 12_500, n))
    chosen = rows[rng.integers(rows.size, size=n)]
    records["channel"], records["chip"] = chosen["channel"], chosen["chip"]
    records["trigger"], records["noise"], records["threshold"] = 11, 2e-6, 5.5
    records["waveform"] = rng.integers(-800, 300, (n, 38))
    return records


def _seed(name: str, file: AxisFile, *, checked: bool = False) -> Seed:
    """Return a file as a seed; in one that is `checked`, checksums cover all headers but the channel array."""
    content = file.content
    payload = sorted((at, at + piece.size) for at, piece in file.pieces if isinstance(piece, Data))
    fields = [
        Field(each.offset, each.size, each.name, _kind(each.kind, each.size), _carried(each.name, checked=checked))
        for each in file.fields
    ]
    return Seed(
        name,
        content,
        min(begin for begin, _ in payload),
        fields,
        payload,
        skeleton=_between(payload, len(content)),
        # To the end of the file, wherever that is.
        endless=name in {"legacy", "beta"},
        more=(lambda: [_repaired(file)]) if file.has_primary else None,
        file_name="plate.raw",
    )


def _kind(kind: Kind, size: int) -> str:
    return "float" if kind is Kind.VALUE and size == 8 else "int"


def _carried(name: str, *, checked: bool) -> frozenset[str]:
    # The channel array has no checksum in any layout: where an electrode is, it alone says.
    if name.startswith("channel ") and "id" not in name.split():
        return frozenset({"electrodes", "channels", "spikes"})
    if checked and name != "plate type":
        return frozenset()
    return frozenset(_CARRIES.get(name, ()))


def _between(ranges: Sequence[Range], size: int) -> list[Range]:
    """Return what lies between some sorted ranges."""
    edges = [0, *(edge for one in ranges for edge in one), size]
    return [(begin, end) for begin, end in zip(edges[::2], edges[1::2], strict=True) if begin < end]


def _repaired(file: AxisFile) -> list[Case]:
    """Return forged fields under checksums that fit them, as only one who means harm writes them."""
    cases = []
    for each in file.fields:
        field = Field(each.offset, each.size, each.name, _kind(each.kind, each.size))
        carries = _carried(each.name, checked=False)
        if each.kind in STRUCTURAL or each.kind is Kind.VALUE:
            cases += [
                Case(
                    "repaired",
                    f"{each.name} (byte {each.offset}) = {said}, checksums fit",
                    (Edit(field.at, field.size, new),),
                    file.repaired,
                    carries,
                )
                for said, new in forged(field, file.size)
            ]
    return cases
