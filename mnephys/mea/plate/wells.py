"""One feature of many wells in columns, with what was done to each: what all statistics of plates work on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.measurement import Measurement, Status
from mnephys.recording import BoolArray, FloatArray, IntArray

__all__ = ["Wells", "labelled"]

_COLUMNS = (
    "recording",
    "plate",
    "well",
    "line",
    "differentiation",
    "treatment",
    "dose_unit",
    "vehicle",
    "dose",
    "control",
)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Wells:
    """One feature of many wells, of one or more recordings, in columns of equal length.

    Parameters
    ----------
    feature, unit : str
        What was measured, and in what.
    recording, plate, well, line, differentiation, treatment, dose_unit : ndarray, str, shape (n_wells,)
        Where each value comes from, and what was done to the well; empty where unknown.
    vehicle : ndarray, str, shape (n_wells,)
        Where control wells of several vehicles are side by side: which one a well has, or is compared with. Empty
        where there is one, and where nobody says which one is meant.
    dose : ndarray, float, shape (n_wells,)
        In `dose_unit`; NaN where none is stated.
    control : ndarray, bool, shape (n_wells,)
        The wells that the others of their recording, line, differentiation and vehicle are compared with.
    values : ndarray, float, shape (n_wells,)
        NaN wherever `status` is not ``ok``.
    status : tuple of Status
        One per well.
    reason : tuple of str
        Why there is no value; beside ``ok`` a remark.

    Raises
    ------
    ValueError
        If columns differ in length, or a value and its status contradict each other.

    Examples
    --------
    >>> rate = Wells.of("mean_firing_rate", "Hz", ["A1", "A2"], [2.0, 4.0], control=[True, False])
    >>> rate
    Wells: mean_firing_rate of 2 wells in 1 recording, 2 measured, 1 control
    >>> [row.value for row in rate.rows()]
    [2.0, 4.0]
    """

    feature: str
    unit: str
    recording: NDArray[Any]
    plate: NDArray[Any]
    well: NDArray[Any]
    line: NDArray[Any]
    differentiation: NDArray[Any]
    treatment: NDArray[Any]
    dose_unit: NDArray[Any]
    vehicle: NDArray[Any]
    dose: FloatArray
    control: BoolArray
    values: FloatArray
    status: tuple[Status, ...]
    reason: tuple[str, ...]

    def __post_init__(self) -> None:
        n = len(self.values)
        for name in (*_COLUMNS, "status", "reason"):
            if len(getattr(self, name)) != n:
                raise ValueError(f"{name} has {len(getattr(self, name))} entries for {n} wells")
        ok = np.array([status is Status.OK for status in self.status], dtype=bool)
        if (np.isfinite(self.values) != ok).any():
            raise ValueError("a value has to be finite where its status is ok, and NaN where it is not")

    @classmethod
    def of(
        cls,
        feature: str,
        unit: str,
        well: Sequence[str],
        values: Sequence[float] | FloatArray,
        **columns: Any,
    ) -> Wells:
        """Return the wells of plain columns.

        Parameters
        ----------
        feature, unit : str
            As of the class.
        well : sequence of str
            Names of the wells.
        values : sequence of float or ndarray, shape (n_wells,)
            What is not finite gets the status ``not_applicable``.
        **columns : sequence
            Any other column of the class; unknown if omitted.

        Returns
        -------
        Wells
            In the order given.

        Raises
        ------
        ValueError
            As the class, or if there is no such column.
        """
        number = np.array(values, dtype=np.float64)
        fine = np.isfinite(number)
        texts = ("recording", "plate", "line", "differentiation", "treatment", "dose_unit", "vehicle")
        if unknown := set(columns) - {*texts, "dose", "control"}:
            raise ValueError(f"wells have no column {min(unknown)!r}")
        return cls(
            feature=feature,
            unit=unit,
            well=np.array(well, dtype=str),
            **{name: np.array(columns.get(name, [""] * number.size), dtype=str) for name in texts},
            dose=np.array(columns.get("dose", [np.nan] * number.size), dtype=np.float64),
            control=np.array(columns.get("control", [False] * number.size), dtype=bool),
            values=np.where(fine, number, np.nan),
            status=tuple(Status.OK if one else Status.NOT_APPLICABLE for one in fine.tolist()),
            reason=tuple("" if one else "not measured" for one in fine.tolist()),
        )

    def __len__(self) -> int:
        return int(self.values.size)

    def __repr__(self) -> str:
        n, runs, controls = len(self), np.unique(self.recording).size, int(self.control.sum())
        return (
            f"Wells: {self.feature} of {n} well{'s' * (n != 1)} in {runs} recording{'s' * (runs != 1)}, "
            f"{int(self.measured.sum())} measured, {controls} control{'s' * (controls != 1)}"
        )

    @property
    def measured(self) -> BoolArray:
        """Which wells have a value, shape (n_wells,)."""
        return np.isfinite(self.values)

    def batches(self) -> tuple[list[tuple[str, str, str, str]], IntArray]:
        """Return which wells are compared with one another: those of one recording, line, differentiation and vehicle.

        Returns
        -------
        labels : list of tuple of str
            Recording, line, differentiation and vehicle of each batch, sorted.
        index : ndarray, int, shape (n_wells,)
            The batch of each well.
        """
        return labelled(self.recording, self.line, self.differentiation, self.vehicle)

    def rows(self) -> list[Measurement]:
        """Return the wells as rows of the tidy table.

        Returns
        -------
        list of Measurement
            At the level of wells, with the names of their recordings.
        """
        return [
            Measurement(
                self.feature,
                value if status is Status.OK else None,
                "",
                self.unit,
                status,
                reason,
                "well",
                str(well),
                str(recording),
            )
            for value, status, reason, well, recording in zip(
                self.values.tolist(), self.status, self.reason, self.well, self.recording, strict=True
            )
        ]

    def chosen(self, mask: BoolArray) -> Wells:
        """Return some of the wells.

        Parameters
        ----------
        mask : ndarray, bool, shape (n_wells,)
            Which.

        Returns
        -------
        Wells
            In the same order.
        """
        kept = np.flatnonzero(mask)
        return replace(
            self,
            status=tuple(self.status[i] for i in kept.tolist()),
            reason=tuple(self.reason[i] for i in kept.tolist()),
            **{name: getattr(self, name)[kept] for name in (*_COLUMNS, "values")},
        )


def labelled(*columns: NDArray[Any]) -> tuple[list[tuple[Any, ...]], IntArray]:
    """Number the distinct rows of some columns.

    Parameters
    ----------
    *columns : ndarray, shape (n,)
        At least one.

    Returns
    -------
    labels : list of tuple
        The distinct rows, sorted by the first column, then the second, and so on; entries are those of the columns.
    index : ndarray, int, shape (n,)
        Which of them each row is.

    Examples
    --------
    >>> import numpy as np
    >>> labelled(np.array(["b", "a", "b"]), np.array(["x", "x", "x"]))
    ([('a', 'x'), ('b', 'x')], array([1, 0, 1]))
    """
    codes = np.array([np.unique(column, return_inverse=True)[1] for column in columns])
    _, first, index = np.unique(codes, axis=1, return_index=True, return_inverse=True)
    rows = zip(*(column[first].tolist() for column in columns), strict=True)
    return list(rows), index.reshape(-1)
