"""Objects that resemble people: statues, mannequins, placards with people, coats on stands.

Without such hard negatives a detector reports every upright object with a round top as a person.
"""

from __future__ import annotations

import cv2
import numpy as np

from reid_synth.places.objects import Maker
from reid_synth.places.signage import notice, poster
from reid_synth.places.solids import Cylinder, Polygon, Primitive, TexturedQuad, block, textured_panel, upright
from reid_synth.places.surfaces import Cutout
from reid_synth.places.textures import gray_color, paint_color


def parking_meter(rng: np.random.Generator) -> list[Primitive]:
    """Make a post with one rounded head or two."""
    steel, height, head = gray_color(rng, 30, 170), rng.uniform(0.9, 1.25), paint_color(rng) * 0.8
    parts: list[Primitive] = [upright(rng.uniform(0.03, 0.06), height, steel)]
    for x in ((0.0,), (-0.14, 0.14))[int(rng.random() < 0.3)]:
        parts.append(Cylinder((x, 0, height), (x, 0, height + 0.22), 0.07, 0.11, head))
        parts.append(Cylinder((x, 0, height + 0.22), (x, 0, height + 0.34), 0.11, 0.06, head * 0.7))
        parts.append(Polygon(np.array([(x - 0.06, -0.12, height + 0.12), (x + 0.06, -0.12, height + 0.12),
                                     (x + 0.06, -0.12, height + 0.22), (x - 0.06, -0.12, height + 0.22)]),
                           gray_color(rng, 120, 230)))  # fmt: skip
    return parts


def coat_stand(rng: np.random.Generator) -> list[Primitive]:
    """Make a coat on a stand or a scarecrow: shoulders, a straight garment, one leg, perhaps a hat."""
    cloth, pole = paint_color(rng), gray_color(rng, 20, 120)
    height, half = rng.uniform(1.3, 1.75), rng.uniform(0.16, 0.26)
    hem = height * rng.uniform(0.15, 0.5)
    parts: list[Primitive] = [upright(0.025, height + 0.1, pole)]
    parts.append(Cylinder((0, 0, hem), (0, 0, height - 0.15), half * rng.uniform(0.8, 1.3), half, cloth))
    parts.append(Cylinder((0, 0, height - 0.15), (0, 0, height), half, 0.06, cloth * 0.9))
    if rng.random() < 0.6:
        for side in (-1, 1):
            cuff = (side * half * 1.2, 0, height - rng.uniform(0.5, 0.7))
            parts.append(Cylinder((side * half * 0.9, 0, height - 0.12), cuff, 0.07, 0.06, cloth * 0.85))
    if rng.random() < 0.4:
        parts.append(Cylinder((0, 0, height + 0.05), (0, 0, height + 0.2), 0.16, 0.09, paint_color(rng) * 0.7))
    return parts


def potted_plant(rng: np.random.Generator) -> list[Primitive]:
    """Make a clipped shrub in a pot, about as tall as a person."""
    pot, leaf = paint_color(rng) * 0.7, rng.uniform(40, 100) * np.array([0.65, 1.0, 0.45])
    level, radius = rng.uniform(0.25, 0.6), rng.uniform(0.15, 0.3)
    parts: list[Primitive] = [Cylinder((0, 0, 0), (0, 0, level), radius * 0.8, radius, pot)]
    for _ in range(int(rng.integers(1, 4))):
        tall, wide = rng.uniform(0.3, 0.7), radius * rng.uniform(0.7, 1.4)
        parts.append(Cylinder((0, 0, level), (0, 0, level + tall * 0.4), wide * 0.5, wide, leaf * rng.uniform(0.8, 1)))
        parts.append(Cylinder((0, 0, level + tall * 0.4), (0, 0, level + tall), wide, wide * 0.3, leaf))
        level += tall
    return parts


