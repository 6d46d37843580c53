"""One run and its page, made once for all tests of the report."""

from __future__ import annotations

import pytest
from report import synthetic_run
from report.html_page import Page

from mnephys import report


@pytest.fixture(scope="session")
def run():
    return synthetic_run.run()


@pytest.fixture(scope="session")
def html(run):
    return report.render(run)


@pytest.fixture(scope="session")
def page(html):
    return Page(html)
