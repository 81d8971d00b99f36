"""Loading of state dicts in the published formats, against torchvision's own loading."""

from collections.abc import Callable
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import save_file
from torchvision.models.detection import (
    FasterRCNN,
    FasterRCNN_ResNet50_FPN_Weights,
    fasterrcnn_mobilenet_v3_large_320_fpn,
    fasterrcnn_mobilenet_v3_large_fpn,
    fasterrcnn_resnet50_fpn,
    fasterrcnn_resnet50_fpn_v2,
)

from learning_reid.detection import registry, torchvision_frcnn
from learning_reid.detection.registry import create_detector
from learning_reid.detection.slim_frcnn import build_slim_frcnn
from learning_reid.errors import UserError
from learning_reid.frames.frame import Frame
from learning_reid.zoo.checksums import sha256_of
from learning_reid.zoo.detector_cards import published_detectors

OLD_NAMES = [("rpn.head.conv.0.0.", "rpn.head.conv."), *[(f"_blocks.{i}.0.", f"_blocks.{i}.") for i in range(4)]]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def frame() -> Frame:
    return Frame(0, "", np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8))


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 3000, 3), (3000, 1, 3), (1, 400, 3)])
def test_images_one_pixel_wide_or_high_have_no_people(shape: tuple[int, int, int]) -> None:
    found = create_detector("torchvision_frcnn", "embedded")(Frame(0, "", np.zeros(shape, np.uint8)))
    assert found.xyxy.shape == (0, 4) and len(found.confidence) == 0


def trained(network: FasterRCNN, person: float = 4.0) -> dict[str, torch.Tensor]:
    """Return weights like trained ones: statistics that matter, and some confident detections."""
    generator = torch.Generator().manual_seed(0)
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    for name, tensor in state.items():
        if name.endswith("running_var"):
            tensor.copy_(torch.rand(tensor.shape, generator=generator) * 1e-4 + 1e-6)  # so small that an epsilon shows
            state[name.replace("running_var", "weight")].mul_(3e-3)
        elif name.endswith("running_mean"):
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * 1e-3)
    state["roi_heads.box_predictor.cls_score.bias"][1] = person
    return state


@pytest.fixture(scope="module")
def resnet_state() -> Callable[[int], dict[str, torch.Tensor]]:
    def make(classes: int) -> dict[str, torch.Tensor]:
        torch.manual_seed(classes)
        return trained(fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None, num_classes=classes))

    return make


def published(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Convert to the COCO file's format: names of 2019, no batch counters."""
    renamed = {}
    for name, tensor in state.items():
        for new, old in OLD_NAMES:
            name = name.replace(new, old)
        renamed[name] = tensor
    return {name: tensor for name, tensor in renamed.items() if "num_batches" not in name}


def small(network: FasterRCNN) -> FasterRCNN:
    """The same network on smaller images, so that the test is fast."""
    network.transform.min_size, network.transform.max_size = (96,), 128
    return network


def detect_plainly(network: FasterRCNN, frame: Frame, min_score: float) -> tuple[np.ndarray, np.ndarray]:
    """Run the network without our code."""
    image = torch.from_numpy(frame.image.transpose(2, 0, 1).astype(np.float32) / 255)
    with torch.no_grad():
        found = network.eval()([image])[0]
    kept = (found["labels"] == 1) & (found["scores"] >= min_score)
    return found["boxes"][kept].numpy(), found["scores"][kept].numpy()


@pytest.mark.slow
def test_coco_file_as_torchvision_loads_it(resnet_state, frame: Frame, tmp_path: Path, monkeypatch) -> None:
    file = published(resnet_state(91))
    torch.save(file, tmp_path / "coco.pth")
    monkeypatch.setattr(
        torchvision_frcnn, "fetch_published", lambda name: {"fasterrcnn_resnet50_fpn": tmp_path / "coco.pth"}[name]
    )
    monkeypatch.setattr(FasterRCNN_ResNet50_FPN_Weights, "get_state_dict", lambda self, **kwargs: dict(file))
    theirs = fasterrcnn_resnet50_fpn(weights="COCO_V1", weights_backbone=None)
    detector = create_detector("torchvision_frcnn", "coco", min_score=0.2)
    boxes, scores = detect_plainly(small(theirs), frame, 0.2)
    small(detector.network)
    found = detector(frame)
    assert len(boxes) > 5
    np.testing.assert_allclose(found.confidence, scores, atol=1e-5)
    np.testing.assert_allclose(found.xyxy, boxes.clip(0, [128, 96, 128, 96]), atol=1e-3)
    assert create_detector("torchvision_frcnn", "coco").min_score == 0.8


@pytest.mark.slow
@pytest.mark.parametrize(
    "build",
    [fasterrcnn_resnet50_fpn_v2, fasterrcnn_mobilenet_v3_large_fpn, fasterrcnn_mobilenet_v3_large_320_fpn],
    ids=lambda build: build.__name__,
)
def test_the_other_published_networks_as_torchvision_builds_them(
    build: Callable[..., FasterRCNN], frame: Frame, tmp_path: Path, monkeypatch
) -> None:
    torch.manual_seed(0)
    theirs = build(weights=None, weights_backbone=None)
    state = trained(theirs)
    theirs.load_state_dict(state)
    file = tmp_path / Path(published_detectors()[build.__name__].target).name
    torch.save({name: tensor for name, tensor in state.items() if "num_batches" not in name}, file)
    monkeypatch.setattr(registry, "fetch_published", lambda name: {build.__name__: file}[name])
    detector = create_detector("torchvision_frcnn", build.__name__, min_score=0.2)
    for part in ("transform.min_size", "transform.max_size", "rpn.score_thresh", "rpn._post_nms_top_n"):
        assert attrgetter(part)(detector.network) == attrgetter(part)(theirs), part
    boxes, scores = detect_plainly(small(theirs), frame, 0.2)
    small(detector.network)
    found = detector(frame)
    assert len(boxes) > 5 and detector.weights == file
    np.testing.assert_allclose(found.confidence, scores, atol=1e-5)
    np.testing.assert_allclose(found.xyxy, boxes.clip(0, [128, 96, 128, 96]), atol=1e-3)


@pytest.mark.slow
def test_a_file_fine_tuned_for_two_classes(resnet_state, frame: Frame, tmp_path: Path) -> None:
    state = resnet_state(2)
    torch.save(
        {"model": {f"module.{name}": tensor for name, tensor in state.items()}, "epoch": 7}, tmp_path / "mine.pth"
    )
    theirs = fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None, num_classes=2)
    theirs.load_state_dict(state)
    boxes, scores = detect_plainly(small(theirs), frame, 0.2)
    detector = create_detector("torchvision_frcnn", str(tmp_path / "mine.pth"), min_score=0.2)
    small(detector.network)
    found = detector(frame)
    assert len(boxes) > 5
    np.testing.assert_allclose(found.confidence, scores, atol=1e-5)
    np.testing.assert_allclose(found.xyxy, boxes.clip(0, [128, 96, 128, 96]), atol=1e-3)


