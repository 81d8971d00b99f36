"""tools/set_up.py, against local package indexes that work, hang, refuse connections, or are incomplete."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
import sysconfig
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = {"torch": "2.15.0", "torchvision": "0.29.2"}


@pytest.fixture
def set_up(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, on a machine without an NVIDIA card, where pip may ask an index."""
    monkeypatch.delenv("PIP_NO_INDEX", raising=False)
    specification = importlib.util.spec_from_file_location("set_up", ROOT / "tools/set_up.py")
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    return module


@contextmanager
def index(pages: dict[str, bytes], hang: threading.Event | None = None) -> Iterator[str]:
    """A package index on this machine; with `hang` it sends half an answer and waits."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path)
            self.send_response(200 if page is not None else 404)
            self.send_header("Content-Length", str(len(page or b"") + (100 if hang else 0)))
            self.end_headers()
            self.wfile.write(page or b"")
            if hang:
                self.wfile.flush()
                hang.wait(20)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        if hang:
            hang.set()
        server.shutdown()
        server.server_close()


def page(name: str, version: str) -> bytes:
    return f'<a href="/{name}-{version}%2Bcpu-cp312-cp312-linux.whl#sha256=0">{name}-{version}+cpu-cp312-cp312-linux.whl</a>'.encode()


FULL = {f"/{name}/": page(name, version) for name, version in VERSIONS.items()}


def test_an_index_with_the_builds_is_chosen(set_up: ModuleType) -> None:
    with index(FULL) as url:
        assert set_up.choose_torch_index(VERSIONS, url, platform="linux")[0] == url


@pytest.mark.parametrize(
    ("pages", "message"),
    [
        ({}, "does not answer (Not Found"),
        ({"/torch/": FULL["/torch/"]}, "does not answer (Not Found"),
        ({**FULL, "/torchvision/": page("torchvision", "0.28.0")}, "has no torchvision 0.29.2"),
        ({"/torch/": b"<html>please log in to this network</html>"}, "has no torch 2.15.0"),
    ],
    ids=["empty", "half", "another version", "a login page"],
)
@pytest.mark.slow
def test_an_index_without_the_builds_is_not_chosen(set_up: ModuleType, pages: dict[str, bytes], message: str) -> None:
    with index(pages) as url:
        chosen, why = set_up.choose_torch_index(VERSIONS, url, platform="linux")
    assert chosen is None and message in why


def test_a_hanging_index_times_out(set_up: ModuleType) -> None:
    with index(FULL, hang=threading.Event()) as url:
        chosen, why = set_up.choose_torch_index(VERSIONS, url, seconds=0.5, platform="linux")
    assert chosen is None and ("did not answer within 0.5 s" in why or "timed out" in why)


def test_an_index_that_refuses_connections_is_not_chosen(set_up: ModuleType) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: a connection is refused
        chosen, why = set_up.choose_torch_index(
            VERSIONS, f"http://127.0.0.1:{taken.getsockname()[1]}/", platform="linux"
        )
    assert chosen is None and "refused" in why


def test_an_nvidia_gpu_or_another_system_needs_no_request_to_the_index(
    set_up: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set_up.choose_torch_index(VERSIONS, "http://never.invalid/", platform="darwin")[0] is None
    monkeypatch.setattr(set_up.shutil, "which", lambda name: "/usr/bin/nvidia-smi" if name == "nvidia-smi" else None)
    chosen, why = set_up.choose_torch_index(VERSIONS, "http://never.invalid/", platform="linux")
    assert chosen is None and "NVIDIA" in why


def test_no_index_is_requested_if_pip_may_not_use_one(set_up: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    with index(FULL) as url:
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        assert set_up.choose_torch_index(VERSIONS, url, platform="linux")[0] is None
        monkeypatch.setenv("PIP_NO_INDEX", "0")
        assert set_up.choose_torch_index(VERSIONS, url, platform="linux")[0] == url


def test_every_entry_of_the_lock_has_hashes(set_up: ModuleType) -> None:
    lock = ROOT / "requirements.lock"
    declared = set_up.read_requirements(ROOT / "pyproject.toml")
    lines = [*declared.base, *declared.build, *(line for extra in declared.extras.values() for line in extra)]
    pinned = set_up.locked_closure(lock, map(set_up.package_name, lines))
    assert {name: pinned[name][0].split()[0].partition("==")[2] for name in VERSIONS} == VERSIONS
    without = [name for name, entries in pinned.items() if not all("--hash=sha256:" in entry for entry in entries)]
    assert not without
    assert len(pinned) == len(
        {line.split("==")[0] for line in lock.read_text().splitlines() if "==" in line[:60] and line[0] != " "}
    )


def test_the_closure_contains_indirect_dependencies(set_up: ModuleType, tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "# by hand\n"
        "Base_One==1.0 \\\n    --hash=sha256:a\n    # via project (pyproject.toml)\n"
        "old==1 ; python_full_version < '3.12' \\\n    --hash=sha256:b\n    # via base-one\n"
        "old==2 ; python_full_version >= '3.12' \\\n    --hash=sha256:c\n    # via\n    #   base-one\n    #   other\n"
        "other==1 \\\n    --hash=sha256:d\n    # via project (pyproject.toml)\n"
    )
    assert {name: len(entries) for name, entries in set_up.locked_closure(lock, ["base-one"]).items()} == {
        "base-one": 1,
        "old": 2,
    }
    assert set(set_up.locked_closure(lock, ["other"])) == {"other", "old"}
    with pytest.raises(SystemExit, match="requirements.lock has no new; run: make lock"):
        set_up.locked_closure(lock, ["new"])


@pytest.mark.slow
def test_a_file_with_another_hash_is_refused(set_up: ModuleType, tmp_path: Path) -> None:
    wheel(tmp_path, "plain", "1.0")
    wheel(tmp_path, "torch", "1.0")
    wheel(tmp_path, "torchvision", "1.0")
    pinned = {name: [f"{name}==1.0 --hash=sha256:{'0' * 64}\n"] for name in ("plain", "torch", "torchvision")}
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    environment = {
        "PYTHONPATH": sysconfig.get_path("purelib"),  # with pip
        "PIP_FIND_LINKS": str(tmp_path),
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_CONFIG_FILE": os.devnull,
    }
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from pathlib import Path; from tools import set_up\n"
    code += f"set_up.install(Path({str(venv)!r}), {pinned!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | environment)
    assert done.returncode == 1 and "DO NOT MATCH THE HASHES" in done.stderr


# The whole script, on a small project with its wheels in a folder: no network, no torch.


def wheel(folder: Path, name: str, version: str) -> None:
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.py", f"version = {version!r}\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")


BACKEND = """
import zipfile


