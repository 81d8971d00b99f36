"""The demonstration scene: a few people who never existed cross a street under a surveillance camera.

Everything is known about it: who is where in each frame, the exact box, how much of each person is seen. A frame is a
pure function of (seed, index), so that a scene may be as long as one likes without taking memory.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

import numpy as np
from tqdm.auto import tqdm

from src.synthetic.camera import Camera, Response
from src.synthetic.canvas import Canvas, Sun
from src.synthetic.clutter import Thing, paint_upright
from src.synthetic.rendering import Light, Sprite
from src.synthetic.scene_street import furnish, paint_street
from src.synthetic.surfaces import make_surfaces
from src.synthetic.walkers import Walker, send_walkers

WIDTH, HEIGHT = 768, 576
_SPRITES_KEPT = 400  # the last rendered ones, about 20 MB: `truth` and `render` need the same
_FARTHEST_WALK_M = 27.0  # nobody walks beyond; things that stand there are part of the background


class SceneTruth(NamedTuple):
    """Who is where: a row for each person who is seen at least a little, frame by frame."""

    frame: np.ndarray  # (n,) int64, from 0
    person_id: np.ndarray  # (n,) int64, from 1
    boxes_xyxy: np.ndarray  # (n, 4) float32 pixels, as if nothing hid the person, cut at the picture's edge
    visibility: np.ndarray  # (n,) float32, share of the person that is seen, 0–1


class Scene:
    """A street with walkers.

    Args:
        seed: decides everything.
        frames: how many frames `len` and `truth` speak of.
        walkers: 2 to 4; None lets the seed choose 3 or 4.

    Example:
        >>> scene = Scene(seed=1, frames=2)
        >>> image, person_ids, boxes_xyxy, visibility = scene.render(0)
        >>> image.shape, image.dtype.name, len(person_ids) == len(boxes_xyxy) == len(visibility)
        ((576, 768, 3), 'uint8', True)
    """

    frames_per_second = 7.0

    def __init__(self, seed: int, frames: int = 70, walkers: int | None = None) -> None:
        rng = np.random.default_rng([seed, 2009])
        self.seed, self.frames = seed, frames
        self.camera = Camera(rng.uniform(6.6, 7.4), rng.uniform(0.32, 0.35), rng.uniform(870, 930), WIDTH, HEIGHT)
        self.walkers: list[Walker] = send_walkers(walkers or int(rng.integers(3, 5)), seed, self.camera, rng)
        angle = rng.choice([-1, 1]) * np.pi / 2 + rng.uniform(-0.8, 0.8)  # shadows fall towards the camera or away
        self._sun = Sun((0.8 * np.cos(angle), 0.8 * np.sin(angle)), rng.uniform(0.2, 0.42), 0.06)
        self._light = Light(right=float(-np.cos(angle)) * 0.7, up=0.6, ambient=0.62)
        self._response = Response(
            saturation=rng.uniform(0.85, 1.1),
            contrast=rng.uniform(1.0, 1.12),
            sharpening=0.5,
            halo=1.0,
            noise=2.0,
            jpeg_quality=88,
        )
        self._background, self._foreground = self._build(rng)
        self._sprites: OrderedDict[tuple[int, int], tuple[np.ndarray, Sprite, float]] = OrderedDict()

    def __len__(self) -> int:
        return self.frames

    def _build(self, rng: np.random.Generator) -> tuple[np.ndarray, list[Thing]]:
        """Paint what never changes; returns it and the things that walkers may pass behind, the farthest first."""
        surfaces = make_surfaces(self.seed, per_kind=3)
        things = sorted(furnish(surfaces, rng), key=lambda thing: -float(thing.ground_xy[1]))
        canvas = Canvas(self.camera, self._sun)
        paint_street(canvas, surfaces, things, rng)
        for thing in things:
            if thing.ground_xy[1] > _FARTHEST_WALK_M:
                thing.paint(canvas)
        return canvas.image, [thing for thing in things if thing.ground_xy[1] <= _FARTHEST_WALK_M]

    def render(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Photograph one frame.

        Args:
            index: any frame from 0; those past `len` are as good.

        Returns:
            image (576, 768, 3) uint8 RGB; then, a row for each person seen: person_ids (n,) int64,
            boxes_xyxy (n, 4) float32 pixels, visibility (n,) float32 0–1.
        """
        canvas, boxes, whole = self.paint(index)
        image = self._response.apply(canvas.picture(), np.random.default_rng([self.seed, index]))
        return image, *self._seen(canvas, boxes, whole)

    def truth(self) -> SceneTruth:
        """Who is where in all frames."""
        rows = [self._seen(*self.paint(index)) for index in tqdm(range(self.frames), "staging the scene", leave=False)]
        return SceneTruth(
            np.repeat(np.arange(self.frames), [len(ids) for ids, _, _ in rows]),
            np.concatenate([ids for ids, _, _ in rows]),
            np.concatenate([boxes for _, boxes, _ in rows]),
            np.concatenate([visibility for _, _, visibility in rows]),
        )

    def paint(self, index: int) -> tuple[Canvas, np.ndarray, np.ndarray]:
        """The frame before the camera's response.

        Returns:
            The canvas, whose `ids` show where each walker is seen; their boxes (walkers, 4) float32, not yet cut at the
            edge; the pixels (walkers,) that each would cover if nothing hid them.
        """
        canvas = Canvas(self.camera, self._sun)
        canvas.image[:] = self._background
        pictures = [self._picture(walker, index) for walker in range(len(self.walkers))]
        for ground_xy, sprite, metre in pictures:
            canvas.shade_sprite(sprite.rgba, sprite.foot_xy, ground_xy, metre)
        canvas.lay_shadows()
        boxes, whole = np.zeros((len(pictures), 4), np.float32), np.zeros(len(pictures), np.int64)
        standing = [(float(ground_xy[1]), walker) for walker, (ground_xy, _, _) in enumerate(pictures)]
        standing += [(float(thing.ground_xy[1]), -1 - i) for i, thing in enumerate(self._foreground)]
        for _, who in sorted(standing, reverse=True):
            if who < 0:
                self._foreground[-1 - who].paint(canvas)
                continue
            ground_xy, sprite, metre = pictures[who]
            footprint = paint_upright(canvas, sprite.rgba, sprite.foot_xy, ground_xy, metre, who + 1)
            boxes[who], whole[who] = footprint.box_xyxy, footprint.pixels
        return canvas, boxes, whole

    def _picture(self, walker: int, index: int) -> tuple[np.ndarray, Sprite, float]:
        key = (walker, index)
        if key not in self._sprites:
            time_s = index / self.frames_per_second
            self._sprites[key] = self.walkers[walker].picture(self.camera, time_s, self._light)
            while len(self._sprites) > _SPRITES_KEPT:
                self._sprites.popitem(last=False)
        return self._sprites[key]

    def _seen(self, canvas: Canvas, boxes: np.ndarray, whole: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        seen = canvas.visible_pixels(len(whole))
        rows = np.flatnonzero(seen > 0)
        cut = np.clip(boxes[rows], 0, np.array([WIDTH, HEIGHT] * 2, np.float32))
        return rows + 1, cut, (seen[rows] / whole[rows]).astype(np.float32)
