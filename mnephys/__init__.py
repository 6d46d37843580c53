"""mnephys: functional maturity of stem-cell-derived motor neurons, with the evidence for it."""

from mnephys._version import __version__

__all__ = ["__version__"]