def build_editable(folder, settings=None, metadata=None):
    with zipfile.ZipFile(f"{folder}/small-1.0-py3-none-any.whl", "w") as archive:
        info = "small-1.0.dist-info"
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: small\\nVersion: 1.0\\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(f"{info}/RECORD", "")
    return "small-1.0-py3-none-any.whl"
"""


class Project:
    """A project like this one, with packages of three lines."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "tools").mkdir(parents=True)
        (root / "wheels").mkdir()
        script = (
            (ROOT / "tools/set_up.py")
            .read_text()
            .replace("https://download.pytorch.org/whl/cpu/", "http://127.0.0.1:9/")
        )
        (root / "tools/set_up.py").write_text(script)
        (root / "pyproject.toml").write_text(
            '[project]\nname = "small"\nversion = "1.0"\ndependencies = ["torch", "torchvision", "plain"]\n'
            'optional-dependencies = { more = ["surplus"] }\n[dependency-groups]\nbuild = []\n'
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        )
        (root / "backend.py").write_text(BACKEND)
        self.lock("1.0")
        for name in ("torch", "torchvision", "plain", "surplus"):
            wheel(root / "wheels", name, "1.0")
            wheel(root / "wheels", name, "2.0")

    def lock(self, version: str) -> None:
        lines = [f"{name}=={version}" for name in ("torch", "torchvision", "plain", "surplus")]
        (self.root / "requirements.lock").write_text("\n".join(lines) + "\n")

    def run(self, *extras: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.root / "wheels"),
            "PIP_CONFIG_FILE": os.devnull,
        }
        command = [sys.executable, str(self.root / "tools/set_up.py"), *extras]
        return subprocess.run(command, capture_output=True, text=True, env=environment)

    def version(self, name: str) -> str:
        command = [str(self.root / ".venv/bin/python"), "-c", f"import {name}; print({name}.version)"]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()

    @property
    def stamp(self) -> Path:
        return self.root / ".venv/learning-reid.json"


@pytest.mark.slow
def test_a_failed_set_up_is_continued_and_a_complete_one_returns_at_once(tmp_path: Path) -> None:
    project = Project(tmp_path / "clone")
    (project.root / ".venv/bin").mkdir(parents=True)
    (project.root / ".venv/bin/python").symlink_to("/gone/python3")  # an environment whose Python has gone
    missing = project.root / "wheels/plain-1.0-py3-none-any.whl"
    away = missing.rename(tmp_path / missing.name)
    failed = project.run()
    assert failed.returncode != 0 and not project.stamp.exists()
    assert f"torch and torchvision from the folder {project.root / 'wheels'}: pip may not use an index" in failed.stdout
    assert failed.stderr.splitlines()[-1].startswith("set_up.py: ")

    away.rename(missing)
    first = project.run()
    assert first.returncode == 0, first.stdout + first.stderr
    assert json.loads(project.stamp.read_text())["extras"] == []
    assert [project.version(name) for name in ("torch", "plain", "surplus")] == ["1.0", "1.0", ""]
    assert project.run().stdout == ""  # nothing to do, nothing to say

    second = project.run("more")
    assert "are already installed" in second.stdout
    assert project.version("surplus") == "1.0"
    assert project.run().stdout == "" == project.run("more").stdout

    project.lock("2.0")
    assert project.run().returncode == 0
    assert [project.version(name) for name in ("torch", "plain", "surplus")] == ["2.0", "2.0", "2.0"]


def test_an_unknown_extra_is_reported(tmp_path: Path) -> None:
    failed = Project(tmp_path / "clone").run("mroe")
    assert (failed.returncode, failed.stderr) == (1, "set_up.py: no extra 'mroe'; choose from: more\n")
    assert not (tmp_path / "clone/.venv").exists()


def test_an_unsupported_python_is_replaced_or_reported(
    set_up: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(set_up, "OLDEST", (4, 0))
    with pytest.raises(SystemExit, match="3.11, 3.12 or 3.13 is needed") as error:
        set_up.main([])
    assert "\n" not in str(error.value)

    version = "{}.{}".format(*sys.version_info[:2])
    monkeypatch.setattr(set_up.shutil, "which", lambda name: sys.executable if name == f"python{version}" else None)
    called: list[list[str]] = []

    def execute(python: str, command: list[str]) -> None:
        called.append(command)
        raise SystemExit

    monkeypatch.setattr(set_up.os, "execv", execute)
    with pytest.raises(SystemExit):
        set_up.main(["dev"])
    assert called == [[sys.executable, set_up.__file__, "dev"]]
