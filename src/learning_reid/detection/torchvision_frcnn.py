"""Faster R-CNN (Ren et al. 2015, arXiv:1506.01497) in torchvision: the project's small one, or a published one.

The published networks are torchvision's four, such as `fasterrcnn_resnet50_fpn`, trained on COCO or fine-tuned for
other classes; the weights of the small one are part of this repository. In all, label 1 is "person".
"""

from pathlib import Path
from typing import Any

import numpy as np
import supervision as sv
import torch
from torch import nn
from torchvision.models import detection as torchvision_models
from torchvision.models.detection import FasterRCNN

from learning_reid.detection.detections import to_detections
from learning_reid.detection.registry import register_detector
from learning_reid.detection.slim_frcnn import SlimFasterRCNN, build_slim_frcnn
from learning_reid.device import choose_device
from learning_reid.errors import UserError
from learning_reid.frames.frame import Frame
from learning_reid.io.paths import EMBEDDED_WEIGHTS
from learning_reid.io.yaml_file import read_mapping
from learning_reid.models.state_dict import load_strictly
from learning_reid.models.weights_reader import read_state_dict
from learning_reid.zoo.checksums import sha256_of
from learning_reid.zoo.fetch import fetch_published

EMBEDDED = EMBEDDED_WEIGHTS / "detector.safetensors"
PUBLISHED = "fasterrcnn_resnet50_fpn"  # the card of `coco`
PERSON = 1  # 0 is the background
MIN_SCORE = 0.8  # unless the card beside the weights gives another
CLASS_LAYER = "roi_heads.box_predictor.cls_score.weight"
ARCHITECTURES = {  # by a tensor that earlier ones do not have
    "backbone.fpn.inner_blocks.0.1.running_var": "fasterrcnn_resnet50_fpn_v2",
    "backbone.body.layer1.0.conv1.weight": "fasterrcnn_resnet50_fpn",
    "backbone.body.1.block.0.0.weight": "fasterrcnn_mobilenet_v3_large_fpn",
}
SMALL_IMAGES = "fasterrcnn_mobilenet_v3_large_320_fpn"  # has the same tensors, so the file's name tells them apart


class TorchvisionFasterRCNN:
    """A trained `FasterRCNN`, one frame at a time; the network itself resizes and normalizes.

    Args:
        network: The network with its weights loaded.
        weights: The file of these weights.
        min_score: The lowest score to keep.
        device: Where it runs.
    """

    def __init__(self, network: FasterRCNN, weights: Path, min_score: float, device: torch.device) -> None:
        self.weights = weights
        self.network = network.eval().to(device)
        if isinstance(self.network, SlimFasterRCNN):
            self.network.fuse_batch_norm()
        self.network.roi_heads.score_thresh = min_score  # saves the work on boxes that would be dropped
        self.min_score = min_score
        self.device = device

    @torch.inference_mode()
    def __call__(self, frame: Frame) -> sv.Detections:
        if min(frame.image.shape[:2]) * self.network.transform.max_size < max(frame.image.shape[:2]):
            return to_detections(np.zeros((0, 4)), np.zeros(0), frame.image.shape, self.min_score)  # resized to nothing
        image = torch.from_numpy(frame.image).to(self.device)  # (h, w, 3) uint8 RGB
        (found,) = self.network([image.permute(2, 0, 1).float() / 255])  # boxes (n, 4), labels (n,), scores (n,)
        person = found["labels"] == PERSON
        boxes, scores = found["boxes"][person].cpu().numpy(), found["scores"][person].cpu().numpy()
        return to_detections(boxes, scores, frame.image.shape, self.min_score)


def load_network(path: Path) -> FasterRCNN:
    """Build the network that matches the tensors of a weights file, and load them.

    Raises:
        UserError: The file is missing, damaged or of another architecture; the message names the tensors that differ.
    """
    tensors = read_state_dict(path)
    name = next((name for tensor, name in ARCHITECTURES.items() if tensor in tensors), None)
    network = build_slim_frcnn() if name is None else _build_published(path, name, tensors)
    load_strictly(network, tensors, where=path)
    return network


def _build_published(path: Path, name: str, tensors: dict[str, torch.Tensor]) -> FasterRCNN:
    """Build one of torchvision's networks for the number of classes of the file."""
    name = SMALL_IMAGES if path.name.startswith(SMALL_IMAGES) else name
    num_classes = len(tensors[CLASS_LAYER]) if CLASS_LAYER in tensors else 91
    network = getattr(torchvision_models, name)(weights=None, weights_backbone=None, num_classes=num_classes)
    if name == PUBLISHED and not any(tensor.endswith("num_batches_tracked") for tensor in tensors):
        # The published weights, and all that were fine-tuned from them, use frozen statistics without epsilon, which
        # torchvision sets only when it loads its own file.
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eps = 0.0
    return network


def read_card(path: Path) -> dict[str, Any]:
    """Read the card beside a weights file (same name, .yml) and verify the checksum; {} if there is no card.

    Raises:
        UserError: The card cannot be read, or describes another file.
    """
    card_path = path.with_suffix(".yml")
    if not card_path.is_file():
        return {}
    card = read_mapping(card_path)
    if "sha256" in card and path.is_file() and card["sha256"] != sha256_of(path):
        raise UserError(f"{path}: damaged, or not the file of {card_path.name} (sha256 differs); restore both")
    return card


@register_detector("torchvision_frcnn", about="Faster R-CNN in torchvision: the embedded weights, COCO, or a file.")
def create_torchvision_frcnn(
    weights: str, min_score: float | None, device: str, threads: int | None
) -> TorchvisionFasterRCNN:
    """Create the detector from `embedded` weights, `coco` (downloaded once), or a .pth or .safetensors file."""
    match weights:
        case "embedded":
            path = EMBEDDED
        case "coco":
            path = fetch_published(PUBLISHED)
        case _:
            path = Path(weights).expanduser()
    card = read_card(path)
    if threads:
        torch.set_num_threads(threads)
    score = card.get("min_score", MIN_SCORE) if min_score is None else min_score
    return TorchvisionFasterRCNN(load_network(path), path, score, torch.device(choose_device(device)))
