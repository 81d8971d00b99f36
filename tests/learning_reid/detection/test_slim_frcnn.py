"""The small Faster R-CNN: size, input and output, half precision."""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from learning_reid.detection.slim_frcnn import HEIGHT, WIDTH, Pyramid, build_slim_frcnn


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


def test_images_of_four_to_three_are_resized_to_512_by_384() -> None:
    images, _ = build_slim_frcnn().eval().transform([torch.rand(3, 576, 768)])
    assert tuple(images.tensors.shape[-2:]) == (HEIGHT, WIDTH)


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
