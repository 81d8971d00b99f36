"""Texture atlas of clothes, skin and face: one page for each surface of the body.

A page is wrapped around its part: rows run along the part, columns around it, and the middle column is the person's
front. An alpha of 0 marks a hole. The atlas depends on the person alone, so it is the same in every camera.
"""

from functools import lru_cache

import cv2
import numpy as np

from reid_synth.people.body import SURFACE_INDEX, SURFACES
from reid_synth.people.fabric import COLUMNS, FRONT, ROWS, paint_fabric, plain, smooth_noise
from reid_synth.people.person import Person, Print
from reid_synth.people.wardrobe import Color

_TOP_SURFACES = frozenset({"torso", "upper_arm", "forearm", "outer", "hem", "hood", "collar"})
_FOLDS = {
    "torso": 0.35, "hips": 0.35, "upper_arm": 0.35, "forearm": 0.4, "thigh": 0.3, "shin": 0.4, "skirt": 0.35,
    "outer": 0.35, "hem": 0.4, "hood": 0.4, "collar": 0.3, "bag": 0.1, "tail": 0.2, "hair": 0.15, "canopy": 0.1,
}  # fmt: skip
_DISTANCE_FROM_FRONT = np.abs(np.arange(COLUMNS) - FRONT)


@lru_cache(maxsize=64)
def texture_atlas(person: Person) -> np.ndarray:
    """Paint every surface of a person.

    Returns:
        (surfaces, ROWS, COLUMNS, 4) uint8 in the order of `body.SURFACES`, read-only: RGB, and 0 for a hole, else the
        depth of folds from 1 (skin, wood) to 255.
    """
    rng = np.random.default_rng(person.texture_seed)
    top, bottom = paint_fabric(person.top, rng), paint_fabric(person.bottom, rng)
    skin, has_skirt = plain(person.skin), person.bottom.kind == "skirt"
    sleeve = top if person.sleeve_color is None else plain(person.sleeve_color)
    pages = _trunk_pages(person, top, bottom, skin) | _head_pages(person, top, skin, rng) | _luggage_pages(person)
    pages["upper_arm"], pages["forearm"] = _cut_to_length(sleeve, skin, person.top.length)
    if person.top.length > 0.9:
        pages["forearm"][-6:] *= 0.8  # cuff
    pages["thigh"], pages["shin"] = _leg_pages(person, bottom, skin)
    # A thigh that swings out of a skirt or a long coat is covered by its fabric.
    cover, share = ("skirt", 0.85 * person.bottom.length) if has_skirt else ("hem", max(3.6 * person.hem - 0.2, 0.08))
    covered = int(np.clip(share, 0, 1) * ROWS)
    pages["thigh"][:covered] = pages[cover][:covered]
    pages |= {"hand": skin, "shoe": _shoe_page(person), "sole": plain((225.0 if person.pale_soles else 30.0,) * 3)}
    atlas = np.ones((len(SURFACES), ROWS, COLUMNS, 4), np.uint8)
    for surface, page in pages.items():
        target = atlas[SURFACE_INDEX[surface]]
        target[..., :3] = np.clip(page, 0, 255)
        folds = person.top.folds if surface in _TOP_SURFACES else person.bottom.folds
        depth = 1 + 254 * np.clip(folds * _fold_depths()[surface], 0, 1)
        target[..., 3] = np.where((page == skin).all(axis=2), 1, depth[:, None])
    for surface, hole in _holes(person).items():
        atlas[SURFACE_INDEX[surface], ..., 3][np.broadcast_to(hole, (ROWS, COLUMNS))] = 0
    atlas.flags.writeable = False
    return atlas


@lru_cache(maxsize=1)
def _fold_depths() -> dict[str, np.ndarray]:
    """Return the depth of folds along each surface, (ROWS,) about 0–0.6: deepest at elbows, knees and waist."""
    along = np.linspace(0, 1, ROWS)
    joint = {
        "upper_arm": along,
        "thigh": along,
        "forearm": 1 - along,
        "shin": 1 - 0.6 * along,
        "torso": 0.4 + 0.6 * along,
    }
    return {name: _FOLDS.get(name, 0.0) * (0.5 + 0.8 * joint.get(name, np.full(ROWS, 0.6))) for name in SURFACES}


