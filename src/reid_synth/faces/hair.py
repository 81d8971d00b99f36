"""Hair: outline, thickness and strand textures."""

from functools import lru_cache

import cv2
import numpy as np

from reid_synth.faces.head_map import COLUMNS, FINE, LATITUDE, LONGITUDE, ROWS, X, Y, smoothstep, upsample
from reid_synth.faces.parts import Face, Hair

STYLES_OVER_EARS = ("bob", "long", "long_fringe")  # styles that cover the ears
_CURLY_STYLES = ("curly", "afro")
_MM_PER_DEGREE = 1.4


def hair_distance(hair: Hair) -> np.ndarray:
    """Return the signed distance to the outline of the hair, (rows, columns) mm; negative = skin."""
    if hair.style == "bald":
        return np.full(LATITUDE.shape, -100, np.float32)
    turn = np.abs(LONGITUDE[0])
    edge = _edge(hair, turn)
    slope = np.gradient(edge, LONGITUDE[0]) / _MM_PER_DEGREE
    return ((edge - Y) / np.sqrt(1 + slope**2)).astype(np.float32)


def _edge(hair: Hair, turn: np.ndarray) -> np.ndarray:
    """Return the lower edge of the hair for each column, mm below the eyes."""
    top, back = -hair.hairline, hair.recession
    edge = np.interp(
        turn,
        (0, 12, 30, 46, 56, 63, 70, 76, 83, 110, 116, 120),
        (top + 2, top, top - 20 * back, top + 6 - 16 * back, top + 22, -22, 8, 12, -14, -14, 30, 60),
    )
    side = LONGITUDE[0] * -np.sign(hair.parting or 1)  # positive on the side to which the hair is combed
    if hair.style == "parted":
        edge = edge + 17 * np.exp(-(((side - 24) / 22) ** 2)) - 4 * np.exp(-(((side + 34) / 14) ** 2))
    if hair.style in ("fringe", "long_fringe"):
        cut = -25 + 4 * np.sin(LONGITUDE[0] / 9 + 6 * hair.parting) * hair.wave
        edge = np.maximum(edge, np.where(turn < 54, cut - 0.004 * turn**2, -100))
    if hair.style == "curly":
        edge = np.maximum(edge, np.where(turn > 62, 16, top + 12 - 0.002 * turn**2))
    if hair.style in STYLES_OVER_EARS:
        low = 88 if hair.style == "bob" else 190
        curtain = np.interp(turn, (0, 10, 24, 38, 50, 60), (top - 4, top, top + 14, top + 36, 0, low))
        edge = np.maximum(edge, curtain)
    return cv2.GaussianBlur(edge.reshape(1, -1).astype(np.float32), (0, 0), 2.2)[0]


def hair_thickness(hair: Hair, reach: np.ndarray) -> np.ndarray:
    """Return the height of the hair over the skin, (rows, columns) mm."""
    scale = {"bald": 0.0, "buzz": 0.2, "short": 0.75, "swept": 0.95, "tied": 0.55, "curly": 1.7, "afro": 3.4}
    top = smoothstep((-LATITUDE - 18) / 30)
    height = hair.volume * scale.get(hair.style, 1.0) * (0.75 + 0.5 * top)
    rise = smoothstep(reach / (26 if hair.style in ("afro", "swept", "tied") else 17))
    thick = height * rise
    if hair.style in STYLES_OVER_EARS:
        thick = thick + 6 * rise * smoothstep((np.abs(LONGITUDE) - 55) / 12)
    return thick.astype(np.float32)


def paint_hair(paint: np.ndarray, face: Face, rng: np.random.Generator) -> np.ndarray:
    """Blend the hair over the painted map (float32 RGB), in place.

    Returns:
        (rows, columns) float32, share of hair on the shape map.
    """
    hair = face.hair
    if hair.style == "bald":
        return np.zeros((ROWS, COLUMNS), np.float32)
    strands = _strands(hair, rng)
    reach = upsample(hair_distance(hair))
    ragged = {"buzz": 7.0, "afro": 5.0, "curly": 4.5, "swept": 2.5, "tied": 2.0, "short": 4.0}.get(hair.style, 3.5)
    fade = 11.0 if hair.style in ("swept", "tied", "short") else 5.0  # soft edge where hair is combed back
    cover = smoothstep((reach + ragged * strands) / fade + 0.3)
    if hair.style == "buzz":
        cover *= np.clip(0.72 + 0.25 * strands, 0, 0.95)
    light = 1 + (0.42 if hair.style in _CURLY_STYLES else 0.3) * strands
    light *= 0.66 + 0.34 * smoothstep(reach / 34)  # roots are shaded by the strands above
    color = np.array(hair.color, np.float32)
    if hair.gray > 0:
        silver = smoothstep(hair.gray * 1.6 - 0.5 + 0.45 * np.roll(strands, 37, axis=1))[..., None]
        color = color * (1 - silver) + silver * np.array((172, 170, 168), np.float32)
    gloss = 7 * np.clip(strands, 0, 2)
    for channel in range(3):
        layer = paint[..., channel]
        layer += cover * (color[..., channel] * light + gloss - layer)
    return cv2.resize(cover, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)


