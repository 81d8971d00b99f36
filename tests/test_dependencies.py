"""pyproject.toml, requirements.lock, environment.yml and the imports say the same."""

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.offline_wheels import parse as parse_entry
from tools.set_up import locked_closure, package_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
OURS = {"learning_reid", "reid_course", "reid_store", "reid_synth"}
CONDA_NAMES = {
    "pytorch": "torch",
    "pgvector-python": "pgvector",
    "playwright-python": "playwright",
    "py-opencv": "opencv-python",
}


def parse(lines: list[str]) -> dict[str, Requirement]:
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def bounds(lines: list[str]) -> dict[str, str]:
    return {name: str(requirement.specifier) for name, requirement in parse(lines).items()}


def imported(folder: str) -> set[str]:
    """The top-level names that the files of a folder import, wherever in the file."""
    names = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - OURS - {"tests", "tools"}


@pytest.mark.parametrize(
    ("folder", "extras"), [("src", set(EXTRAS) - {"dev"}), ("tests", set(EXTRAS)), ("benchmarks", set(EXTRAS))]
)
def test_every_import_is_declared(folder: str, extras: set[str]) -> None:
    declared = set(parse(PROJECT["dependencies"] + [line for extra in extras for line in EXTRAS[extra]]))
    belongs_to = packages_distributions()
    for name in imported(folder):
        owners = {canonicalize_name(owner) for owner in belongs_to.get(name, [name])}
        assert owners & declared, f"{folder} imports {name}, and pyproject.toml does not declare it"


def test_the_extras_of_the_readme_exist() -> None:
    assert {"tensorflow", "fast", "app", "class", "cluster", "dev"} <= set(EXTRAS)
    assert PROJECT["requires-python"] == ">=3.11,<3.14"


@pytest.mark.parametrize(
    ("name", "version"),
    [("torch", "2.9.0"), ("numpy", "2.0.2"), ("tensorflow", "2.19.0"), ("ipython", "7.34.0")],
)
def test_what_colab_has_is_within_the_bounds(name: str, version: str) -> None:
    declared = parse(PROJECT["dependencies"] + [line for lines in EXTRAS.values() for line in lines])
    assert declared[name].specifier.contains(version)


def test_conda_gets_the_same_names_and_bounds() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, pip, *conda, rest = environment["dependencies"]
    assert (python, pip, list(rest)) == ("python=3.12", "pip", ["pip"])
    *with_pip, project = rest["pip"]
    assert project == "--editable ."
    conda_bounds = {CONDA_NAMES.get(name, name): bound for name, bound in bounds(conda + with_pip).items()}
    assert conda_bounds == bounds(PROJECT["dependencies"] + [line for lines in EXTRAS.values() for line in lines])


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize(
    ("system", "machine"), [("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64")], ids=lambda part: part
)
def test_the_lock_has_one_version_of_everything_that_is_declared(python: str, system: str, machine: str) -> None:
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.5",
        "sys_platform": system,
        "platform_system": system.capitalize(),
        "platform_machine": machine,
        "os_name": "posix",
        "extra": "",
    }
    lines = [*PROJECT["dependencies"], *(line for lines in EXTRAS.values() for line in lines)]
    for name, entries in locked_closure(ROOT / "requirements.lock", map(package_name, lines)).items():
        fitting = [parse_entry(entry) for entry in entries]
        fitting = [line for line in fitting if line.marker is None or line.marker.evaluate(environment)]
        assert len(fitting) <= 1, name
        if name in (declared := parse(lines)):
            version = str(fitting[0].specifier).removeprefix("==")
            assert declared[name].specifier.contains(version), f"{name}: run make lock"
