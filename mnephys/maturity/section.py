"""Reading one table of a TOML file so that every mistake is named with its file and place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mnephys.errors import RubricError
from mnephys.maturity.toml_lines import Spot
from mnephys.wording import nearest

__all__ = ["Section"]

_LARGEST = 1e300


class Section:
    """One table of a rubric file.

    Parameters
    ----------
    data : object
        What the TOML parser returned for it.
    file : str
        The file, as the user named it.
    place : str
        Where in the file; empty for the top.
    keys : iterable of str, optional
        The keys that it may have; any, if omitted.
    spot : Spot, optional
        Where it stands in the file; messages name no line if omitted.

    Raises
    ------
    RubricError
        If it is no table or has a key that is not known.

    Examples
    --------
    >>> Section({"weigth": 1}, "mine.toml", "domains.ap", ["weight", "minimum"])
    Traceback (most recent call last):
    mnephys.errors.RubricError: mine.toml: [domains.ap] unknown key 'weigth'; the nearest is 'weight'
    """

    def __init__(
        self, data: object, file: str, place: str = "", keys: Iterable[str] | None = None, spot: Spot | None = None
    ) -> None:
        self.file = file
        self.place = place
        self.spot = Spot() if spot is None else spot
        if not isinstance(data, dict):
            raise self.error("is not a table", "write it as one")
        self.data: dict[str, object] = data
        allowed = None if keys is None else list(keys)
        for key in data if allowed is not None else ():
            if key not in (allowed or []):
                raise self.error(f"unknown key {key!r}", nearest(key, allowed or []))

    def __contains__(self, key: str) -> bool:
        return key in self.data

    def error(self, problem: str, advice: str) -> RubricError:
        """Return the one-line error for this place.

        Parameters
        ----------
        problem : str
            What is wrong.
        advice : str
            What to do about it.

        Returns
        -------
        RubricError
            To be raised.
        """
        number = self.spot.line(problem)
        where = "" if number is None else f"line {number}: "
        where += f"[{self.place}] " if self.place else ""
        line = f"{self.file}: {where}{problem}; {advice}"
        return RubricError(" ".join("".join(c if c.isprintable() else " " for c in line).split()))

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; without a default it is required and not empty.

        Parameters
        ----------
        key : str
            Its key.
        default : str, optional
            Used where the key is missing.

        Returns
        -------
        str
            The text.

        Raises
        ------
        RubricError
            If it is missing, empty or no text.
        """
        value = self.data.get(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self.error(f"{key} is {'missing' if key not in self.data else 'not a text'}", f"give {key} a text")
        return value

    def number(self, key: str) -> float | None:
        """Return a finite number, or None where the key is missing.

        Parameters
        ----------
        key : str
            Its key.

        Returns
        -------
        float or None
            The number.

        Raises
        ------
        RubricError
            If it is no finite number.
        """
        if key not in self.data:
            return None
        value = self.data[key]
        # The comparison refuses NaN, infinity and integers too long for a float in one go.
        if isinstance(value, bool) or not isinstance(value, int | float) or not -_LARGEST < value < _LARGEST:
            raise self.error(f"{key} is {value!r}", "it needs to be a finite number")
        return float(value)

    def required(self, key: str) -> float:
        """Return a finite number that has to be there.

        Parameters
        ----------
        key : str
            Its key.

        Returns
        -------
        float
            The number.

        Raises
        ------
        RubricError
            If it is missing or no finite number.
        """
        value = self.number(key)
        if value is None:
            raise self.error(f"{key} is missing", f"give {key} a number")
        return value

    def flag(self, key: str) -> bool:
        """Return a truth value, false where the key is missing.

        Parameters
        ----------
        key : str
            Its key.

        Returns
        -------
        bool
            The value.

        Raises
        ------
        RubricError
            If it is neither true nor false.
        """
        value = self.data.get(key, False)
        if not isinstance(value, bool):
            raise self.error(f"{key} is {value!r}", "write true or false")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, empty where the key is missing.

        Parameters
        ----------
        key : str
            Its key.

        Returns
        -------
        tuple of str
            The texts.

        Raises
        ------
        RubricError
            If it is anything but a list of texts.
        """
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self.error(f"{key} is not a list of texts", f'write {key} = ["...", "..."]')
        return tuple(value)

    def numbers(self, key: str) -> tuple[float, ...]:
        """Return a list of finite numbers, empty where the key is missing.

        Parameters
        ----------
        key : str
            Its key.

        Returns
        -------
        tuple of float
            The numbers.

        Raises
        ------
        RubricError
            If it is anything but a list of finite numbers.
        """
        value = self.data.get(key, [])
        if not isinstance(value, list):
            raise self.error(f"{key} is not a list", f"write {key} = [0, 1]")
        items = {f"{key}[{i}]": item for i, item in enumerate(value)}
        inner = Section(items, self.file, self.place, None, self.spot)
        return tuple(inner.required(name) for name in inner.data)

    def below(self, key: str, keys: Iterable[str] | None = None) -> Section:
        """Return the table below a key, empty where the key is missing.

        Parameters
        ----------
        key : str
            Its key.
        keys : iterable of str, optional
            The keys that it may have.

        Returns
        -------
        Section
            Which knows its place.

        Raises
        ------
        RubricError
            If it is no table or has an unknown key.
        """
        place = f"{self.place}.{key}".lstrip(".")
        return Section(self.data.get(key, {}), self.file, place, keys, self.spot.below(key))

    def each(self, key: str, keys: Iterable[str], name: str) -> Iterator[Section]:
        """Yield the tables of a list of tables.

        Parameters
        ----------
        key : str
            Its key.
        keys : iterable of str
            The keys that each may have.
        name : str
            The key that tells one from another in messages.

        Yields
        ------
        Section
            In file order.

        Raises
        ------
        RubricError
            If it is no list of tables or one has an unknown key.
        """
        value = self.data.get(key, [])
        if not isinstance(value, list):
            raise self.error(f"{key} is not a list of tables", f"write it as [[{key}]]")
        allowed = list(keys)
        for number, item in enumerate(value, 1):
            label = item.get(name) if isinstance(item, dict) else None
            place = f"{self.place}.{key}".lstrip(".") + f" {label if isinstance(label, str) else number}"
            yield Section(item, self.file, place, allowed, self.spot.below(key, number - 1))