def paint_facial_hair(paint: np.ndarray, face: Face, rng: np.random.Generator) -> None:
    """Blend stubble or a beard over the painted map (float32 RGB), in place."""
    hair = face.hair
    if hair.facial == "none":
        return
    reach = upsample(facial_hair_distance(face))
    bristles = random_roll(grain_texture(), rng)
    if hair.facial == "stubble":
        cover = smoothstep(reach / 14 + 0.3) * np.clip(0.3 + 0.3 * bristles, 0, 1) * (0.35 + 0.5 * hair.facial_density)
    else:
        cover = smoothstep((reach + 2.2 * bristles) / 6 + 0.2) * np.clip(
            0.55 + 0.45 * hair.facial_density + 0.14 * bristles, 0, 0.97
        )
    color = np.array(hair.color, np.float32) * 0.85
    color = color * (1 - 0.8 * hair.gray) + 0.8 * hair.gray * np.array((165, 163, 160), np.float32)
    tone = np.array(face.skin.tone, np.float32)
    color = np.minimum(color, 0.75 * tone + 40 * hair.gray)
    lit = color * (1 + 0.28 * bristles[..., None])
    paint += cover[..., None] * (lit - paint)


def facial_hair_distance(face: Face) -> np.ndarray:
    """Return the signed distance to the outline of the beard, (rows, columns) mm; negative = skin."""
    end, mouth_y = face.nose.length + 5, face.mouth.height
    turn, across = np.abs(LONGITUDE), np.abs(X)
    cheek = np.interp(
        turn, (0, 10, 22, 34, 46, 58, 68, 74, 80), (end, end, mouth_y - 13, mouth_y - 9, 44, 30, 8, 10, 200)
    )
    whole = Y - cheek
    moustache = np.minimum(np.minimum(Y - end, mouth_y + 4 - Y), face.mouth.width / 2 + 4 - across)
    chin = np.minimum(Y - mouth_y - 4, 25 - across)
    drop = np.minimum(np.minimum(across - face.mouth.width / 2 + 2, 32 - across), Y - mouth_y + 8)
    shapes = {
        "moustache": moustache,
        "goatee": np.maximum(np.maximum(moustache, chin), np.where(mouth_y + 34 > Y, drop, chin)),
    }
    return shapes.get(face.hair.facial, whole).astype(np.float32)


def _strands(hair: Hair, rng: np.random.Generator) -> np.ndarray:
    """Return the brightness of the strands on the painted map, about -1 … 1."""
    if hair.style == "buzz":
        return random_roll(grain_texture(), rng)
    if hair.style in _CURLY_STYLES:
        return random_roll(_curl_texture(hair.style == "afro"), rng)
    field = random_roll(_strand_texture(), rng)
    rows, columns = field.shape
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    lean = {"parted": 0.9, "fringe": 0.25, "long_fringe": 0.2, "short": 0.35}.get(hair.style, 0.0)
    shift = lean * np.sign(hair.parting) * y
    shift += 9 * hair.wave * np.sin(y / (9 + 12 * (1 - hair.wave)) + 3 * np.sin(x / 60))
    return cv2.remap(field, (x + shift).astype(np.float32), y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)


def random_roll(field: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shift a periodic texture by a random offset."""
    down, across = int(rng.integers(field.shape[0])), int(rng.integers(field.shape[1]))
    return np.roll(field, (down, across), axis=(0, 1))


def map_noise(seed: int, wide: float, tall: float) -> np.ndarray:
    """Generate periodic noise on the painted map, deviation 1, with grains of the given size in pixels."""
    rng = np.random.default_rng([seed, 112])
    field = rng.standard_normal((ROWS * FINE, COLUMNS * FINE), dtype=np.float32)
    margin = 64
    field = cv2.copyMakeBorder(field, margin, margin, margin, margin, cv2.BORDER_WRAP)
    field = cv2.GaussianBlur(field, (0, 0), sigmaX=wide, sigmaY=tall)[margin:-margin, margin:-margin]
    return field / field.std()


@lru_cache(maxsize=1)
def _strand_texture() -> np.ndarray:
    return 0.4 * map_noise(1, 0.8, 16) + 0.45 * map_noise(2, 2.2, 20) + 0.35 * map_noise(3, 7, 24)


@lru_cache(maxsize=2)
def _curl_texture(tight: bool) -> np.ndarray:
    size = 1.1 if tight else 2.6
    rings = 1.6 - 2 * np.abs(map_noise(4, size, size * 1.3))
    return (0.5 * np.clip(rings, -1.5, 1.5) + 0.35 * map_noise(5, 4 * size, 4 * size)).astype(np.float32)


@lru_cache(maxsize=1)
def grain_texture() -> np.ndarray:
    """Return a fine grain for pores, stubble and short hair."""
    return 0.8 * map_noise(6, 0.7, 1.4) + 0.3 * map_noise(7, 3, 3)
