"""Clothes, skin and faces as a texture atlas: one page for each surface of the body.

A page is wrapped around its part like a label around a bottle: rows run along the part, columns around it, and the
middle column is the person's front. The atlas depends on the person alone, so it is the same in every camera.
"""

import cv2
import numpy as np

from src.synthetic.body import SURFACE_INDEX, SURFACES, skirt_length
from src.synthetic.people import Colour, Garment, Person

ROWS, COLUMNS = 64, 128  # of one page
FRONT = COLUMNS // 2
_ALONG, _AROUND = np.meshgrid(np.linspace(0, 1, ROWS), np.linspace(0, 1, COLUMNS, endpoint=False), indexing="ij")


def texture_atlas(person: Person) -> np.ndarray:
    """Paint every surface of a person.

    Returns:
        (surfaces, ROWS, COLUMNS, 3) float32, RGB 0–255, in the order of `body.SURFACES`.
    """
    rng = np.random.default_rng(person.texture_seed)
    atlas = np.empty((len(SURFACES), ROWS, COLUMNS, 3), np.float32)
    top, bottom = _cloth(person.top, rng), _cloth(person.bottom, rng)
    skin = np.broadcast_to(np.array(person.skin, np.float32), (ROWS, COLUMNS, 3))
    covers_hips = person.top.kind in ("coat", "dress")

    pages = {
        "torso": _torso(person, top),
        "hips": top if covers_hips else _with_belt(person, bottom),
        "skirt": top if covers_hips else bottom,
        "hand": skin,
        "neck": top if person.hat == "hood" else skin,
        "head": _face(person, skin, rng),
        "hair": _hair(person, rng),
        "hat": _plain(person.hat_colour),
        "shoe": _shoe(person),
        "bag": _bag(person),
    }
    pages["upper_arm"], pages["forearm"] = _cut_to_length(top, skin, person.top.length)
    pages["thigh"], pages["shin"] = _legs(person, bottom, skin)
    # Where a thigh swings out of a skirt or coat, it carries the skirt with it.
    pages["thigh"][: int(skirt_length(person) * ROWS)] = pages["skirt"][: int(skirt_length(person) * ROWS)]
    for surface, page in pages.items():
        atlas[SURFACE_INDEX[surface]] = page
    return atlas


