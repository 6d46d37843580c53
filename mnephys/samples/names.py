"""Facts read from the names of recordings by the user's own pattern."""

from __future__ import annotations

import re
import warnings

from mnephys.errors import SampleSheetError
from mnephys.samples.sample import FACTS, Value, parse_value
from mnephys.samples.text import shown
from mnephys.wording import nearest, one_line

__all__ = ["compile_pattern", "parse_names", "read_name"]

_LONGEST = 4096


def parse_names(pattern: str, name: str) -> dict[str, Value]:
    r"""Read facts from the name of a recording.

    Parameters
    ----------
    pattern : str
        Regular expression with named groups, each named like a field of `Sample`. It may match
        anywhere in the name.
    name : str
        POSIX path of the recording below the inputs' common root.

    Returns
    -------
    dict of str to str, float or bool
        What the groups matched, as the fields want it; empty where the pattern does not match.

    Raises
    ------
    SampleSheetError
        If the pattern is not valid, a group is no field, its text cannot be read as the field's
        value, or the name is longer than 4096 characters.

    Examples
    --------
    >>> parse_names(r"(?P<plate>P\d+)_DIV(?P<div>\d+)", "july/P2_DIV14.h5")
    {'plate': 'P2', 'div': 14.0}
    """
    return read_name(compile_pattern(pattern), name)


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Return the compiled pattern.

    Parameters
    ----------
    pattern : str
        Regular expression with named groups.

    Returns
    -------
    re.Pattern
        Whose groups are fields of `Sample`.

    Raises
    ------
    SampleSheetError
        If it is not valid, has no named group, or one that is no field.
    """
    try:
        with warnings.catch_warnings():
            # Python warns of what a later version may read differently; today's meaning is meant.
            warnings.simplefilter("ignore")
            expression = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise _error(pattern, f"is not a regular expression ({error})", "check its brackets") from error
    if not expression.groupindex:
        raise _error(pattern, "has no named group", "write (?P<div>[0-9]+) around the digits of the DIV, for example")
    for group in expression.groupindex:
        if group not in FACTS:
            raise _error(pattern, f"group {shown(group)} is not known", nearest(group, FACTS))
    return expression


def read_name(expression: re.Pattern[str], name: str) -> dict[str, Value]:
    """Read facts from a name by a compiled pattern.

    Parameters
    ----------
    expression : re.Pattern
        From `compile_pattern`.
    name : str
        POSIX path of the recording below the inputs' common root.

    Returns
    -------
    dict of str to str, float or bool
        Empty where it does not match.

    Raises
    ------
    SampleSheetError
        If a group's text cannot be read, or the name is too long.
    """
    if len(name) > _LONGEST:
        problem = f"does not read {shown(name)}, which is {len(name)} characters long"
        raise _error(expression.pattern, problem, f"names may have {_LONGEST}")
    found = expression.search(name)
    texts = {} if found is None else {key: text.strip() for key, text in found.groupdict("").items()}
    return {key: _value(expression.pattern, name, key, text) for key, text in texts.items() if text}


def _value(pattern: str, name: str, key: str, text: str) -> Value:
    try:
        return parse_value(key, text)
    except ValueError as error:
        problem, _, advice = str(error).partition("; ")
        raise _error(pattern, f"group {key} of {shown(name)}: {problem}", advice) from error


def _error(pattern: str, problem: str, advice: str) -> SampleSheetError:
    return SampleSheetError(one_line(f"name pattern {shown(pattern)}: {problem}; {advice}"))
