# ruff: noqa
"""Classic wrong answers to set 4. Each stands in place of the solution; the line above it says what is wrong."""

import cv2
import numpy as np

# %% q1: x and y exchanged


def cut(frame, box):
    height, width = frame.shape[:2]
    x1, y1, x2, y2 = np.clip(np.rint(box), 0, [width, height, width, height]).astype(int)
    return frame[x1:x2, y1:y2].copy() if x2 > x1 and y2 > y1 else None


# %% q1: read as x, y, width, height


def cut(frame, box):
    height, width = frame.shape[:2]
    x, y, w, h = np.rint(box).astype(int)
    x1, y1, x2, y2 = max(0, x), max(0, y), min(width, x + w), min(height, y + h)
    return frame[y1:y2, x1:x2].copy() if x2 > x1 and y2 > y1 else None


# %% q1: not clipped, so that negative numbers count from the other end


def cut(frame, box):
    x1, y1, x2, y2 = np.rint(box).astype(int)
    crop = frame[y1:y2, x1:x2].copy()
    return crop if crop.size else None


# %% q1: cut off instead of rounded


def cut(frame, box):
    height, width = frame.shape[:2]
    x1, y1, x2, y2 = np.clip(box, 0, [width, height, width, height]).astype(int)
    return frame[y1:y2, x1:x2].copy() if x2 > x1 and y2 > y1 else None


# %% q1: an empty crop instead of None


def cut(frame, box):
    height, width = frame.shape[:2]
    x1, y1, x2, y2 = np.clip(np.rint(box), 0, [width, height, width, height]).astype(int)
    return frame[y1:y2, x1:x2].copy()


# %% q1: one row and column too many


def cut(frame, box):
    height, width = frame.shape[:2]
    x1, y1, x2, y2 = np.clip(np.rint(box), 0, [width, height, width, height]).astype(int)
    return frame[y1 : y2 + 1, x1 : x2 + 1].copy() if x2 > x1 and y2 > y1 else None


# %% q1: clipped to the last pixel, which is then lost


def cut(frame, box):
    height, width = frame.shape[:2]
    x1, y1, x2, y2 = np.clip(np.rint(box), 0, [width - 1, height - 1, width - 1, height - 1]).astype(int)
    return frame[y1:y2, x1:x2].copy() if x2 > x1 and y2 > y1 else None


# %% q1: clipped to height by width


def cut(frame, box):
    height, width = frame.shape[:2]
    x1, y1, x2, y2 = np.clip(np.rint(box), 0, [height, width, height, width]).astype(int)
    return frame[y1:y2, x1:x2].copy() if x2 > x1 and y2 > y1 else None


# %% q1: a box over the edge is thrown away


def cut(frame, box):
    height, width = frame.shape[:2]
    x1, y1, x2, y2 = np.rint(box).astype(int)
    return frame[y1:y2, x1:x2].copy() if 0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height else None


# %% q1: a view


def cut(frame, box):
    height, width = frame.shape[:2]
    x1, y1, x2, y2 = np.clip(np.rint(box), 0, [width, height, width, height]).astype(int)
    return frame[y1:y2, x1:x2] if x2 > x1 and y2 > y1 else None


# %% q2: height and width exchanged


def for_the_network(crop, height, width):
    return cv2.resize(cv2.cvtColor(crop, cv2.COLOR_BGR2RGB), (height, width), interpolation=cv2.INTER_CUBIC)


# %% q2: the flag in the place of dst


def for_the_network(crop, height, width):
    return cv2.resize(cv2.cvtColor(crop, cv2.COLOR_BGR2RGB), (width, height), cv2.INTER_CUBIC)


# %% q2: still blue, green, red


def for_the_network(crop, height, width):
    return cv2.resize(crop, (width, height), interpolation=cv2.INTER_CUBIC)


# %% q2: exchanged twice


def for_the_network(crop, height, width):
    rgb = cv2.cvtColor(crop, cv2.COLOR_BGR2RGB)[..., ::-1]
    return cv2.resize(np.ascontiguousarray(rgb), (width, height), interpolation=cv2.INTER_CUBIC)


# %% q2: rows turned round, not colours


def for_the_network(crop, height, width):
    return cv2.resize(np.ascontiguousarray(crop[::-1]), (width, height), interpolation=cv2.INTER_CUBIC)


# %% q2: np.resize, which repeats the numbers


def for_the_network(crop, height, width):
    return np.resize(crop[..., ::-1], (height, width, 3))


