"""Reading the image of a sample."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from learning_reid.datasets.images import displayed_size, open_image, read_crop
from learning_reid.datasets.sample import Sample
from learning_reid.embedding.preprocessing import Preprocessing
from learning_reid.errors import UserError
from tests.learning_reid.datasets.dataset_files import write_image


def test_a_crop_file_and_a_box_of_a_frame(tmp_path: Path) -> None:
    file = write_image(tmp_path / "a.png", 30, 20)
    pixels = np.asarray(Image.open(file))
    whole = read_crop(Sample(file, "1", ""))
    assert np.array_equal(whole, pixels) and whole.dtype == np.uint8
    for box, part in [((2, 3, 9, 20), pixels[3:20, 2:9]), ((-5, 1.2, 6.4, 99), pixels[1:, :6])]:
        cut = read_crop(Sample(file, "1", "", box_xyxy=box))
        assert np.array_equal(cut, part)
        cut[:] = 0  # a copy: the next box of this frame is not affected


def test_many_boxes_of_one_frame_read_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_image(tmp_path / "a.png")
    read: list[Path] = []
    real = Image.open
    monkeypatch.setattr(Image, "open", lambda path, *rest: (read.append(path), real(path, *rest))[1])
    for left in range(10):
        read_crop(Sample(file, "1", "", box_xyxy=(left, 0, left + 5, 9)))
    assert read == [file]


def test_a_frame_that_changed_is_read_again(tmp_path: Path) -> None:
    boxed = Sample(write_image(tmp_path / "a.png"), "1", "", box_xyxy=(0, 0, 5, 5))
    before = read_crop(boxed)
    write_image(tmp_path / "a.png", like="another")
    assert not np.array_equal(before, read_crop(boxed))


def truncated(file: Path) -> None:
    write_image(file, 200, 100)
    file.write_bytes(file.read_bytes()[:2000])


@pytest.mark.parametrize("box", [None, (0, 0, 5, 5)], ids=["whole", "box"])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda file: None, "no such file or directory"),
        (lambda file: file.write_bytes(b""), "empty, 0 bytes"),
        (lambda file: file.write_text("hello"), "not an image"),
        (truncated, "image file is truncated.*"),
    ],
    ids=["missing", "0 bytes", "text", "truncated"],
)
def test_unreadable_files_are_reported(tmp_path: Path, make: Callable[[Path], object], message: str, box) -> None:
    make(tmp_path / "a.jpg")
    with pytest.raises(UserError, match=rf"a.jpg cannot be read \({message}\); copy it again or remove it") as raised:
        read_crop(Sample(tmp_path / "a.jpg", "1", "", box_xyxy=box))
    assert "\n" not in str(raised.value)


def test_a_link_without_its_file_is_explained(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to(tmp_path / "blobs/1f")
    with pytest.raises(UserError, match="a.jpg cannot be read .a link to .*blobs/1f, which is missing"):
        open_image(tmp_path / "a.jpg")


@pytest.mark.parametrize("size", [(1, 40), (40, 1), (1, 1)])
@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "RGBA", "I;16"])
def test_images_one_pixel_wide(tmp_path: Path, size: tuple[int, int], mode: str) -> None:
    Image.new(mode, size).save(tmp_path / "a.png")
    crop = read_crop(Sample(tmp_path / "a.png", "1", "1"))
    assert crop.shape == (size[1], size[0], 3) and Preprocessing(256, 128)([crop]).shape == (1, 3, 256, 128)
    assert displayed_size(tmp_path / "a.png") == crop.shape[:2]


def test_a_crop_of_a_12_bit_image_is_as_bright_as_of_8_bits(tmp_path: Path) -> None:
    gray = np.arange(256, dtype=np.uint16).reshape(16, 16)
    Image.fromarray(gray.astype(np.uint8)).save(tmp_path / "8.png")
    Image.fromarray(16 * gray).save(tmp_path / "12.png")
    crops = [read_crop(Sample(tmp_path / f"{bits}.png", "1", "1", box_xyxy=(2, 3, 14, 12))) for bits in (8, 12)]
    assert np.abs(crops[0].astype(int) - crops[1]).max() <= 1


def test_a_box_outside_its_frame(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"the box 50, 50, 60, 60 lies outside its frame .*a.png"):
        read_crop(Sample(write_image(tmp_path / "a.png"), "1", "", box_xyxy=(50, 50, 60, 60)))