def notice_board(rng: np.random.Generator) -> list[Primitive]:
    """Make a printed notice on one or two posts."""
    wide, shape, low = rng.uniform(0.3, 0.9), rng.uniform(0.5, 1.6), rng.uniform(0.7, 1.9)
    steel = gray_color(rng, 30, 190)
    tall = wide * shape
    placed_cameras = (0.0,) if rng.random() < 0.65 else (-wide * 0.4, wide * 0.4)
    parts: list[Primitive] = [upright(rng.uniform(0.025, 0.06), low + tall, steel, x=x) for x in placed_cameras]
    texture = notice(rng, shape)
    return [
        *parts,
        textured_panel((0, -0.08, low + tall / 2), wide, tall, texture),
        _back_panel((0, 0.08, low + tall / 2), wide, tall),
    ]


def a_board(rng: np.random.Generator) -> list[Primitive]:
    """Make a folding placard on the pavement."""
    return _folding_board(rng, notice(rng, rng.uniform(1.2, 1.8)))


def wheelie_bin(rng: np.random.Generator) -> list[Primitive]:
    """Make a tall bin on wheels with a sloping lid."""
    color, half, height = paint_color(rng) * 0.7, rng.uniform(0.25, 0.32), rng.uniform(0.9, 1.1)
    body = block((-half, -half, 0.05), (half, half, height), color, shrink=-0.04)
    lid = block((-half - 0.05, -half - 0.06, height), (half + 0.05, half + 0.08, height + 0.09), color * 0.75, 0.05)
    wheel = Cylinder((-half, half, 0.1), (half, half, 0.1), 0.1, 0.1, np.full(3, 25.0))
    return [*body, *lid, wheel]


def young_tree(rng: np.random.Generator) -> list[Primitive]:
    """Make a thin stem tied to stakes, with a guard around its foot."""
    bark, wood = gray_color(rng, 50, 110), np.array([150.0, 120.0, 80.0]) * rng.uniform(0.6, 1.2)
    parts: list[Primitive] = [upright(0.03, rng.uniform(2.0, 3.2), bark, top=0.5)]
    parts += [upright(0.035, rng.uniform(0.9, 1.5), wood, x=x) for x in (-0.25, 0.25)[: int(rng.integers(1, 3))]]
    if rng.random() < 0.5:
        parts.append(upright(rng.uniform(0.06, 0.15), rng.uniform(0.6, 1.3), paint_color(rng) * 0.7))
    for _ in range(int(rng.integers(2, 6))):
        level, reach = rng.uniform(1.2, 2.2), rng.normal(0, 0.5, 2)
        parts.append(Cylinder((0, 0, level), (reach[0], reach[1], level + 0.6), 0.02, 0.01, bark))
    return parts


LOOKALIKES: dict[str, Maker] = {
    maker.__name__: maker
    for maker in (parking_meter, coat_stand, potted_plant, notice_board, a_board, wheelie_bin, young_tree)
}


def statue(rng: np.random.Generator, figure: np.ndarray, px_per_m: float) -> Cutout:
    """Make a statue in stone or bronze on a plinth.

    Args:
        rng: Draws material and plinth.
        figure: (h, w, 4) uint8, premultiplied, sprite of the person shown.
        px_per_m: Scale of the sprite, pixels per meter.
    """
    stone = gray_color(rng, 120, 225, 4) if rng.random() < 0.6 else np.array([88.0, 98.0, 84.0]) * rng.uniform(0.5, 1.1)
    height, width = figure.shape[:2]
    plinth = int(px_per_m * rng.uniform(0.3, 1.6))
    wide = max(width, int(px_per_m * rng.uniform(0.5, 0.9)))
    rgba = np.zeros((height + plinth, wide, 4), np.uint8)
    left = (wide - width) // 2
    relief = cv2.cvtColor(np.ascontiguousarray(figure[..., :3]), cv2.COLOR_RGB2GRAY)
    relief = cv2.addWeighted(relief, 0.55, figure[..., 3], 0.3, 0)  # compresses the contrast of the clothes
    rgba[:height, left : left + width, :3] = np.clip(relief[..., None] / 170 * stone, 0, 255)
    rgba[:height, left : left + width, 3] = figure[..., 3]
    np.minimum(rgba[..., :3], rgba[..., 3:], out=rgba[..., :3])
    rgba[height - 3 :] = (*np.clip(stone * rng.uniform(0.6, 0.95), 0, 255).astype(int), 255)
    rgba[height - 3 : height + 3, :, :3] = np.clip(stone * 1.05, 0, 255)
    return Cutout(rgba, px_per_m)