def slim_files(folder: Path, **card: object) -> dict[str, torch.Tensor]:
    """Save weights of the small network in half precision with their card, as in the repository."""
    torch.manual_seed(0)
    network = build_slim_frcnn()
    torch.nn.init.normal_(network.roi_heads.box_predictor.score.weight, std=0.5)
    state = {
        name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in network.state_dict().items()
    }
    save_file(state, folder / "detector.safetensors")
    content = {"sha256": sha256_of(folder / "detector.safetensors"), "min_score": 0.35, **card}
    (folder / "detector.yml").write_text(yaml.safe_dump(content))
    return state


def test_embedded_weights_with_their_card(frame: Frame, tmp_path: Path, monkeypatch) -> None:
    state = slim_files(tmp_path)
    monkeypatch.setattr(torchvision_frcnn, "EMBEDDED", tmp_path / "detector.safetensors")
    plain = build_slim_frcnn()
    plain.load_state_dict({name: tensor.float() for name, tensor in state.items()})
    boxes, scores = detect_plainly(plain, frame, 0.35)
    detector = create_detector("torchvision_frcnn")
    found = detector(frame)
    assert len(scores) > 0 and detector.min_score == 0.35
    np.testing.assert_allclose(found.confidence, scores, atol=1e-6)
    np.testing.assert_allclose(found.xyxy, boxes, atol=1e-3)
    assert len(create_detector("torchvision_frcnn", min_score=0.0)(frame)) >= len(found)


def test_weights_that_do_not_match_their_card_are_refused(tmp_path: Path) -> None:
    slim_files(tmp_path, sha256="0" * 64)
    with pytest.raises(UserError, match="sha256 differs"):
        create_detector("torchvision_frcnn", str(tmp_path / "detector.safetensors"))
    (tmp_path / "detector.yml").write_text("- no mapping")
    with pytest.raises(UserError, match="at the top level"):
        create_detector("torchvision_frcnn", str(tmp_path / "detector.safetensors"))


def test_missing_truncated_and_foreign_weights_are_refused(resnet_state, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no weights file"):
        create_detector("torchvision_frcnn", str(tmp_path / "absent.pth"))
    slim_files(tmp_path)
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "detector.safetensors").read_bytes()[:-1000])
    with pytest.raises(UserError, match="damaged"):
        create_detector("torchvision_frcnn", str(tmp_path / "cut.safetensors"))
    torch.save({"conv1.conv.weight": torch.zeros(16, 3, 7, 7)}, tmp_path / "osnet.pth")
    with pytest.raises(UserError, match="weights of another model, .* is missing"):
        create_detector("torchvision_frcnn", str(tmp_path / "osnet.pth"))
    state = resnet_state(2)
    state["roi_heads.box_head.fc6.weight"] = torch.zeros(8, 8)
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(UserError, match=r"1 tensor differs: roi_heads\.box_head\.fc6\.weight is \(8, 8\) in the file"):
        create_detector("torchvision_frcnn", str(tmp_path / "other.pth"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_missing_gpu_is_refused(tmp_path: Path) -> None:
    slim_files(tmp_path)
    with pytest.raises(UserError, match="no such device"):
        create_detector("torchvision_frcnn", str(tmp_path / "detector.safetensors"), device="cuda")
    assert create_detector("torchvision_frcnn", str(tmp_path / "detector.safetensors"), device="auto", threads=1)
