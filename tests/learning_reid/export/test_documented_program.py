"""The program in docs/export.md runs without this project and agrees with its own backend."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from learning_reid.embedding.registry import create_embedder
from learning_reid.export.exporter import ExportConfig, export_model
from learning_reid.frames.images import read_image


@pytest.mark.slow
def test_documented_program_needs_only_public_packages(repository: Path, market: Path, tmp_path: Path) -> None:
    page = (repository / "docs" / "export.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", page, re.S)
    assert set(re.findall(r"import (.*)", program)) == {"sys, cv2, numpy as np, onnxruntime"}
    (tmp_path / "alone.py").write_text(program)
    export_model(ExportConfig("osnet_x0_25", "embedded", tmp_path / "osnet.onnx"))
    files = sorted((market / "query").glob("*.jpg"))[:4]
    command = [sys.executable, "-I", "alone.py", "osnet.onnx", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    printed = np.array(
        [[float(number) for number in re.findall(r"-?\d[\d.]*", line)] for line in done.stdout.splitlines()]
    )
    features = create_embedder("osnet_x0_25", "embedded")([read_image(file) for file in files])
    assert printed == pytest.approx(features @ features.T, abs=0.05)  # OpenCV and Pillow resize differently