def mannequin(rng: np.random.Generator, figure: np.ndarray, px_per_m: float) -> list[Primitive]:
    """Make a dressed mannequin behind the glass of a display case, dimmed, with reflections."""
    height, width = figure.shape[:2]
    tall, wide = int(height * rng.uniform(1.12, 1.5)), int(width * rng.uniform(1.3, 3.0))
    rgba = np.full((tall, wide, 4), 255, np.uint8)
    rgba[..., :3] = gray_color(rng, 25, 130, 6)
    left, top = int(rng.integers(0, wide - width + 1)), tall - height - int(0.02 * tall)
    view = rgba[top : top + height, left : left + width, :3]
    view[:] = cv2.add(cv2.multiply(view, cv2.merge([255 - figure[..., 3]] * 3), scale=1 / 255), figure[..., :3].copy())
    shine = np.zeros((tall, wide), np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        x, slope, broad = rng.uniform(0, wide), rng.uniform(-0.6, 0.6) * tall, rng.uniform(0.05, 0.5) * wide
        band = np.array([(x, 0), (x + broad, 0), (x + broad + slope, tall), (x + slope, tall)], np.int32)
        cv2.fillPoly(shine, [band], int(rng.integers(20, 110)))
    dim, veil = rng.uniform(0.45, 0.9), cv2.merge([shine] * 3)
    rgba[..., :3] = cv2.add(cv2.convertScaleAbs(rgba[..., :3], alpha=dim), veil)
    frame = (*np.clip(paint_color(rng) * 0.8, 0, 255).tolist(), 255.0)
    cv2.rectangle(rgba, (0, 0), (wide - 1, tall - 1), frame, max(3, int(0.05 * px_per_m)))
    return _display_case(rng, rgba, wide / px_per_m, tall / px_per_m)


def placard(rng: np.random.Generator, figure: np.ndarray) -> list[Primitive]:
    """Make a poster of a person, in a light box or on a folding board."""
    texture = poster(rng, figure)
    if rng.random() < 0.3:
        return _folding_board(rng, texture)
    tall = rng.uniform(1.2, 2.2)
    return _display_case(rng, texture, tall * texture.shape[1] / texture.shape[0], tall)


def _display_case(rng: np.random.Generator, rgba: np.ndarray, width: float, height: float) -> list[Primitive]:
    """Make a box with an image in front and another behind, sometimes on feet."""
    low, deep, half = rng.choice([0.05, rng.uniform(0.2, 0.7)]), rng.uniform(0.08, 0.3), width / 2 + 0.04
    paint = paint_color(rng) * 0.6
    parts = block((-half, -deep, low), (half, deep, low + height + 0.08), paint)
    parts += [upright(0.05, low, paint, x=x) for x in (-half * 0.8, half * 0.8)]
    front = textured_panel((0, -deep - 0.04, low + 0.04 + height / 2), width, height, rgba)
    return [*parts, front, TexturedQuad(front.points * (1, -1, 1), np.ascontiguousarray(rgba[:, ::-1]))]


def _folding_board(rng: np.random.Generator, rgba: np.ndarray) -> list[Primitive]:
    height = rng.uniform(0.8, 1.3)
    half, lean = height * rgba.shape[1] / rgba.shape[0] / 2, 0.25 * height
    front = np.array([(-half, 0, height), (half, 0, height), (half, -lean, 0.04), (-half, -lean, 0.04)])
    return [TexturedQuad(front, rgba), TexturedQuad(front[[1, 0, 3, 2]] * (1, -1, 1), rgba)]


def _back_panel(center: tuple[float, float, float], width: float, height: float) -> Polygon:
    texture = textured_panel(center, width, height, np.zeros((1, 1, 4), np.uint8))
    return Polygon(texture.points, np.full(3, 120.0))
