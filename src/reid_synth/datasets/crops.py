"""Render labeled person crops as a detector would cut them from camera images.

A crop imitates a real one: a person in front of a street background, possibly occluded, with an inexact box, and with
the colors, sharpness, noise and compression of its camera.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from reid_synth.camera import CameraResponse, sample_camera_response
from reid_synth.people.person import Person, near_copy, sample_cloth_color, sample_person
from reid_synth.people.rendering import Light, Sprite, paste, render_person
from reid_synth.places.street import EmptyStreet

RENDERER_VERSION = 4  # increase when a plan gives other crops than before: cached datasets are generated again


@dataclass(frozen=True)
class CropCamera:
    """One camera of a crop dataset.

    Attributes:
        street: Background and its weather.
        response: Photometric response.
        tilt: Downward viewing angle, radians.
        light: Direction of the light on people.
        person_px: Image height of a person of 1.7 m, pixels.
    """

    street: EmptyStreet
    response: CameraResponse
    tilt: float
    light: Light
    person_px: float


def sample_crop_camera(rng: np.random.Generator, streets: Sequence[EmptyStreet], spread: float = 1.0) -> CropCamera:
    """Sample a camera that views one of the streets; for `spread` see `sample_camera_response`."""
    response = sample_camera_response(rng, spread)
    # The low resolution of distant people already softens the crop, so the lens blurs little.
    # Real crops have more contrast than whole images: people stand out from the background.
    response = replace(
        response,
        blur=min(response.blur, 0.6),
        resolution=max(response.resolution, 0.7),
        contrast=response.contrast * 1.2,
        sharpening=max(response.sharpening, float(rng.uniform(0, 1))),
    )
    return CropCamera(
        street=streets[int(rng.integers(len(streets)))],
        response=response,
        tilt=float(np.clip(abs(rng.normal(0.15, 0.18)), 0, 0.7)),
        light=Light(
            right=float(rng.uniform(-0.7, 0.7)), up=float(rng.uniform(0.1, 0.9)), ambient=float(rng.uniform(0.4, 0.85))
        ),
        person_px=float(rng.uniform(75, 190)),
    )


def sample_people(rng: np.random.Generator, count: int, near_copies: float = 0.33) -> list[Person]:
    """Sample people; a share `near_copies` of them are near-copies of the person before them."""
    people = [sample_person(rng)]
    while len(people) < count:
        people.append(near_copy(people[-1], rng) if rng.random() < near_copies else sample_person(rng))
    return people


def render_crop(
    person: Person, camera: CropCamera, rng: np.random.Generator, bystanders: Sequence[Person] = ()
) -> np.ndarray:
    """Render one crop of a person, cut out by an accurate but inexact detector.

    Args:
        person: The person to show.
        camera: The camera.
        rng: Draws pose, box, background and occlusion.
        bystanders: Other people who may appear in the background or in front.

    Returns:
        (h, w, 3) uint8 RGB; the size follows from the distance of the person.
    """
    height = int(np.clip(camera.person_px * rng.uniform(0.8, 1.25), 60, 240))
    sprite = _render_sprite(person, camera, rng, height)
    sprite_height, sprite_width = sprite.rgba.shape[:2]
    above, below, left, right = (round(max(-0.06, rng.normal(0.035, 0.04)) * sprite_height) for _ in range(4))
    if rng.random() < 0.06:
        below = -int(rng.uniform(0.1, 0.35) * sprite_height)  # feet hidden or cut off
    crop_height = sprite_height + above + below
    crop_width = max(int(crop_height * rng.uniform(0.34, 0.5)), sprite_width + left + right)
    foot = np.array(
        [(crop_width - sprite_width) // 2 + (left - right) // 2 + sprite.foot_xy[0], above + sprite.foot_xy[1]]
    )

    image = _background(camera.street.image, crop_height, crop_width, rng)
    if bystanders and rng.random() < 0.2:
        image = _paste_bystander(image, bystanders, camera, rng, height, behind=True)
    _paint_shadow(image, foot, height, rng)
    image = paste(image, sprite, foot)
    if bystanders and rng.random() < 0.1:
        image = _paste_bystander(image, bystanders, camera, rng, height, behind=False)
    elif rng.random() < 0.08:
        _paint_occluder(image, rng)
    weather = camera.street.weather
    image = weather.grade(image, np.zeros(image.shape[:2], np.uint8), rng)
    return weather.adapt_response(camera.response).apply(image, rng)


def _render_sprite(person: Person, camera: CropCamera, rng: np.random.Generator, height: float) -> Sprite:
    # People mostly follow a few paths: eight headings are common, all others possible.
    heading = rng.integers(8) * np.pi / 4 + rng.normal(0, 0.2) if rng.random() < 0.7 else rng.uniform(-np.pi, np.pi)
    return render_person(
        person,
        phase=float(rng.uniform(0, 2 * np.pi)),
        heading=float(heading),
        tilt=float(np.clip(camera.tilt + rng.normal(0, 0.05), 0, 0.9)),
        pixels_per_meter=height / 1.7,
        rng=rng,
        light=camera.light,
        gait_amplitude=1.0 if rng.random() < 0.8 else float(rng.uniform(0, 0.3)),
    )


def _background(street: np.ndarray, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Cut a random window out of the street, with random zoom, brightness and mirroring."""
    window_height = int(min(street.shape[0], height * rng.uniform(0.7, 1.6)))
    window_width = int(min(street.shape[1], max(8, window_height * width / height)))
    y, x = int(rng.integers(street.shape[0] - window_height + 1)), int(rng.integers(street.shape[1] - window_width + 1))
    window = cv2.resize(
        street[y : y + window_height, x : x + window_width], (width, height), interpolation=cv2.INTER_LINEAR
    )
    if rng.random() < 0.5:
        window = window[:, ::-1]
    return np.clip(window * rng.uniform(0.75, 1.2), 0, 255).astype(np.uint8)


