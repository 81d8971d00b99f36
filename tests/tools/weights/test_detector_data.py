"""Cache, batches and augmentation of the detector's training data."""

from pathlib import Path

import numpy as np
import pytest

from reid_synth.places.sprite_bank import load_sprite_bank
from reid_synth.places.street import compose_street
from reid_synth.places.surfaces import make_surfaces
from tools.weights import detector_data
from tools.weights.detector_data import (
    CROP_HEIGHT,
    CROP_WIDTH,
    Augmentation,
    Sample,
    StreetCache,
    generate_batches,
    load_streets,
    make_batch,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def cache(folder: Path) -> StreetCache:
    return load_streets(folder, count=3, sprites=8, seed=5, workers=1)


@pytest.mark.slow
def test_the_cache_contains_the_streets_of_its_seed(cache: StreetCache, folder: Path) -> None:
    bank, surfaces = load_sprite_bank(folder, 8, 5), make_surfaces(5)
    assert len(cache) == 3
    for index in range(3):
        street = compose_street(np.random.default_rng([5, index]), surfaces, bank, apply_response=False)
        image, boxes, visibility = cache.street(index)
        assert np.abs(image.astype(int) - street.image).mean() < 3  # JPEG of high quality
        assert (boxes == street.boxes_xyxy).all() and (visibility == street.visibility).all()
        assert len(cache[index].boxes_xyxy) == (street.visibility >= 0.3).sum()


def test_an_existing_cache_is_not_generated_again(
    cache: StreetCache, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detector_data, "_generate", None)
    again = load_streets(folder, count=3, sprites=8, seed=5)
    assert (again.data == cache.data).all() and isinstance(again.data, np.memmap)


def test_a_batch_is_a_function_of_seed_and_step(cache: StreetCache) -> None:
    first, again, other = (make_batch(cache, 1, step, 3) for step in (4, 4, 5))
    for a, b in zip(first, again, strict=True):
        assert (a.image == b.image).all() and (a.boxes_xyxy == b.boxes_xyxy).all()
    assert any((a.image != b.image).any() for a, b in zip(first, other, strict=True))


@pytest.mark.slow
def test_the_other_process_prepares_the_same_batches(cache: StreetCache) -> None:
    prepared = list(generate_batches(cache, 1, 4, 7, 1))
    assert len(prepared) == 3
    for step, batch in zip((4, 5, 6), prepared, strict=True):
        assert (batch[0].image == make_batch(cache, 1, step, 1)[0].image).all()


def test_windows_have_one_size_and_boxes_inside(cache: StreetCache) -> None:
    for sample in make_batch(cache, 3, 0, 30):
        assert sample.image.shape == (CROP_HEIGHT, CROP_WIDTH, 3) and sample.image.dtype == np.uint8
        assert sample.boxes_xyxy.dtype == np.float32 and sample.boxes_xyxy.shape[1] == 4
        assert (sample.boxes_xyxy >= 0).all() and (sample.boxes_xyxy[:, 2:] <= (CROP_WIDTH, CROP_HEIGHT)).all()


def test_boxes_match_their_person_after_window_scale_and_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.zeros((384, 512, 3), np.uint8)
    image[150:230, 240:270] = 255  # one white "person"
    sample = Sample(image, np.array([[240, 150, 270, 230]], np.float32))
    monkeypatch.setattr(detector_data, "sample_camera_response", lambda rng: _identity_response())
    found = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        window, boxes = detector_data._augment(detector_data._window(sample, rng), rng, Augmentation())
        rows, columns = np.nonzero(window[..., 0] > 127)
        if len(boxes):
            seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert np.abs(boxes[0] - seen).max() < 1.6
            found += 1
    assert found > 20


def _identity_response():  # type: ignore[no-untyped-def]
    """Return a camera response that changes nothing."""
    from reid_synth.camera import CameraResponse

    return CameraResponse()


def test_boxes_clipped_by_the_window_are_kept_if_enough_is_left() -> None:
    whole = np.array([[-10, 50, 30, 150], [-35, 50, 5, 150], [100, 100, 104, 108]], np.float32)
    assert detector_data._clip_boxes(whole).tolist() == [[0, 50, 30, 150]]


def test_a_mosaic_shows_four_images_with_their_people() -> None:
    samples = []
    for shade in (40, 90, 140, 190):
        image = np.full((384, 512, 3), shade, np.uint8)
        image[100:300, 200:280] = 255  # one white "person"
        samples.append(Sample(image, np.array([[200, 100, 280, 300]], np.float32)))
    found = 0
    for seed in range(5):
        image, boxes = detector_data._mosaic(samples, np.random.default_rng(seed))
        assert image.shape == (CROP_HEIGHT, CROP_WIDTH, 3) and boxes.dtype == np.float32
        for x_1, y_1, x_2, y_2 in boxes:
            inside = image[int(y_1) + 2 : int(y_2) - 2, int(x_1) + 2 : int(x_2) - 2]
            assert inside.mean() > 240
            found += 1
    assert found > 10


@pytest.mark.slow
def test_places_anywhere_are_cached_beside_the_streets(folder: Path) -> None:
    places = load_streets(folder, count=2, sprites=8, seed=5, workers=1, world="anywhere")
    assert len(places) == 2 and (folder / "anywhere_2_8_5").is_dir()
    assert (places.street(0)[0] != places.street(1)[0]).any()


def test_gray_and_blurred_shares_are_respected(cache: StreetCache) -> None:
    batch = make_batch(cache, 0, 0, 4, Augmentation(gray=1.0, motion_blur=1.0))
    assert all((sample.image == sample.image[..., :1]).all() for sample in batch)
