"""Pinhole camera against a slow reference with rotation matrices; determinism and ranges of responses."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid_synth.camera import Camera, CameraResponse, lift, sample_camera_response

CAMERAS = st.builds(
    Camera,
    height_m=st.floats(2.0, 12.0),
    tilt=st.floats(0.05, 1.0),
    focal_px=st.floats(200.0, 1200.0),
    width=st.just(768),
    height=st.just(576),
)
GROUND = st.tuples(st.floats(-20.0, 20.0), st.floats(3.0, 60.0)).map(np.array)


def slow_projection(camera: Camera, point: np.ndarray) -> tuple[float, float]:
    """Project by rotation about x and division by depth."""
    angle = camera.tilt
    to_camera = np.array(  # rows: right, down, forward
        [[1, 0, 0], [0, -math.sin(angle), -math.cos(angle)], [0, math.cos(angle), -math.sin(angle)]]
    )
    right, down, forward = to_camera @ (point - np.array([0, 0, camera.height_m]))
    return camera.width / 2 + camera.focal_px * right / forward, camera.height / 2 + camera.focal_px * down / forward


@given(CAMERAS, GROUND, st.floats(0.0, 2.0))
def test_projection_equals_a_slow_reference(camera: Camera, ground_xy: np.ndarray, up: float) -> None:
    point = lift(ground_xy, up)
    assert np.allclose(camera.project(point), slow_projection(camera, point), atol=1e-6)


@given(CAMERAS, GROUND)
def test_to_ground_inverts_project(camera: Camera, ground_xy: np.ndarray) -> None:
    assert np.allclose(camera.to_ground(camera.project(lift(ground_xy, 0.0))), ground_xy, atol=1e-6)


@given(CAMERAS, GROUND)
def test_homography_equals_the_projection_of_the_ground(camera: Camera, ground_xy: np.ndarray) -> None:
    u, v, w = camera.ground_homography @ np.append(ground_xy, 1.0)
    assert np.allclose((u / w, v / w), camera.project(lift(ground_xy, 0.0)), atol=1e-6)


@given(CAMERAS, GROUND)
def test_scale_equals_the_projected_length_of_a_short_bar(camera: Camera, ground_xy: np.ndarray) -> None:
    ends = lift(np.array([ground_xy, ground_xy + np.array((0.01, 0.0))]), 0.9)
    measured = np.linalg.norm(np.diff(camera.project(ends), axis=0)) / 0.01
    assert camera.pixels_per_meter(ground_xy) == pytest.approx(measured, rel=1e-6)


def test_pixels_above_the_horizon_have_no_ground_point() -> None:
    camera = Camera(6.0, 0.3, 500.0, 768, 576)
    assert np.isinf(camera.to_ground(np.array([384.0, camera.horizon - 5]))).all()
    assert np.isfinite(camera.to_ground(np.array([384.0, camera.horizon + 5]))).all()


@pytest.mark.parametrize(
    ("direction", "heading"), [(-math.pi / 2, 0.0), (0.0, math.pi / 2), (math.pi / 2, math.pi), (math.pi, -math.pi / 2)]
)
def test_heading_straight_ahead(direction: float, heading: float) -> None:
    camera = Camera(6.0, 0.3, 500.0, 768, 576)
    assert camera.heading_at(np.array([0.0, 15.0]), direction) == pytest.approx(heading)


def test_walking_along_the_line_of_sight_is_walking_away() -> None:
    camera = Camera(6.0, 0.3, 500.0, 768, 576)
    position = np.array([5.0, 12.0])
    assert abs(camera.heading_at(position, math.atan2(12.0, 5.0))) == pytest.approx(math.pi)


def test_a_neutral_response_changes_only_by_rounding() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 30, 3), np.uint8)
    after = CameraResponse().apply(image, np.random.default_rng(0))
    assert np.abs(after.astype(int) - image).max() <= 1


def test_the_response_depends_on_the_seed_and_keeps_its_input() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 30, 3), np.uint8)
    before = image.copy()
    response = CameraResponse(noise=5.0, sharpening=1.0, jpeg_quality=60)
    first, second, other = (response.apply(image, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first == second).all() and (first != other).any() and (image == before).all()
    assert first.dtype == np.uint8 and first.shape == image.shape


def test_each_parameter_of_the_response_has_its_effect() -> None:
    image = np.random.default_rng(0).integers(30, 200, (64, 64, 3), np.uint8)

    def seen(**parts: object) -> np.ndarray:
        return CameraResponse(**parts).apply(image, np.random.default_rng(0)).astype(float)  # type: ignore[arg-type]

    plain = seen()
    assert np.ptp(seen(saturation=0.0), axis=2).max() <= 1  # gray
    assert seen(exposure=0.7).mean() < plain.mean() < seen(haze=0.2).mean()
    assert seen(gamma=1.5).mean() < plain.mean()
    assert seen(contrast=0.5).std() < plain.std()
    assert seen(blur=1.0).std() < plain.std() < seen(sharpening=1.0).std()
    assert seen(resolution=0.5).std() < plain.std()
    assert (seen(white_balance=(1.2, 1.0, 1.0)) - plain)[..., 0].mean() > 10
    assert 2.0 < (seen(noise=3.0) - plain).std() < 4.0


def test_jpeg_keeps_the_channel_order() -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 200
    after = CameraResponse(jpeg_quality=90).apply(red, np.random.default_rng(0))
    assert after[..., 0].mean() > 180 and after[..., 2].mean() < 20


def test_sampled_responses_stay_in_range() -> None:
    drawn = [sample_camera_response(np.random.default_rng(seed)) for seed in range(300)]
    assert drawn[3] == sample_camera_response(np.random.default_rng(3))
    for response in drawn:
        assert 0.1 <= response.saturation <= 1.6 and 0.4 < response.gamma < 2.5 and 0 <= response.haze <= 0.25
        assert response.jpeg_quality == 0 or 35 <= response.jpeg_quality <= 95
        assert not (response.blur and response.sharpening)  # mutually exclusive
    assert {bool(response.sharpening) for response in drawn} == {True, False}
