"""Fixtures that all tests share: real data, skips that fail in CI, a browser, a small synthetic dataset."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest
from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=50, database=None)
settings.load_profile("repeatable")


def skip_or_fail(reason: str) -> NoReturn:
    """Skip the running test and give the reason; with REID_CI=1, where nothing may be missing, fail instead."""
    if os.environ.get("REID_CI") == "1":
        pytest.fail(f"in CI nothing is skipped: {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(name="skip_or_fail", scope="session")
def _skip_or_fail() -> Callable[[str], NoReturn]:
    return skip_or_fail


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real images, boxes and weights that REID_REAL_DATA names."""
    folder = os.environ.get("REID_REAL_DATA", "")
    if not folder:
        skip_or_fail("no real data; run: REID_REAL_DATA=FOLDER make test")
    if not Path(folder, "README.md").is_file():
        skip_or_fail(
            f"REID_REAL_DATA={folder} has no data; name the folder that has it: REID_REAL_DATA=FOLDER make test"
        )
    return Path(folder).resolve()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium, for tests of pages."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        skip_or_fail("playwright is not installed; run: make test")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        skip_or_fail("no chromium; run: sudo apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield chromium
        chromium.close()


CONTRAST = """selector => {
  const light = color => color.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4).reduce((sum, v, k) => sum + v * [.2126, .7152, .0722][k], 0);
  const ink = light(getComputedStyle(document.querySelector(selector)).color);
  const paper = light(getComputedStyle(document.body).backgroundColor);
  return (Math.max(ink, paper) + .05) / (Math.min(ink, paper) + .05);
}"""


def check_contrast(page: Any, selectors: Sequence[str]) -> None:
    """Check that text on a page has a contrast of 4.5 to 1, as WCAG 2 requires (success criterion 1.4.3)."""
    for selector in selectors:
        ratio = page.evaluate(CONTRAST, selector)
        assert ratio >= 4.5, f"{selector}: {ratio:.1f}"


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the project."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def published(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Path], tuple[str, dict[str, str]]]:
    """Return a function that creates a virtual environment as on Colab: without the project, which git can fetch.

    It takes a new folder and returns the Python of the environment and the variables to run it with. The dependencies
    come from this environment's site-packages through PYTHONPATH, whose .pth files (of the editable install) Python
    ignores. git finds the project's address on this machine.
    """
    from tools import notebooks

    project = tmp_path_factory.mktemp("published")
    ignored = shutil.ignore_patterns("__pycache__", ".OTTER_LOG", ".ipynb_checkpoints")
    for part in ("src", "confs", "notebooks/data", "notebooks/exercises/student"):
        shutil.copytree(repository / part, project / part, ignore=ignored)
    for file in ("pyproject.toml", "README.md", "LICENSE", "tools/hatch_build.py", "docs/synthetic.md"):
        (project / file).parent.mkdir(exist_ok=True)
        shutil.copy(repository / file, project / file)
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "--quiet"], ["add", "."], [*identity, "commit", "--quiet", "--message", "all"]):
        subprocess.run(["git", *command], cwd=project, check=True)
    variables = {
        **os.environ,
        "PYTHONPATH": sysconfig.get_path("purelib"),  # pip, too
        "PIP_NO_COMPILE": "1",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{project}.insteadOf",
        "GIT_CONFIG_VALUE_0": notebooks.repository(),
        "PIP_NO_BUILD_ISOLATION": "0",  # pip reads this as --no-build-isolation: hatchling is installed already
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }

    def create(folder: Path) -> tuple[str, dict[str, str]]:
        base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
        subprocess.run([str(base), "-m", "venv", "--without-pip", str(folder)], check=True)
        return str(folder / "bin" / "python"), variables

    return create


@pytest.fixture(scope="session")
def generated_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small synthetic dataset in the Market-1501 layout: 8 test persons, 2 cameras, distractors, junk."""
    from reid_synth.datasets.market import MarketPlan, write_market

    folder = tmp_path_factory.mktemp("generated") / "market"
    write_market(folder, MarketPlan(4, 8, cameras=2, crops_per_camera=2, distractors=4, junk=2), seed=3)
    return folder