def smooth_noise(rng: np.random.Generator, rows: int, columns: int, cells: int, octaves: int = 3) -> np.ndarray:
    """Value noise of unit deviation: random grids of growing fineness, blown up and added.

    Args:
        rng: source of randomness.
        rows, columns: size of the result.
        cells: cells of the coarsest grid along the shorter side.
        octaves: how many grids; each is twice as fine and 0.6 times as strong as the one before.

    Returns:
        (rows, columns) float32, mean about 0, standard deviation 1.
    """
    total = np.zeros((rows, columns), np.float32)
    for octave in range(octaves):
        size = cells * 2**octave
        grid_rows, grid_columns = (
            max(2, size * rows // min(rows, columns)),
            max(2, size * columns // min(rows, columns)),
        )
        grid = rng.standard_normal((min(grid_rows, rows), min(grid_columns, columns))).astype(np.float32)
        total += 0.6**octave * cv2.resize(grid, (columns, rows), interpolation=cv2.INTER_CUBIC)
    return total / (total.std() + 1e-6)


def _cloth(garment: Garment, rng: np.random.Generator) -> np.ndarray:
    """A page of cloth: base colour, second colour where the pattern says so, and a little weave."""
    repeat, phase = garment.pattern_scale, rng.uniform()
    along, around = (_ALONG * repeat + phase) % 1, (_AROUND * round(repeat) * 2) % 1
    share: np.ndarray
    if garment.pattern == "hoops":
        share = along < 0.42
    elif garment.pattern == "stripes":
        share = around < 0.35
    elif garment.pattern == "check":
        share = 0.5 * (along < 0.5) + 0.5 * (around < 0.5)
    elif garment.pattern == "dots":
        share = (along - 0.5) ** 2 + (around - 0.5) ** 2 < 0.07
    elif garment.pattern == "mottled":
        share = smooth_noise(rng, ROWS, COLUMNS, 6) > 0.2
    elif garment.pattern == "colour_block":
        share = 0.3 + 0.4 * phase < _ALONG
    else:
        share = np.zeros_like(_ALONG)
    page = _plain(garment.colour) * (1 - share[..., None]) + _plain(garment.second_colour) * share[..., None]
    return (page * (1 + 0.05 * smooth_noise(rng, ROWS, COLUMNS, 12, 2))[..., None]).astype(np.float32)


def _torso(person: Person, cloth: np.ndarray) -> np.ndarray:
    page = cloth.copy()
    if person.print_box is not None:
        top, height, half_width, on_back = person.print_box
        centre = 0 if on_back else FRONT
        columns = np.arange(-int(half_width * COLUMNS), int(half_width * COLUMNS) + 1) + centre
        page[int(top * ROWS) : int((top + height) * ROWS), columns % COLUMNS] = person.print_colour
    if person.open_front > 0:
        half = max(3, int(person.open_front * COLUMNS / 2))
        page[:, FRONT - half : FRONT + half] = person.inner_colour
        page[:, [FRONT - half, FRONT + half - 1]] *= 0.55
    elif person.top.kind in ("shirt", "jacket", "coat", "hoodie"):
        page[:, FRONT - 1 : FRONT + 1] *= 0.6  # zip or button row
    if person.collar:
        page[:7] = np.array(person.top.second_colour) * 0.9
    elif person.top.kind in ("tshirt", "tank", "dress"):
        page[:6, FRONT - 16 : FRONT + 16] = person.skin
    if person.bag == "backpack":
        for strap in (FRONT - 17, FRONT + 13):
            page[4:44, strap : strap + 4] = np.array(person.bag_colour) * 0.8
    if person.bag == "shoulder":
        rows = np.arange(ROWS)
        across = (person.bag_side * (rows / ROWS * 44 - 22)).astype(int)
        for width in range(4):
            page[rows, (FRONT + across + width) % COLUMNS] = np.array(person.bag_colour) * 0.8
            page[rows, (-across + width) % COLUMNS] = np.array(person.bag_colour) * 0.8
    return page


def _face(person: Person, skin: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    page = skin * (1 + 0.03 * smooth_noise(rng, ROWS, COLUMNS, 4))[..., None]
    if person.hair_style != "bald":
        page[:14] = person.hair
        page[:44, : FRONT - 34] = person.hair
        page[:44, FRONT + 34 :] = person.hair
    if person.beard:
        page[44:, FRONT - 24 : FRONT + 24] = np.array(person.hair) * 0.7 + np.array(person.skin) * 0.3
    for eye in (FRONT - 11, FRONT + 7):
        page[24:26, eye - 1 : eye + 6] *= 0.55  # brow
        page[29:32, eye : eye + 5] = (40, 34, 32)
    if person.glasses:
        page[27:29, FRONT - 18 : FRONT + 18] = (28, 28, 30)
        page[27:35, [FRONT - 15, FRONT - 2, FRONT + 1, FRONT + 14]] = (28, 28, 30)
    page[33:42, FRONT - 2 : FRONT + 2] *= 0.88  # nose
    page[48:50, FRONT - 8 : FRONT + 8] *= np.array([0.75, 0.5, 0.5])
    return page


def _hair(person: Person, rng: np.random.Generator) -> np.ndarray:
    if person.hat == "hood":
        return _plain(person.top.colour)
    strands = smooth_noise(rng, 8, COLUMNS, 8, 2)
    return _plain(person.hair) * (1 + 0.14 * cv2.resize(strands, (COLUMNS, ROWS)))[..., None]


def _legs(person: Person, cloth: np.ndarray, skin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if person.bottom.kind == "skirt":
        thigh, shin = skin.copy(), skin.copy()
    else:
        thigh, shin = _cut_to_length(cloth, skin, person.bottom.length)
    if person.bottom.length < 0.95:
        shin[50:] = person.socks
    for page in (thigh, shin):  # the seam of the trouser leg
        page[:, [FRONT - 33, FRONT + 32]] *= 0.8
    return thigh, shin


def _cut_to_length(cloth: np.ndarray, skin: np.ndarray, length: float) -> tuple[np.ndarray, np.ndarray]:
    """Sleeves and trouser legs: cloth down to a share of the limb, skin below; (upper half, lower half)."""
    upper, lower = cloth.copy(), cloth.copy()
    upper[min(ROWS, int(2 * length * ROWS)) :] = skin[0, 0]
    lower[max(0, int((2 * length - 1) * ROWS)) :] = skin[0, 0]
    return upper, lower


def _with_belt(person: Person, cloth: np.ndarray) -> np.ndarray:
    page = cloth.copy()
    if person.belt:
        page[10:18] = np.array(person.shoes) * 0.7
        page[10:18, FRONT - 4 : FRONT + 4] = (170, 165, 150)
    return page


def _shoe(person: Person) -> np.ndarray:
    page = _plain(person.shoes)
    page[:, : COLUMNS // 5] = page[:, -COLUMNS // 5 :] = 225 if person.pale_soles else 30
    return page


def _bag(person: Person) -> np.ndarray:
    page = _plain(person.bag_colour)
    page[18:21] *= 0.6
    page[38:60, 8:-8] *= 0.85
    page[38:40] *= 0.7
    return page


def _plain(colour: Colour) -> np.ndarray:
    page: np.ndarray = np.empty((ROWS, COLUMNS, 3), np.float32)
    page[:] = colour
    return page
