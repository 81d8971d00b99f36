"""The preprocessing compared with torchvision's transforms, which torchreid's own extractor uses."""

import numpy as np
import pytest
from PIL import Image
from torchvision import transforms

from learning_reid.embedding.preprocessing import IMAGENET_MEAN, IMAGENET_STD, Preprocessing


def with_torchvision(crop: np.ndarray, height: int, width: int) -> np.ndarray:
    steps = [
        transforms.Resize((height, width)),
        transforms.ToTensor(),
        transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD),
    ]
    return transforms.Compose(steps)(Image.fromarray(crop)).numpy()


@pytest.mark.parametrize(("height", "width"), [(256, 128), (160, 64)])
def test_result_equals_torchvision(crops: list[np.ndarray], height: int, width: int) -> None:
    ours = Preprocessing(height, width)(crops)
    assert ours.shape == (len(crops), 3, height, width)
    assert ours.dtype == np.float32
    for crop, image in zip(crops, ours, strict=True):
        assert np.abs(image - with_torchvision(crop, height, width)).max() <= 1e-5


def test_colors_are_red_green_blue_and_normalized() -> None:
    red = np.zeros((10, 5, 3), np.uint8)
    red[:, :, 0] = 255
    batch = Preprocessing()([red])
    for channel, value in enumerate((1.0, 0.0, 0.0)):
        expected = (value - IMAGENET_MEAN[channel]) / IMAGENET_STD[channel]
        assert batch[0, channel] == pytest.approx(np.full((256, 128), expected), abs=1e-6)


def test_view_into_a_frame_gives_the_same_as_its_copy() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    for view in (frame[20:100, 30:70], frame[::-1, :90, ::-1]):
        assert np.array_equal(Preprocessing()([view]), Preprocessing()([view.copy()]))


def test_no_crops_give_an_empty_batch() -> None:
    assert Preprocessing(32, 16)([]).shape == (0, 3, 32, 16)


@pytest.mark.parametrize(
    "crop",
    [
        np.zeros((9, 9), np.uint8),
        np.zeros((9, 9, 1), np.uint8),
        np.zeros((9, 9, 4), np.uint8),
        np.zeros((0, 9, 3), np.uint8),
        np.zeros((9, 9, 3), np.float32),
    ],
    ids=["gray", "one channel", "RGBA", "no area", "float"],
)
def test_invalid_crop_raises(crop: np.ndarray) -> None:
    with pytest.raises(ValueError, match="must be RGB"):
        Preprocessing()([crop])