def _trunk_pages(person: Person, top: np.ndarray, bottom: np.ndarray, skin: np.ndarray) -> dict[str, np.ndarray]:
    outer, is_open = _add_print(person.print, top.copy()), person.open_front > 0
    torso = plain(person.inner_color) if is_open else outer.copy()
    if not is_open and person.top.kind in ("shirt", "jacket", "blazer", "puffer", "gilet", "coat", "hoodie"):
        torso[:, FRONT - 1 : FRONT + 1] *= 0.55  # zip or button row
    if person.top.kind in ("tshirt", "tank", "dress", "blazer", "sweater") and not person.collar:
        depth, half = (9, 14) if person.top.kind in ("tank", "dress") else (5, 11)
        neckline = np.arange(ROWS)[:, None] + _DISTANCE_FROM_FRONT[None] * depth / half < depth
        torso[neckline] = person.skin
    if is_open:
        torso[:5] = person.skin if person.texture_seed % 2 else person.inner_color
    if person.top.kind == "puffer":
        for page in (torso, outer):
            page *= (0.82 + 0.22 * np.abs(np.sin(np.arange(ROWS) * np.pi / 8)))[:, None, None].astype(np.float32)
    for page in (torso, outer):
        _paint_straps(person, page)
    hem = top.copy()
    hem[-3:] *= 0.75
    skirt = top if person.top.kind == "dress" else bottom.copy()
    collar = person.scarf or tuple(
        0.88 * np.array(person.top.second_color if person.texture_seed % 3 == 0 else person.top.color)
    )
    return {
        "torso": torso,
        "outer": outer,
        "hem": hem,
        "hips": top if person.top.kind == "dress" else _add_belt(person, bottom),
        "skirt": skirt,
        "neck": skin,
        "collar": plain(collar) * (0.9 + 0.2 * (np.arange(ROWS) % 16 < 8))[:, None, None],
        "hood": top * 0.92,
    }


def _holes(person: Person) -> dict[str, np.ndarray]:
    """Return the masks (ROWS, COLUMNS) of the holes in shells: the front of a jacket, the face in the hair."""
    rows = np.arange(ROWS)[:, None]
    front = _DISTANCE_FROM_FRONT[None]
    gap = person.open_front * COLUMNS / 2
    face = 25 if person.hair_style in ("bob", "long") else 30
    hairline = (0.34 if person.texture_seed % 4 else 0.46) * ROWS  # some have a fringe
    hair = (rows > hairline) & (front < face)
    if person.hair_style in ("short", "ponytail", "bun", "afro"):
        hair |= (rows > 0.62 * ROWS) & (front < 46)  # ears and cheeks are visible
    holes = {"outer": front < gap * (0.55 + 0.6 * rows / ROWS), "hair": hair}
    if person.open_front > 0:
        holes["hem"] = front < gap * 1.15
    if person.hat == "hood":
        holes["hood"] = (rows > 0.3 * ROWS) & (front < 24)
    if person.scarf is None:
        holes["collar"] = front < 3 + rows / 8
    return holes


def _add_print(motif: Print, page: np.ndarray) -> np.ndarray:
    if motif.kind == "none":
        return page
    rows = slice(int(motif.top * ROWS), max(int((motif.top + motif.height) * ROWS), int(motif.top * ROWS) + 2))
    if motif.kind == "band":
        page[rows] = motif.color
        return page
    half = int(motif.half_width * COLUMNS) + 1
    columns = (np.arange(-half, half + 1) + (0 if motif.on_back else FRONT)) % COLUMNS
    if motif.kind == "badge":
        rows, columns = slice(14, 20), (np.arange(6, 12) + FRONT) % COLUMNS
    patch = page[rows][:, columns]
    if motif.kind == "lettering":  # lines of letters: short strokes with gaps
        line = np.arange(patch.shape[0])[:, None] % 6 < 4
        stroke = np.arange(patch.shape[1])[None] * 7 % 5 < 3
        patch[line & stroke] = motif.color
    else:
        patch[:] = motif.color
    page[rows, columns] = patch
    return page


def _paint_straps(person: Person, page: np.ndarray) -> None:
    strap = np.array(person.bag_color) * 0.75
    if person.bag == "backpack":
        for column in (FRONT - 17, FRONT + 13):
            page[3:46, column : column + 5] = strap
    if person.bag == "crossbody":
        rows = np.arange(ROWS)
        across = (person.bag_side * (rows / ROWS * 44 - 22)).astype(int)
        for width in range(5):
            page[rows, (FRONT + across + width) % COLUMNS] = strap
            page[rows, (-across + width) % COLUMNS] = strap


