"""Image folders: order, formats, and broken files."""

import gc
import io
import shutil
import struct
import weakref
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from learning_reid.errors import UserError
from learning_reid.frames.image_folder import ImageFrames
from learning_reid.frames.images import IMAGE_ERRORS, natural_sort, read_image

RNG = np.random.default_rng(0)
PHOTO = np.clip(np.cumsum(RNG.normal(0, 9, (48, 64, 3)), axis=1) + 128, 0, 255).astype(np.uint8)


def save(path: Path, image: np.ndarray | Image.Image = PHOTO, **options: object) -> Path:
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(path, **options)
    return path


def folder_of(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for shade, name in enumerate(names):
        save(folder / name, np.full((8, 6, 3), 10 * shade, np.uint8))
    return folder


def test_natural_order_without_other_and_hidden_files(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "frame_10.png", "frame_2.PNG", "frame_1.bmp", ".frame_0.png", "B.webp", "a.jpeg")
    (folder / "Thumbs.db").write_bytes(b"thumbs")
    (folder / "notes.txt").write_text("not an image")
    (folder / "sub.jpg").mkdir()
    frames = list(ImageFrames(folder))
    assert [frame.name for frame in frames] == ["a.jpeg", "B.webp", "frame_1.bmp", "frame_2.PNG", "frame_10.png"]
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    assert frames[3].image[0, 0].tolist() == [10, 10, 10]  # the image that was saved second


@given(st.lists(st.integers(0, 10**12), unique=True), st.randoms(use_true_random=False))
def test_numbered_names_sort_numerically(numbers: list[int], random: object) -> None:
    names = [f"frame_{number}.jpg" for number in numbers]
    assert natural_sort(names) == [f"frame_{number}.jpg" for number in sorted(numbers)]


@given(st.lists(st.text("aB01٣² ._-", max_size=6), max_size=8, unique=True), st.data())
def test_order_does_not_depend_on_the_listing_order(names: list[str], data: st.DataObject) -> None:
    assert natural_sort(data.draw(st.permutations(names))) == natural_sort(names)


def test_frames_of_different_sizes_and_a_single_frame(tmp_path: Path) -> None:
    save(tmp_path / "0.png")
    assert len(list(ImageFrames(tmp_path))) == 1
    save(tmp_path / "1.png", PHOTO[:20, :30])
    assert [frame.image.shape for frame in ImageFrames(tmp_path)] == [(48, 64, 3), (20, 30, 3)]


def test_gray_palette_and_cmyk_become_rgb(tmp_path: Path) -> None:
    gray = Image.fromarray(PHOTO).convert("L")
    image = read_image(save(tmp_path / "gray.png", gray))
    assert image.shape == (48, 64, 3) and image.dtype == np.uint8
    assert all(np.array_equal(image[:, :, channel], np.asarray(gray)) for channel in range(3))
    flat = np.full((8, 8, 3), (200, 30, 60), np.uint8)
    assert np.array_equal(read_image(save(tmp_path / "palette.png", Image.fromarray(flat).quantize(4))), flat)
    cmyk = read_image(save(tmp_path / "cmyk.jpg", Image.fromarray(flat).convert("CMYK"), quality=95))
    assert np.abs(cmyk.astype(int) - flat).max() <= 12


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bit_files_are_scaled_from_the_range_of_their_values(tmp_path: Path, bits: int, channels: int) -> None:
    colors = PHOTO if channels > 1 else PHOTO[:, :, :1]
    values = np.rint(colors * (((1 << bits) - 1) / 255)).astype(np.uint16)
    values[0, 0] = (1 << bits) - 1
    if channels == 4:
        values = np.dstack([values, np.full(values.shape[:2], 65535, np.uint16)])
    order = [2, 1, 0, 3][:channels] if channels > 1 else [0]
    cv2.imwrite(str(tmp_path / "deep.png"), values[:, :, order])
    image = read_image(tmp_path / "deep.png")
    assert image.shape == (48, 64, 3) and np.array_equal(image[1:], np.broadcast_to(colors, PHOTO.shape)[1:])


def png_file(values: np.ndarray, color_type: int) -> bytes:
    """Encode (height, width, channels) uint16 as a PNG file."""
    height, width, _ = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, color_type, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def test_sixteen_bit_images_that_are_black_or_transparent_or_have_an_orientation(tmp_path: Path) -> None:
    black = save(tmp_path / "black.png", Image.fromarray(np.zeros((4, 4), np.uint16)))
    assert read_image(black).max() == 0
    gray_alpha = np.array([[[65535, 0], [4095, 65535]]], np.uint16)
    (tmp_path / "clear.png").write_bytes(png_file(gray_alpha, color_type=4))
    assert read_image(tmp_path / "clear.png")[0].tolist() == [[255] * 3, [16] * 3]
    exif = Image.Exif()
    exif[0x0112] = 6
    values = np.array([[0, 257, 257 * 100, 65535]], np.uint16)
    image = read_image(save(tmp_path / "phone.png", Image.fromarray(values), exif=exif))
    assert image.shape == (4, 1, 3) and image[:, 0, 0].tolist() == [0, 1, 100, 255]


def test_transparent_pixels_become_white_whatever_their_color(tmp_path: Path) -> None:
    pixels = np.array([[(255, 0, 0, 255), (12, 34, 56, 0), (0, 0, 0, 128)]], np.uint8)
    image = read_image(save(tmp_path / "clear.png", Image.fromarray(pixels)))
    assert image[0, :2].tolist() == [[255, 0, 0], [255, 255, 255]]
    assert abs(int(image[0, 2, 0]) - 127) <= 1


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # "rotate by 90 degrees clockwise to view"
    image = read_image(save(tmp_path / "phone.png", PHOTO, exif=exif))
    assert np.array_equal(image, np.rot90(PHOTO, -1))


def test_broken_images_are_skipped_reported_and_leave_a_gap(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, *(f"{number}.jpg" for number in range(5)))
    (folder / "1.jpg").write_text("not an image")
    whole = save(folder / "3.jpg").read_bytes()
    (folder / "3.jpg").write_bytes(whole[: len(whole) // 2])
    source = ImageFrames(folder)
    for _ in range(2):  # each iteration starts a new list
        assert [frame.index for frame in source] == [0, 2, 4]
        assert [line.split(":")[0] for line in source.skipped] == ["1.jpg", "3.jpg"]
    assert "not an image" in source.skipped[0] and "truncated" in source.skipped[1]
    assert len(source) == 5


@pytest.mark.parametrize("format_options", [("jpg", {}), ("jpg", {"progressive": True}), ("png", {}), ("webp", {})])
def test_a_truncated_image_is_refused_or_complete(format_options: tuple[str, dict], tmp_path: Path) -> None:
    suffix, options = format_options
    whole = save(tmp_path / f"whole.{suffix}", PHOTO, **options)
    expected, content = read_image(whole), whole.read_bytes()
    cut, refused = tmp_path / f"cut.{suffix}", 0
    for length in range(0, len(content), max(1, len(content) // 60)):
        cut.write_bytes(content[:length])
        try:
            assert np.array_equal(read_image(cut), expected)
        except IMAGE_ERRORS:
            refused += 1
    assert refused >= 50


@given(st.data())
def test_damaged_bytes_raise_no_other_error(data: st.DataObject) -> None:
    stream = io.BytesIO()
    Image.fromarray(PHOTO[:12, :12]).save(stream, data.draw(st.sampled_from(["JPEG", "PNG", "BMP", "WEBP"])))
    content = bytearray(stream.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        image = read_image(io.BytesIO(bytes(content)))  # type: ignore[arg-type]
    except IMAGE_ERRORS:
        return
    assert image.ndim == 3 and image.shape[2] == 3 and image.dtype == np.uint8


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_an_image_with_too_many_pixels_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, width in enumerate((500, 150)):
        Image.new("RGB", (width, 10_000)).save(tmp_path / f"{number}.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000_000)
    source = ImageFrames(tmp_path)
    assert [frame.index for frame in source] == [1]
    assert source.skipped == ["0.png: more than 2 million pixels"]


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("frames_per_second: 3.5", 3.5), ("frames_per_second: 0", None), ("frames_per_second: .nan", None),
        ("frames_per_second: fast", None), ("focal: 3", None), ("- 3", None), ("%YAML:1.0\n---\n{", None),
    ],
)  # fmt: skip
def test_the_frame_rate_comes_from_the_calibration_file(text: str, rate: float | None, tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "0.png")
    assert ImageFrames(tmp_path).frames_per_second is None
    (tmp_path / "calibration.yml").write_text(text)
    assert ImageFrames(tmp_path).frames_per_second == rate


def test_a_file_without_read_permission_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(tmp_path, "0.png", "1.png")
    original_open = Image.open

    def open_or_deny(file: Path) -> Image.Image:
        if Path(file).name == "1.png":
            raise PermissionError(13, "Permission denied")
        return original_open(file)

    monkeypatch.setattr(Image, "open", open_or_deny)
    source = ImageFrames(folder)
    assert [frame.index for frame in source] == [0]
    assert source.skipped == ["1.png: permission denied"]


def test_a_file_deleted_while_reading_is_skipped(tmp_path: Path) -> None:
    source = ImageFrames(folder_of(tmp_path, "0.png", "1.png"))
    (tmp_path / "1.png").unlink()
    assert [frame.index for frame in source] == [0]
    assert source.skipped == ["1.png: no such file or directory"]


def test_no_readable_image_is_an_error_that_names_the_first(tmp_path: Path) -> None:
    for name in ("0.jpg", "1.jpg"):
        (tmp_path / name).write_text("no")
    with pytest.raises(UserError, match=r"none of the 2 images .*first: 0\.jpg: not an image"):
        list(ImageFrames(tmp_path))


def test_empty_folder_and_folder_without_images(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no images in the folder"):
        ImageFrames(tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(UserError, match=r"give a folder of \.jpg"):
        ImageFrames(tmp_path)


def test_the_parent_folder_suggests_the_sub_folder(tmp_path: Path) -> None:
    for view in ("View_010", "View_002"):
        (tmp_path / "Time_14-55" / view).mkdir(parents=True)
        folder_of(tmp_path / "Time_14-55" / view, "0.jpg", "1.jpg")
    with pytest.raises(UserError, match=r"its sub-folder .*Time_14-55.View_002 has 2: give that folder"):
        ImageFrames(tmp_path)


def test_max_frames_counts_files(tmp_path: Path) -> None:
    source = ImageFrames(folder_of(tmp_path, *(f"{number}.png" for number in range(5))), max_frames=3)
    (tmp_path / "1.png").write_text("broken")
    assert len(source) == 3
    assert [frame.index for frame in source] == [0, 2]


def test_frames_have_the_numbers_of_their_files_and_a_gap_is_noted_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = folder_of(tmp_path / "img1", *(f"cam1_{number:06d}.png" for number in (101, 102, 103, 107, 108)))
    source = ImageFrames(folder)
    for _ in range(2):
        assert [(frame.index, frame.number) for frame in source] == [(0, 101), (1, 102), (2, 103), (3, 107), (4, 108)]
    assert [record.getMessage() for record in caplog.records] == [
        f"note: {folder}: images are missing: 3 after cam1_000103.png"
    ]
    assert source.at(3).number == source.numbers[3] == 107
    (folder / "cam1_000103.png").write_text("broken")
    assert [frame.number for frame in source] == [101, 102, 107, 108] and len(source.skipped) == 1


def test_the_number_of_a_file_does_not_depend_on_max_frames(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "c2_000101_00.png", "c2_000102_00.png", "c2_000104_00.png")
    assert [ImageFrames(folder, max_frames).numbers for max_frames in (1, 2)] == [[101], [101, 102]]


def test_iterating_again_gives_equal_frames(tmp_path: Path) -> None:
    source = ImageFrames(folder_of(tmp_path, "0.png", "1.jpg", "2.webp"))
    for first, second in zip(source, source, strict=True):
        assert first.name == second.name
        assert np.array_equal(first.image, second.image)


def test_one_frame_is_in_memory_at_a_time(tmp_path: Path) -> None:
    save(tmp_path / "0.png")
    for number in range(1, 40):
        shutil.copy(tmp_path / "0.png", tmp_path / f"{number}.png")
    references: list[weakref.ref] = []
    for frame in ImageFrames(tmp_path):
        references.append(weakref.ref(frame.image))
        gc.collect(0)
        assert sum(image() is not None for image in references) <= 2  # this one and at most the previous one
    assert len(references) == 40


def test_real_frames(real_data: Path) -> None:
    source = ImageFrames(real_data / "frames/pets2009_s2l1/View_001")
    count = 0
    for count, frame in enumerate(source, start=1):
        assert frame.index == count - 1
        assert frame.name == f"frame_{frame.index:04d}.jpg"
        assert frame.image.shape == (576, 768, 3) and frame.image.dtype == np.uint8
    assert count == len(source) == 200
    assert source.skipped == []


def test_truncated_real_frame_in_the_middle(real_data: Path, tmp_path: Path) -> None:
    frames = real_data / "frames/pets2009_s2l1/View_001"
    for number in range(3):
        shutil.copyfile(frames / f"frame_{number:04d}.jpg", tmp_path / f"frame_{number:04d}.jpg")
    with (tmp_path / "frame_0001.jpg").open("r+b") as stream:
        stream.truncate(20_000)
    source = ImageFrames(tmp_path)
    assert [frame.index for frame in source] == [0, 2]
    assert len(source.skipped) == 1 and source.skipped[0].startswith("frame_0001.jpg: ")
