"""The small Faster R-CNN: size, input and output, half precision."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torchvision.models.detection import FasterRCNN

from learning_reid.detection.slim_frcnn import Pyramid, build_slim_frcnn


def test_number_of_parameters() -> None:
    parameters = sum(parameter.numel() for parameter in build_slim_frcnn().parameters())
    assert 2.4e6 < parameters < 2.8e6


def test_the_pyramid_has_strides_8_and_16() -> None:
    maps = Pyramid().eval()(torch.rand(2, 3, 96, 128))
    assert [(name, tuple(level.shape)) for name, level in maps.items()] == [
        ("stride8", (2, 80, 12, 16)),
        ("stride16", (2, 80, 6, 8)),
    ]


def test_anchors_are_upright_and_cover_people_of_20_to_130_pixels() -> None:
    generator = build_slim_frcnn().rpn.anchor_generator
    sizes = torch.cat(generator.cell_anchors)
    wide, tall = (sizes[:, 2] - sizes[:, 0]), (sizes[:, 3] - sizes[:, 1])
    assert ((tall / wide - 2.4).abs() < 0.3).all()
    assert 18 < tall.min() < 25 and 120 < tall.max() < 135


@torch.inference_mode()
def test_results_are_boxes_in_pixels_of_the_input_by_descending_score() -> None:
    torch.manual_seed(0)
    model = build_slim_frcnn().eval()
    (found,) = model([torch.rand(3, 300, 200)])
    boxes, scores = found["boxes"], found["scores"]
    assert set(found) == {"boxes", "labels", "scores"} and boxes.shape == (len(scores), 4)
    assert (boxes[:, 0::2] <= 200).all() and (boxes[:, 1::2] <= 300).all() and (boxes >= 0).all()
    assert (scores.diff() <= 0).all() and (found["labels"] == 1).all()


@pytest.mark.parametrize(
    ("height", "width", "sizes"),
    [
        (576, 768, [(384, 512), (154, 205)]),
        (360, 640, [(288, 512), (115, 205)]),
        (640, 360, [(512, 288), (205, 115)]),
        (1080, 1920, [(576, 1024), (288, 512), (115, 205)]),
    ],
)
@torch.inference_mode()
def test_a_frame_is_seen_at_sizes_that_depend_on_its_own(
    height: int, width: int, sizes: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, seen = build_slim_frcnn().eval(), []
    resize = model.transform.resize
    monkeypatch.setattr(model.transform, "resize", lambda image, target: _record(seen, resize(image, target)))
    model([torch.zeros(3, height, width)])
    assert seen == sizes


def _record(seen: list[tuple[int, ...]], resized: tuple[torch.Tensor, None]) -> tuple[torch.Tensor, None]:
    seen.append(tuple(resized[0].shape[-2:]))
    return resized


@torch.inference_mode()
def test_scales_are_merged_and_small_boxes_of_the_reduced_size_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build_slim_frcnn().eval()
    # a person found at both scales, then a larger one and a smaller one at the reduced scale only; in resized pixels
    levels = iter(
        [
            ([[100.0, 100, 180, 300]], [0.6]),
            ([[40.0, 40, 72, 120], [100, 20, 140, 120], [150, 20, 160, 50]], [0.9, 0.5, 0.8]),
        ]
    )

    def detect(self: FasterRCNN, images: list[torch.Tensor], targets: object = None) -> list[dict[str, torch.Tensor]]:
        boxes, scores = (torch.tensor(values) for values in next(levels))
        return [{"boxes": boxes, "labels": torch.ones(len(boxes), dtype=torch.int64), "scores": scores}]

    monkeypatch.setattr(FasterRCNN, "forward", detect)
    (found,) = model([torch.zeros(3, 384, 512)])
    assert found["scores"].tolist() == pytest.approx([0.9, 0.5])
    assert found["boxes"][0].tolist() == pytest.approx([100, 100, 180, 300], rel=0.01)
    assert found["boxes"][1].tolist() == pytest.approx([250, 50, 350, 300], rel=0.01)


@torch.inference_mode()
def test_fused_batch_norms_give_the_same_features() -> None:
    torch.manual_seed(0)
    model = build_slim_frcnn()
    for name, buffer in model.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            buffer.uniform_(0.5, 1.5)
    image = torch.rand(1, 3, 96, 128)
    before = model.eval().backbone(image)
    model.fuse_batch_norm()
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in model.modules())
    for name, level in model.backbone(image).items():
        assert torch.allclose(level, before[name], atol=1e-4)


@torch.inference_mode()
def test_half_precision_on_disk_hardly_changes_the_features(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = build_slim_frcnn().eval()
    halves = {k: v.half() if v.is_floating_point() else v for k, v in model.state_dict().items()}
    save_file(halves, tmp_path / "half.safetensors")
    assert (tmp_path / "half.safetensors").stat().st_size < 10e6
    other = build_slim_frcnn().eval()
    other.load_state_dict(load_file(tmp_path / "half.safetensors"), strict=True)
    image = torch.rand(1, 3, 96, 128)
    for ours, theirs in zip(model.backbone(image).values(), other.backbone(image).values(), strict=True):
        assert torch.allclose(ours, theirs, atol=0.02)
