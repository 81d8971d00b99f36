"""Wrong answers are data, which pytest must not import; notebooks that run here keep their plot style to themselves."""

from collections.abc import Iterator

import matplotlib
import pytest

collect_ignore = ["wrong"]


@pytest.fixture(autouse=True)
def plot_style() -> Iterator[None]:
    with matplotlib.rc_context():
        yield
