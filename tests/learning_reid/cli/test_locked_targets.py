"""While one command writes to a file or folder, a second one for the same place is refused before it works."""

from pathlib import Path

import pytest

from learning_reid.errors import UserError
from learning_reid.io.target_lock import lock_target
from learning_reid.zoo.cards import all_cards
from tests.learning_reid.cli.run_cli import run_command


def test_synth_export_detect_and_fetch_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARNING_REID_HOME", str(tmp_path))
    folder, card = tmp_path / "street", all_cards()["osnet_x0_25.market1501"]
    folder.mkdir()
    model, download, rows = tmp_path / "model.onnx", tmp_path / card.source.download, tmp_path / "det.txt"
    download.parent.mkdir(parents=True)
    with lock_target(folder, folder / ".lock"), lock_target(model), lock_target(download), lock_target(rows):
        before = sorted(tmp_path.rglob("*"))
        for target, *command in (
            (folder, "synth", "--out", folder, "--preset", "tiny"),
            (rows, "detect", "--input", "synthetic:7:1", "--out", rows),
            (model, "export", "--out", model),
            (download, "zoo", "fetch", card.key),
        ):
            with pytest.raises(UserError, match="another process is writing to it") as error:
                run_command(*command)
            assert str(error.value).startswith(f"{target}: ")
        assert sorted(tmp_path.rglob("*")) == before