def _paint_shadow(image: np.ndarray, foot: np.ndarray, height: float, rng: np.random.Generator) -> None:
    if rng.random() < 0.4:
        return
    shadow = np.zeros(image.shape[:2], np.float32)
    reach = (int(height * rng.uniform(0.1, 0.3)), max(1, int(height * rng.uniform(0.02, 0.06))))
    center = (int(foot[0] + rng.normal(0, 0.06) * height), int(foot[1]))
    cv2.ellipse(shadow, center, reach, float(rng.normal(0, 12)), 0, 360, float(rng.uniform(0.2, 0.6)), -1)
    shadow = cv2.GaussianBlur(shadow, (0, 0), max(0.6, height / 70))
    image[:] = (image * (1 - shadow[..., None])).astype(np.uint8)


def _paste_bystander(
    image: np.ndarray,
    people: Sequence[Person],
    camera: CropCamera,
    rng: np.random.Generator,
    height: float,
    behind: bool,
) -> np.ndarray:
    other = people[int(rng.integers(len(people)))]
    size = height * (rng.uniform(0.5, 0.95) if behind else rng.uniform(1.0, 1.15))
    sprite = _render_sprite(other, camera, rng, size)
    side = 1 if rng.random() < 0.5 else -1
    offset = rng.uniform(0.1, 0.6) if behind else rng.uniform(0.4, 0.6)  # a person in front covers one side only
    ground = image.shape[0] * (rng.uniform(0.75, 0.97) if behind else rng.uniform(1.0, 1.1))
    return paste(image, sprite, np.array([image.shape[1] * (0.5 + side * offset), ground]))


def _paint_occluder(image: np.ndarray, rng: np.random.Generator) -> None:
    """Paint a wall, a post or a box in front of the person."""
    height, width = image.shape[:2]
    color = np.array(sample_cloth_color(rng)) * rng.uniform(0.6, 1.0)
    kind = rng.integers(3)
    if kind == 0:
        image[int(height * rng.uniform(0.65, 0.92)) :] = color
    elif kind == 1:
        x = int(rng.integers(width))
        image[:, x : x + max(2, int(width * rng.uniform(0.05, 0.2)))] = color
    else:
        y, x = int(height * rng.uniform(0.3, 0.9)), int(rng.integers(width))
        image[y : y + int(height * rng.uniform(0.1, 0.4)), x : x + int(width * rng.uniform(0.15, 0.5))] = color