def _head_pages(person: Person, top: np.ndarray, skin: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    strands = cv2.resize(smooth_noise(rng, 8, COLUMNS, 8, 2), (COLUMNS, ROWS))
    if person.hair_style == "afro":
        strands = smooth_noise(rng, ROWS, COLUMNS, 16, 2)
    hair = plain(person.hair) * (1 + 0.22 * strands)[..., None]
    hat = plain(person.hat_color) * (1 + 0.06 * smooth_noise(rng, ROWS, COLUMNS, 12, 2))[..., None]
    hat[-10:] *= 0.85
    return {"head": _face_page(person, skin, rng), "hair": hair, "tail": hair, "hat": hat, "brim": hat * 0.9}


def _face_page(person: Person, skin: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    page = skin * (1 + 0.03 * smooth_noise(rng, ROWS, COLUMNS, 4))[..., None]
    if person.beard:
        page[42:, FRONT - 26 : FRONT + 26] = np.array(person.hair) * 0.7 + np.array(person.skin) * 0.3
    for eye in (FRONT - 13, FRONT + 7):
        page[22:25, eye - 1 : eye + 7] *= 0.5  # brow
        page[25:33, eye - 1 : eye + 7] *= 0.86  # eye socket
        page[28:31, eye + 1 : eye + 5] = (40, 34, 32)
    if person.glasses:
        page[26:28, FRONT - 18 : FRONT + 18] = (28, 28, 30)
        page[26:34, [FRONT - 17, FRONT - 16, FRONT - 4, FRONT + 3, FRONT + 15, FRONT + 16]] = (28, 28, 30)
    page[44:46, FRONT - 6 : FRONT + 6] *= 0.8  # below the nose
    page[48:51, FRONT - 9 : FRONT + 9] *= np.array([0.78, 0.5, 0.5], np.float32)
    page[58:] *= 0.85  # shadow under the chin
    return page


def _leg_pages(person: Person, cloth: np.ndarray, skin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if person.bottom.kind == "skirt":
        tights = person.texture_seed % 5 == 0
        leg = plain(tuple(0.45 * np.array(person.socks) + 8)) if tights else skin
        thigh, shin = leg.copy(), leg.copy()
    else:
        thigh, shin = _cut_to_length(cloth, skin, person.bottom.length)
    if person.bottom.length < 0.95:
        shin[50:] = person.socks
    if person.shoe_kind == "boot":
        shin[34:] = person.shoes
    for page in (thigh, shin):  # seam of the trouser leg, or a stripe along it
        if person.side_stripe and person.bottom.kind != "skirt":
            page[:, [*range(FRONT - 36, FRONT - 29), *range(FRONT + 29, FRONT + 36)]] = person.bottom.second_color
        page[:, [FRONT - 33, FRONT + 32]] *= 0.8
    return thigh, shin


def _cut_to_length(cloth: np.ndarray, skin: np.ndarray, length: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the (upper, lower) pages of sleeves or trouser legs: fabric down to a share of the limb, skin below."""
    upper, lower = cloth.copy(), cloth.copy()
    upper[min(ROWS, int(2 * length * ROWS)) :] = skin[0, 0]
    lower[max(0, int((2 * length - 1) * ROWS)) :] = skin[0, 0]
    return upper, lower


def _add_belt(person: Person, cloth: np.ndarray) -> np.ndarray:
    page = cloth.copy()
    if person.belt:
        page[8:18] = np.array(person.shoes) * 0.7
        page[8:18, FRONT - 4 : FRONT + 4] = (170, 165, 150)
    page[18:46, [FRONT - 40, FRONT + 39]] *= 0.75  # pockets
    page[20:22, [*range(12, 26), *range(COLUMNS - 26, COLUMNS - 12)]] *= 0.7
    return page


def _shoe_page(person: Person) -> np.ndarray:
    page = plain(person.shoes)
    if person.shoe_kind == "trainer":
        page[20:44, FRONT - 6 : FRONT + 6] = 0.5 * np.array(person.shoes) + 110  # laces
    return page


def _luggage_pages(person: Person) -> dict[str, np.ndarray]:
    bag = plain(person.bag_color)
    bag[18:21] *= 0.6
    bag[38:60, 8:-8] *= 0.85
    bag[38:40] *= 0.65
    bag[:, [FRONT - 30, FRONT + 30, 30, COLUMNS - 30]] *= 0.8
    canopy = plain(person.carried_color)
    canopy[:, np.arange(COLUMNS) % 16 == 0] *= 0.7  # ribs
    if person.texture_seed % 2:
        canopy[:, np.arange(COLUMNS) % 32 < 16] *= 0.8
    dark: Color = (40.0, 40.0, 44.0)
    return {
        "bag": bag,
        "strap": plain(person.bag_color) * 0.75,
        "canopy": canopy,
        "rod": plain(dark),
        "pram": plain(person.carried_color) * (1 - 0.12 * (np.arange(ROWS) % 20 < 3))[:, None, None],
        "wheel": plain(dark),
    }