# %% q2: from 0 to 1 already


def for_the_network(crop, height, width):
    rgb = cv2.cvtColor(crop, cv2.COLOR_BGR2RGB) / 255
    return cv2.resize(rgb, (width, height), interpolation=cv2.INTER_CUBIC)


# %% q3: not divided by 255


def to_batch(crops):
    return ((np.stack(crops) - MEAN) / STD).transpose(0, 3, 1, 2).astype(np.float32)


# %% q3: neither mean nor deviation


def to_batch(crops):
    return (np.stack(crops) / 255).transpose(0, 3, 1, 2).astype(np.float32)


# %% q3: no deviation


def to_batch(crops):
    return (np.stack(crops) / 255 - MEAN).transpose(0, 3, 1, 2).astype(np.float32)


# %% q3: reshape instead of a turn


def to_batch(crops):
    colours = (np.stack(crops) / 255 - MEAN) / STD
    return colours.reshape(len(crops), 3, *crops[0].shape[:2]).astype(np.float32)


# %% q3: colours last


def to_batch(crops):
    return ((np.stack(crops) / 255 - MEAN) / STD).astype(np.float32)


# %% q3: width before height


def to_batch(crops):
    return ((np.stack(crops) / 255 - MEAN) / STD).transpose(0, 3, 2, 1).astype(np.float32)


# %% q3: mean and deviation of blue, green, red


def to_batch(crops):
    return ((np.stack(crops) / 255 - MEAN[::-1]) / STD[::-1]).transpose(0, 3, 1, 2).astype(np.float32)


# %% q3: float64


def to_batch(crops):
    return ((np.stack(crops) / 255 - MEAN) / STD).transpose(0, 3, 1, 2)


# %% q3: divided before the mean is subtracted


def to_batch(crops):
    return (np.stack(crops) / 255 / STD - MEAN).transpose(0, 3, 1, 2).astype(np.float32)


# %% q3: mean and deviation of the crops themselves


def to_batch(crops):
    colours = np.stack(crops) / 255
    mean, std = colours.mean(axis=(0, 1, 2)), colours.std(axis=(0, 1, 2)) + 1e-6
    return ((colours - mean) / std).transpose(0, 3, 1, 2).astype(np.float32)


# %% q3: mean along the wrong axis (raises)


def to_batch(crops):
    return (((np.stack(crops) / 255).transpose(0, 3, 1, 2) - MEAN) / STD).astype(np.float32)


# %% q4: cut off instead of rounded


def to_pictures(batch):
    return np.clip(255 * (batch.transpose(0, 2, 3, 1) * STD + MEAN), 0, 255).astype(np.uint8)


# %% q4: not clipped


def to_pictures(batch):
    with np.errstate(invalid="ignore"):
        return np.rint(255 * (batch.transpose(0, 2, 3, 1) * STD + MEAN)).astype(int).astype(np.uint8)


# %% q4: mean before deviation


def to_pictures(batch):
    return np.clip(np.rint(255 * (batch.transpose(0, 2, 3, 1) + MEAN) * STD), 0, 255).astype(np.uint8)


# %% q4: reshape instead of a turn


def to_pictures(batch):
    n, _, h, w = batch.shape
    return np.clip(np.rint(255 * (batch.reshape(n, h, w, 3) * STD + MEAN)), 0, 255).astype(np.uint8)


# %% q4: stretched to the range of the batch


def to_pictures(batch):
    low, high = batch.min(), batch.max()
    return np.rint(255 * (batch.transpose(0, 2, 3, 1) - low) / max(high - low, 1e-6)).astype(np.uint8)


# %% q4: blue, green, red


def to_pictures(batch):
    return np.clip(np.rint(255 * (batch.transpose(0, 2, 3, 1) * STD + MEAN)), 0, 255).astype(np.uint8)[..., ::-1]


# %% q4: lying on its side


def to_pictures(batch):
    return np.clip(np.rint(255 * (batch.transpose(0, 3, 2, 1) * STD + MEAN)), 0, 255).astype(np.uint8)


# %% q4: from 0 to 1


def to_pictures(batch):
    return np.clip(batch.transpose(0, 2, 3, 1) * STD + MEAN, 0, 1)


# %% q5: 255 would show in the range
answer = "a"

# %% q5: the deviation would show in the range
answer = "b"

# %% q5: the size would show in the shape
answer = "d"

# %% q5: none of the choices
answer = "bgr"
