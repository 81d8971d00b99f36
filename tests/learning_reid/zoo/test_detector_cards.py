"""Cards of detectors: valid, equal to what torchvision publishes, and usable by name in settings."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from pydantic import ValidationError
from torchvision.models.detection import faster_rcnn

from learning_reid.detection import registry
from learning_reid.detection.registry import check_detector, choose_detector, create_detector, list_detectors
from learning_reid.errors import UserError
from learning_reid.io.paths import EMBEDDED_WEIGHTS
from learning_reid.zoo import fetch
from learning_reid.zoo.checksums import sha256_of
from learning_reid.zoo.detector_cards import DETECTORS_FILE, all_detectors, load_detector_cards, published_detectors
from learning_reid.zoo.fetch import fetch_published, published_sources
from tests.learning_reid.cli.run_cli import run_command
from tests.learning_reid.detection.test_yolox_onnx import save_network


def test_every_card_names_a_detector_and_a_licence_and_has_safe_addresses() -> None:
    assert list(published_detectors())[:4] == ["yolox_nano", "yolox_tiny", "yolox_s", "yolox_m"]
    for name, card in published_detectors().items():
        assert card.detector in list_detectors() and card.ap and card.params_m and card.page, name
        assert card.urls[0].startswith("https://") and card.target.startswith("weights/")
        assert card.bytes or card.megabytes
        assert published_sources()[name] == card.source and card.licence in card.source.about
    assert len({card.target for card in published_detectors().values()}) == len(published_detectors())


def test_torchvisions_cards_equal_torchvision() -> None:
    enums = [value for name, value in vars(faster_rcnn).items() if name.startswith("FasterRCNN_")]
    weights = {enum.COCO_V1.url: enum.COCO_V1 for enum in enums}
    cards = {card.urls[0]: card for card in published_detectors().values() if card.detector == "torchvision_frcnn"}
    assert set(cards) == set(weights) and len(cards) == 4
    for url, theirs in weights.items():
        card = cards[url]
        assert card.ap == theirs.meta["_metrics"]["COCO-val2017"]["box_map"]
        assert card.params_m == round(theirs.meta["num_params"] / 1e6, 1)
        assert card.gflops == round(theirs.meta["_ops"], 1)
        assert (card.megabytes or card.bytes / 1e6) == pytest.approx(theirs.meta["_file_size"] * 2**20 / 1e6, abs=0.06)
        assert url.endswith(f"-{card.sha256}.pth") and card.target.endswith(url.rpartition("/")[2])


def test_the_embedded_card_describes_the_file() -> None:
    card, file = all_detectors()["embedded"], EMBEDDED_WEIGHTS / "detector.safetensors"
    assert card.sha256 == sha256_of(file) and card.bytes == file.stat().st_size and "MIT" in card.licence
    assert Path(card.target) == file


@pytest.mark.parametrize(
    ("change", "field"),
    [({"sha256": "abc"}, "sha256"), ({"ap": 173}, "ap"), ({"mirror": "x"}, "mirror"), ({"licence": None}, "licence")],
)
def test_an_invalid_card_raises(tmp_path: Path, change: dict[str, object], field: str) -> None:
    content = yaml.safe_load(DETECTORS_FILE.read_text(encoding="utf-8"))
    content["yolox_nano"] |= change
    (tmp_path / "detectors.yml").write_text(yaml.safe_dump(content))
    with pytest.raises(ValidationError, match=field):
        load_detector_cards(tmp_path / "detectors.yml")


def test_weights_choose_their_detector() -> None:
    assert choose_detector("torchvision_frcnn", "yolox_nano") == choose_detector("yolox_onnx", "yolox_s")
    assert choose_detector("torchvision_frcnn", "embedded") == "torchvision_frcnn"
    assert choose_detector("mot_file", "det.txt") == "mot_file"
    with pytest.raises(UserError, match=r"yolox_nano are weights of yolox_onnx, not of mot_file; set detector\.name="):
        check_detector("mot_file", "yolox_nano")
    with pytest.raises(UserError, match="no weights 'yolox_nan'; did you mean 'yolox_nano'"):
        check_detector("torchvision_frcnn", "yolox_nan")


@pytest.fixture
def downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A network in YOLOX's format that stands for the published file."""
    file = save_network(tmp_path / "yolox_nano.onnx")
    for module in (registry, fetch):
        monkeypatch.setattr(module, "fetch_published", lambda name, wait=True: {"yolox_nano": file}[name])
    return file


def test_a_card_works_in_detect_the_pipeline_and_the_store(downloaded: Path, tmp_path: Path) -> None:
    assert create_detector("torchvision_frcnn", "yolox_nano", threads=1).weights == downloaded
    frames, weights = tmp_path / "frames", ("--set", "detector.weights=yolox_nano")
    frames.mkdir()
    for number in (1, 2):
        Image.fromarray(np.full((64, 64, 3), 200, np.uint8)).save(frames / f"{number}.png")
    printed = run_command("detect", "--input", frames, "--out", tmp_path / "det.txt", *weights)
    assert "2 detections in 2 frames" in printed
    run_command("--config", "demo", "--input", frames, "--set", f"output.folder={tmp_path / 'out'}", *weights)
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["detections"] == 2
    store = ("--set", f"store.url=sqlite:///{tmp_path / 'people.db'}")
    assert "2 frames and 2 detections" in run_command(
        "extract", "--input", frames, "--camera", "door", *weights, *store
    )


def test_another_export_of_the_same_network_is_accepted(real_data: Path, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    content = (real_data / "detectors/yolox_nano_coco.onnx").read_bytes()
    (tmp_path / "weights/yolox_nano.onnx").write_bytes(content)
    file = fetch_published("yolox_nano", root=tmp_path)
    assert create_detector("yolox_onnx", str(file), threads=1).input_size == (416, 416)
    file.write_bytes(content + b" ")
    with pytest.raises(UserError, match="bytes, published are 3659407"):
        fetch_published("yolox_nano", root=tmp_path)


def test_the_zoo_lists_shows_and_fetches_detectors(downloaded: Path) -> None:
    listed = run_command("zoo", "list", "--detectors")
    assert listed.count("\n") == 2 + 10 and "embedded" in listed and "28.0" in listed
    assert run_command("zoo", "list", "yolox", "--detectors").count("\n") == 2 + 4
    shown = run_command("zoo", "show", "yolox_nano")
    assert "25.8 %" in shown and "Apache 2.0" in shown and "weights: yolox_nano" in shown
    assert run_command("zoo", "fetch", "yolox_nano").startswith(f"{downloaded}\nloaded")
    with pytest.raises(UserError, match="no detector matches"):
        run_command("zoo", "list", "osnet", "--detectors")
    with pytest.raises(UserError, match="are about ReID models"):
        run_command("zoo", "list", "--detectors", "--tested-on", "market1501")
