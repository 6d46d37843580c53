"""Writer of Axon Binary Format 2 files: sweeps under current clamp with their epoch table.

The files are what a rig would leave behind for a family of steps, and read alike with the readers
of the field. They have not been opened in Axon's own programs.
"""

from __future__ import annotations

import hashlib
import struct
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnephys.atomic import write_bytes
from mnephys.errors import ProtocolError
from mnephys.recording import SIMULATED_COMMENT
from mnephys.simulate import abf2_layout as layout
from mnephys.simulate import abf2_sections as parts
from mnephys.simulate.protocol import StepProtocol

__all__ = ["abf2_bytes", "write_abf2"]

_VOLTAGE_FULL_SCALE = 500.0
_CURRENT_FULL_SCALES = (200.0, 500.0, 1000.0, 2000.0, 5000.0, 10000.0, 20000.0)
_RECORDED = datetime(2026, 1, 15, 10, 0)  # noqa: DTZ001 -- an ABF file holds local time without a zone


def write_abf2(
    path: str | Path,
    response: ArrayLike,
    sampling_rate: float,
    protocol: StepProtocol,
    *,
    recorded_command: ArrayLike | None = None,
    sweep_interval: float | None = None,
    comment: str = SIMULATED_COMMENT,
    recorded: datetime = _RECORDED,
) -> None:
    """Write sweeps of membrane potential as an ABF2 file, atomically.

    Parameters
    ----------
    path : str or Path
        The file; replaced if it exists.
    response, sampling_rate, protocol, recorded_command, sweep_interval, comment, recorded
        As in `abf2_bytes`.

    Raises
    ------
    ProtocolError
        If shapes disagree, or values cannot be digitised.
    StoreError
        If the folder cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> from mnephys.simulate.protocol import step_family
    >>> protocol = step_family(-20.0, 10.0, n_sweeps=3, before=0.05, duration=0.1, after=0.05)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_abf2(Path(folder) / "cell.abf", np.full((3, 4000), -65.0), 20000.0, protocol)
    ...     (Path(folder) / "cell.abf").read_bytes()[:4]
    b'ABF2'
    """
    content = abf2_bytes(
        response,
        sampling_rate,
        protocol,
        recorded_command=recorded_command,
        sweep_interval=sweep_interval,
        comment=comment,
        recorded=recorded,
    )
    write_bytes(path, content)


