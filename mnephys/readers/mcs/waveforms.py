"""Cut-outs of spikes, which are read from the file when somebody asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.readers.hdf5.lazy import LazyArray
from mnephys.recording import FloatArray, IntArray

__all__ = ["CutOuts"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CutOuts:
    """Cut-outs that lie in datasets of shape (n_samples, n_spikes of an entity).

    Parameters
    ----------
    arrays : sequence of LazyArray
        One per entity, all of as many samples.
    entity, column : ndarray of int, shape (n_spikes,)
        In which of them each spike is, and where.
    zero, step_uv : ndarray of float, shape (n_entities,)
        Stored number that means 0 uV, and one step in uV.
    sampling_rate : float
        In Hz.
    before : float, optional
        From the first sample to the spike, in s; None where the file does not say.

    Examples
    --------
    >>> none = np.zeros(0, int)
    >>> CutOuts([], none, none, np.zeros(0), np.zeros(0), 25000.0, 0.001)[:].shape
    (0, 0)
    """

    arrays: Sequence[LazyArray]
    entity: IntArray
    column: IntArray
    zero: FloatArray
    step_uv: FloatArray
    sampling_rate: float
    before: float | None

    @property
    def shape(self) -> tuple[int, int]:
        """Spikes and samples."""
        return self.entity.size, self.arrays[0].shape[0] if self.arrays else 0

    def __len__(self) -> int:
        return self.entity.size

    def __getitem__(self, rows: Any) -> NDArray[np.float32]:
        chosen = np.arange(len(self))[rows]
        entity = self.entity[chosen][..., np.newaxis]
        voltage: FloatArray = (self.stored(rows) - self.zero[entity]) * self.step_uv[entity]
        return voltage.astype(np.float32)

    def stored(self, rows: Any) -> NDArray[Any]:
        """Return cut-outs as they are stored.

        Parameters
        ----------
        rows : int, slice or array_like
            Which, as one asks an array.

        Returns
        -------
        ndarray of int, shape (n_rows, n_samples)
            Without the first dimension where one cut-out was asked for.

        Raises
        ------
        IndexError
            If there is no such spike.
        ReadError
            If the file cannot be read any more, or is damaged there.
        """
        chosen = np.arange(len(self))[rows]
        flat = np.atleast_1d(chosen)
        if flat.ndim != 1:
            raise IndexError("cut-outs are asked for by their number only")
        found = np.zeros((flat.size, self.shape[1]), np.result_type(np.int32, *(array.dtype for array in self.arrays)))
        for number in np.unique(self.entity[flat]).tolist():
            here = np.flatnonzero(self.entity[flat] == number)
            columns = self.column[flat[here]]
            first = int(columns.min())
            block = self.arrays[number].read_columns(first, int(columns.max()) + 1)
            # There are hundreds of datasets, which must not all keep something for their next read.
            self.arrays[number].close()
            found[here] = block[:, columns - first].T
        return found.reshape(*chosen.shape, self.shape[1])

    def sorted_by(self, order: IntArray) -> CutOuts:
        """Return the cut-outs in another order.

        Parameters
        ----------
        order : ndarray of int, shape (n_kept,)
            Which comes where.

        Returns
        -------
        CutOuts
            Those only.
        """
        return replace(self, entity=self.entity[order], column=self.column[order])

    def __repr__(self) -> str:
        return f"CutOuts: {self.shape[0]} spikes x {self.shape[1]} samples"
