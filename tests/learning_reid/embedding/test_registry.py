"""No heavy library is imported before an embedder is created, and wrong names raise before that."""

import subprocess
import sys
from pathlib import Path

import pytest

from learning_reid.embedding.registry import BACKENDS, create_embedder
from learning_reid.errors import UserError

HEAVY = ("torch", "torchvision", "torchreid", "tensorflow", "onnxruntime", "openvino")


def run(code: str, repository: Path) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def loaded_by(statements: str) -> str:
    return f"{statements}; import sys; print(*[name for name in {HEAVY} if name in sys.modules])"


def test_importing_does_not_import_heavy_libraries(repository: Path) -> None:
    modules = "learning_reid.embedding, learning_reid.embedding.registry, learning_reid.models.registry, learning_reid.embedding.preprocessing, learning_reid.models.weights_file"
    assert run(loaded_by(f"import {modules}"), repository) == ""


def test_onnx_runtime_needs_no_torch_for_an_onnx_file(repository: Path, real_data: Path) -> None:
    file = real_data / "weights" / "osnet_x0_25_msmt17.onnx"
    code = f"from learning_reid.embedding.registry import create_embedder; create_embedder(weights={str(file)!r}, backend='onnx')"
    assert run(loaded_by(code), repository) == "onnxruntime"


def test_unknown_names_raise_with_similar_names() -> None:
    with pytest.raises(UserError, match="unknown model 'osnet_ain_x10': did you mean 'osnet_ain_x1_0'"):
        create_embedder("osnet_ain_x10")
    with pytest.raises(UserError, match="unknown backend 'opnvino': did you mean 'openvino'"):
        create_embedder(backend="opnvino")


@pytest.mark.parametrize(("backend", "package"), [("onnx", "onnxruntime"), ("openvino", "openvino")])
def test_missing_package_raises_with_the_install_command(
    backend: str, package: str, weights_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(BACKENDS._loaded, backend, raising=False)
    monkeypatch.setattr("importlib.import_module", _missing(package))
    with pytest.raises(UserError, match=f"'{package}', which is not installed; run: .*fast") as error:
        create_embedder(weights=str(weights_file), backend=backend)
    assert len(str(error.value).splitlines()) == 1


def _missing(package: str):
    def import_module(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)

    return import_module


def test_all_backends_are_registered() -> None:
    assert set(BACKENDS.names()) == {"torch", "onnx", "openvino", "auto"}