def abf2_bytes(
    response: ArrayLike,
    sampling_rate: float,
    protocol: StepProtocol,
    *,
    recorded_command: ArrayLike | None = None,
    sweep_interval: float | None = None,
    comment: str = SIMULATED_COMMENT,
    recorded: datetime = _RECORDED,
) -> bytes:
    """Return sweeps of membrane potential as the content of an ABF2 file.

    Data are 16-bit integers in steps of 0.0153 mV (+-500 mV); the same input gives the same bytes.

    Parameters
    ----------
    response : array_like, shape (n_sweeps, n_samples)
        Membrane potential in mV.
    sampling_rate : float
        In Hz.
    protocol : StepProtocol
        The steps of current, of the same shape; written as the epoch table of the first output.
    recorded_command : array_like, shape (n_sweeps, n_samples), optional
        The current in pA as an input of the digitiser saw it; a second channel where given.
    sweep_interval : float, optional
        Time from the start of one sweep to that of the next in s; without a gap if omitted.
    comment : str
        File comment, ASCII.
    recorded : datetime
        Start of the recording, local time.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    ProtocolError
        If shapes disagree, or values cannot be digitised.

    Examples
    --------
    >>> from mnephys.simulate.protocol import step_family
    >>> protocol = step_family(-20.0, 10.0, n_sweeps=3, before=0.05, duration=0.1, after=0.05)
    >>> len(abf2_bytes(np.full((3, 4000), -65.0), 20000.0, protocol)) % 512
    0
    """
    shape = (protocol.n_sweeps, protocol.sweep_samples)
    channels = [parts.Channel("Vm", "mV", _checked("response", response, shape), _VOLTAGE_FULL_SCALE)]
    if recorded_command is not None:
        current = _checked("recorded_command", recorded_command, shape)
        largest = float(np.abs(current).max())
        scale = next((s for s in _CURRENT_FULL_SCALES if largest < 0.99 * s), _CURRENT_FULL_SCALES[-1])
        channels.append(parts.Channel("Im", "pA", current, scale))
    interval = shape[1] / sampling_rate if sweep_interval is None else sweep_interval
    if not interval >= shape[1] / sampling_rate * (1 - 1e-9):
        raise ProtocolError(f"sweep interval is {interval} s, a sweep lasts {shape[1] / sampling_rate} s")
    data = np.stack([channel.digitised() for channel in channels], axis=-1).tobytes()
    strings = parts.Strings()
    header = {
        "uCreatorNameIndex": strings.add("mnephys"),
        "uProtocolPathIndex": strings.add("current_steps.pro"),
    }
    comment_index = strings.add(comment)
    starts = np.rint(np.arange(shape[0]) * interval * sampling_rate)
    if starts[-1] > np.iinfo(np.int32).max:
        raise ProtocolError(f"sweep {shape[0] - 1} starts after {starts[-1]:.0f} samples, too many for the format")
    synch = np.stack([starts, np.full(shape[0], shape[1] * len(channels))], axis=-1).astype("<i4").tobytes()
    sections = {
        "protocol": (parts.protocol_section(protocol, sampling_rate, interval, len(channels), comment_index), 512, 1),
        "adc": (parts.input_section(channels, strings), layout.ADC_SIZE, len(channels)),
        "dac": (parts.output_section(protocol, strings), layout.DAC_SIZE, parts.N_OUTPUTS),
        "epoch_per_dac": (parts.epoch_table_section(protocol), layout.EPOCH_PER_DAC_SIZE, len(protocol.epochs)),
        "epoch": (parts.digital_output_section(protocol), layout.EPOCH_SIZE, len(protocol.epochs)),
    }
    texts = strings.encode()
    sections["strings"] = (texts, len(texts), len(strings.texts))
    sections["data"] = (data, 2, len(data) // 2)
    sections["synch_array"] = (synch, 8, shape[0])
    header |= {
        "lActualEpisodes": shape[0],
        "uFileStartDate": int(recorded.strftime("%Y%m%d")),
        "uFileStartTimeMS": ((recorded.hour * 60 + recorded.minute) * 60 + recorded.second) * 1000,
    }
    return _assembled(header, sections, hashlib.sha256(data + synch + texts).digest()[:16])


def _checked(name: str, values: ArrayLike, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return values as an array of that shape, or say what is wrong."""
    array = np.asarray(values, dtype=np.float64)
    if array.shape != shape:
        raise ProtocolError(f"{name} has shape {array.shape}, the protocol {shape}")
    return array


def _assembled(header: dict[str, int], sections: dict[str, tuple[bytes, int, int]], guid: bytes) -> bytes:
    """Lay header and sections out in blocks."""
    head = bytearray(
        layout.pack(
            layout.HEADER,
            layout.BLOCK,
            fFileSignature=b"ABF2",
            fFileVersionNumber=bytes([0, 0, 6, 2]),
            uFileInfoSize=layout.BLOCK,
            nFileType=1,
            nDataFormat=0,
            nSimultaneousScan=1,
            FileGUID=guid,
            uCreatorVersion=bytes([0, 0, 1, 0]),
            **header,
        )
    )
    body = bytearray()
    for name, (content, entry, count) in sections.items():
        block = 1 + len(body) // layout.BLOCK
        struct.pack_into("<IIq", head, layout.SECTION_TABLE[name], block, entry, count)
        body += content + bytes(-len(content) % layout.BLOCK)
    # Real files count strings, not sections, in the strings entry; readers that multiply must find bytes there.
    texts, _, count = sections["strings"]
    first = struct.unpack_from("<I", head, layout.SECTION_TABLE["strings"])[0] * layout.BLOCK
    missing = max(0, first + len(texts) * count - layout.BLOCK - len(body))
    return bytes(head + body + bytes(missing + -missing % layout.BLOCK))
