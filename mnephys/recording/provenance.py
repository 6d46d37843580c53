"""Where a recording came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["SIMULATED_COMMENT", "Provenance"]

SIMULATED_COMMENT = "simulated recording"
"""The comment in the metadata of a recording that `mnephys.simulate` made, so that it is never taken for a cell."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a recording came from; it travels into every output.

    Parameters
    ----------
    path : str
        The path as given by the user; empty for data that came from memory.
    sha256 : str
        SHA-256 of the file, hexadecimal; empty where it was opened without reading all of it.
    size : int
        Size of the file in bytes.
    format, format_version : str
        For example ``"ABF"`` and ``"2.6.0.0"``.
    reader : str
        The module that read it.
    mnephys_version : str
        The version that read it.
    parameters : mapping
        Every parameter that changed what was read.
    """

    path: str = ""
    sha256: str = ""
    size: int = 0
    format: str = ""
    format_version: str = ""
    reader: str = ""
    mnephys_version: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
