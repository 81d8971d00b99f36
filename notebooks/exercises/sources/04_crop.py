# %% [markdown]
# # 4. From a box to the numbers a network sees
#
# > A detector gives a box, a network wants 98,304 numbers: what can go wrong in between without anybody noticing?
#
# **You will learn** to cut people out of a frame, to make of a crop exactly what a network was trained on, to turn that
# back into a picture, and what each mistake on the way costs.
#
# **Needs** lessons 2 and 11.
#
# **Takes** 45 minutes.

# %%
import cv2
import matplotlib.pyplot as plt
import numpy as np

from learning_reid.datasets import read_crop
from learning_reid.detection import crop_image
from learning_reid.embedding import IMAGENET_MEAN, IMAGENET_STD, Preprocessing, l2_normalize
from learning_reid.frames import open_frames
from learning_reid.retrieval import euclidean_distance
from reid_course import checks, show, show_crops, student_seed, student_split

NAME = "Ada Lovelace"  # yours: people and numbers are drawn from it
SEED = student_seed(NAME)

# %% [markdown]
# ## A street of your own
#
# One frame of a street that never existed, and a box around everybody in it. The camera was turned a little, so that
# one person is just leaving the picture. The frame is as OpenCV would read it from a file or a camera.

# %%
street = open_frames(f"synthetic:{SEED}:1")
image, boxes = street.at(0).image, street.truth.at(0).boxes_xyxy
edge = int(boxes[:, [0, 2]].mean(axis=1).min())  # the middle of the leftmost person
frame = np.ascontiguousarray(image[:, edge:, ::-1])
boxes = boxes - [edge, 0, edge, 0]
print("frame", frame.shape, frame.dtype)
for box in boxes:
    print("box", box.round(1).tolist())

figure, axes = plt.subplots(figsize=(6, 6 * frame.shape[0] / frame.shape[1]))
axes.imshow(frame)
for x1, y1, x2, y2 in boxes:
    axes.add_patch(plt.Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, color="white", linewidth=2, clip_on=False))
axes.set(xlim=(min(-15, boxes[:, 0].min() - 2), frame.shape[1]), xlabel="x", ylabel="y")
axes.grid(visible=False)
show(figure, "Your street as it comes from OpenCV, and the boxes. One reaches over the edge.")

# %% [markdown]
# ## Question 1: cut it out (2 points)
#
# A box is `x1, y1, x2, y2` in pixels: x goes to the right, y goes **down**. An array is asked for rows first: `frame[y,
# x]`. Write `cut`. The corners are rounded to the nearest whole pixel (`np.rint`), x2 and y2 themselves do not belong
# to the crop, and what lies outside the picture is left away. (Python does not complain about `frame[-8:30]`. It counts
# from the other end.) Where nothing is left, the answer is `None`.
#
# Make it a copy: what NumPy cuts out is a *view*, which keeps its whole frame in memory as long as it lives.


# %% tags=["solution"]
def cut(frame: np.ndarray, box: np.ndarray) -> np.ndarray | None:
    """What is inside of a box.

    Args:
        frame: (height, width, 3) uint8.
        box: (4,) x1, y1, x2, y2 in pixels; may reach outside the frame.

    Returns:
        (h, w, 3) uint8, a copy; None where nothing of the box lies in the frame.
    """
    # BEGIN SOLUTION
    height, width = frame.shape[:2]
    x1, y1, x2, y2 = np.clip(np.rint(box), 0, [width, height, width, height]).astype(int)
    if x2 <= x1 or y2 <= y1:
        return None
    return frame[y1:y2, x1:x2].copy()
    # END SOLUTION


# %% tags=["test"]
def test_cut_by_hand(cut):
    frame = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
    found = cut(frame, np.array([3.0, 1.2, 5.0, 4.9]))
    checks.shape(found, (4, 2, 3), "rows 1 to 4, columns 3 and 4")
    checks.equal(found[0, 0], frame[1, 3], "top left is row 1, column 3")


# %% tags=["test"]
def test_cut_over_the_edge(cut):
    found = cut(np.zeros((6, 8, 3), np.uint8), np.array([-3.0, 2.0, 2.0, 9.0]))
    checks.holds(found is not None, "a part of this box lies in the frame: cut that out")
    checks.shape(found, (4, 2, 3), "of this box, rows 2 to 5 and columns 0 and 1 lie in the frame")


# %% tags=["hidden"]
def test_cut_like_the_project(cut, SEED):
    rng = np.random.default_rng(SEED)
    frame = rng.integers(0, 256, (40, 70, 3), np.uint8)
    for middle, size in zip(rng.uniform(0, [70, 40], (60, 2)), rng.uniform(3, 50, (60, 2)), strict=True):
        box = np.concatenate([middle - size / 2, middle + size / 2])
        expected, found = crop_image(frame, box), cut(frame, box)
        where = f"box {box.round(1).tolist()} in a frame 40 high and 70 wide"
        checks.holds((found is None) == (expected is None), f"{where}: None, if and only if nothing is left")
        if expected is not None:
            checks.shape(found, expected.shape, where)
            checks.equal(found, expected, f"{where}: other pixels than those inside")


# %% tags=["hidden"]
def test_cut_nothing(cut):
    frame = np.zeros((6, 8, 3), np.uint8)
    for box in ([9.0, 1.0, 12.0, 5.0], [-7.0, 1.0, -2.0, 5.0], [1.0, 6.0, 3.0, 9.0], [3.1, 1.0, 3.3, 5.0]):
        checks.holds(cut(frame, np.array(box)) is None, f"nothing of {box} is in a frame 6 high and 8 wide: give None")


# %% tags=["hidden"]
def test_cut_is_a_copy(cut):
    frame = np.zeros((6, 8, 3), np.uint8)
    found = cut(frame, np.array([1.0, 1.0, 4.0, 5.0]))
    checks.shape(found, (4, 3, 3))
    checks.holds(not np.shares_memory(found, frame), "a view, which keeps the whole frame in memory: copy it")


# %%
people = [crop for crop in (cut(frame, box) for box in boxes) if crop is not None]
sizes = [f"{crop.shape[1]} × {crop.shape[0]}" for crop in people]
show_crops([people], "What you have cut out; width × height. Half of one person. And who has blue skin?", [sizes])

# %% [markdown]
# ## Question 2: colours and size (2 points)
#
# OpenCV keeps blue, green, red; everybody else, and the network, has red, green, blue. And the network wants all crops
# of one size: *height × width*, such as 256 × 128. Write `for_the_network`: exchange the colours, and resize with cubic
# interpolation (`cv2.INTER_CUBIC`). Look up in which order `cv2.resize` wants its size, and what its third argument is.


# %% tags=["solution"]
def for_the_network(crop: np.ndarray, height: int, width: int) -> np.ndarray:
    """The crop in the colours and the size of the network.

    Args:
        crop: (h, w, 3) uint8, blue, green, red, of any size.
        height, width: what the network takes in, pixels.

    Returns:
        (height, width, 3) uint8, red, green, blue; resized with cubic interpolation.
    """
    # BEGIN SOLUTION
    rgb = cv2.cvtColor(crop, cv2.COLOR_BGR2RGB)
    return cv2.resize(rgb, (width, height), interpolation=cv2.INTER_CUBIC)
    # END SOLUTION


# %% tags=["test"]
def test_for_the_network_size(for_the_network):
    found = for_the_network(np.zeros((50, 20, 3), np.uint8), 256, 128)
    checks.shape(found, (256, 128, 3), "height before width, as always in an array")
    checks.dtype(found, "uint8", "still whole numbers from 0 to 255")


# %% tags=["test"]
def test_for_the_network_colours(for_the_network):
    blue = np.full((5, 4, 3), [200, 20, 10], np.uint8)
    checks.equal(for_the_network(blue, 10, 8)[0, 0], [10, 20, 200], "blue comes last among red, green, blue")


# %% tags=["hidden"]
def test_for_the_network_is_cubic(for_the_network, SEED):
    crop = np.random.default_rng(SEED).integers(0, 256, (30, 14, 3), np.uint8)
    expected = cv2.resize(crop[..., [2, 1, 0]], (16, 40), interpolation=cv2.INTER_CUBIC)
    found = for_the_network(crop, 40, 16)
    checks.shape(found, (40, 16, 3))
    off = np.abs(found.astype(int) - expected).max()
    checks.holds(off <= 1, f"up to {off} grey levels off: is it cubic? The flag needs its name, interpolation=")


# %% [markdown]
# In real colours, and of one size:

# %%
ready = [for_the_network(crop, 256, 128) for crop in people]
show_crops([ready], "Your people as the network wants them: 256 × 128, red first.")

# %% [markdown]
# ## Question 3: numbers as in training (2 points)
#
# The network was trained on numbers, not on pictures: colours from 0 to 1, from which the mean colour of ImageNet was
# subtracted, and which were divided by its deviation, red, green and blue each by its own. PyTorch wants the colours
# *before* rows and columns, and many crops at once: `(n, 3, height, width)`, float32.


# %%
MEAN, STD = np.array(IMAGENET_MEAN), np.array(IMAGENET_STD)  # of red, green, blue, on the scale 0 to 1
print("mean", MEAN, "deviation", STD)


# %% tags=["solution"]
def to_batch(crops: list[np.ndarray]) -> np.ndarray:
    """What goes into the network.

    Args:
        crops: n pictures (h, w, 3) uint8, red, green, blue, all of one size.

    Returns:
        (n, 3, h, w) float32.
    """
    # BEGIN SOLUTION
    colours = np.stack(crops) / 255  # (n, h, w, 3)
    return ((colours - MEAN) / STD).transpose(0, 3, 1, 2).astype(np.float32)
    # END SOLUTION


# %% tags=["test"]
def test_to_batch_form(to_batch):
    found = to_batch([np.zeros((8, 4, 3), np.uint8)] * 5)
    checks.shape(found, (5, 3, 8, 4), "crops, colours, height, width")
    checks.dtype(found, "float32", "PyTorch's networks have float32 weights")


# %% tags=["test"]
def test_to_batch_by_hand(to_batch):
    found = to_batch([np.full((2, 2, 3), 255, np.uint8), np.zeros((2, 2, 3), np.uint8)])
    checks.close(found[0, 0, 0, 0], (1 - 0.485) / 0.229, "red of a white crop")
    checks.close(found[1, 2, 0, 0], (0 - 0.406) / 0.225, "blue of a black crop")


# %% tags=["hidden"]
def test_to_batch_like_the_project(to_batch, SEED):
    crops = list(np.random.default_rng(SEED).integers(0, 256, (4, 10, 6, 3), np.uint8))
    found = to_batch(crops)
    checks.dtype(found, "float32", "PyTorch's networks have float32 weights")
    checks.close(
        found, Preprocessing(10, 6)(crops), "as src/learning_reid/embedding/preprocessing.py has it", tolerance=1e-4
    )


# %% tags=["hidden"]
def test_to_batch_keeps_places(to_batch):
    crop = np.zeros((4, 2, 3), np.uint8)
    crop[3, 0, 1] = 255  # bottom left is green
    found = to_batch([crop])
    brightest = np.unravel_index(np.argmax(found), found.shape)
    checks.equal(np.array(brightest), [0, 1, 3, 0], "a single green pixel: crop 0, colour 1, row 3, column 0")


# %% [markdown]
# ## Question 4: see what the network sees (2 points)
#
# Nothing helps more against silent mistakes than to look at *exactly* what goes into the network. Write `to_pictures`,
# which takes a batch back into pictures: all of question 3 in reverse. Round to the nearest whole number; what lies
# below 0 or above 255 is set to 0 or 255 (`astype(np.uint8)` alone would make 300 to 44). You need no `to_batch` for
# this.


# %% tags=["solution"]
def to_pictures(batch: np.ndarray) -> np.ndarray:
    """What the network sees.

    Args:
        batch: (n, 3, h, w) float32, with ImageNet's mean and deviation.

    Returns:
        (n, h, w, 3) uint8, red, green, blue.
    """
    # BEGIN SOLUTION
    colours = batch.transpose(0, 2, 3, 1) * STD + MEAN  # (n, h, w, 3) from 0 to 1
    return np.clip(np.rint(255 * colours), 0, 255).astype(np.uint8)
    # END SOLUTION


# %% tags=["test"]
def test_to_pictures_form(to_pictures):
    found = to_pictures(np.zeros((5, 3, 8, 4), np.float32))
    checks.shape(found, (5, 8, 4, 3), "colours come last in a picture")
    checks.dtype(found, "uint8", "whole numbers from 0 to 255")
    checks.equal(found[0, 0, 0], [124, 116, 104], "0 in the batch is ImageNet's mean colour")


# %% tags=["hidden"]
def test_to_pictures_and_back(to_pictures, SEED):
    crops = np.random.default_rng(SEED).integers(0, 256, (3, 9, 5, 3), np.uint8)
    found = to_pictures(Preprocessing(9, 5)(list(crops)))
    checks.equal(found, crops, "from a picture to the batch and back nothing may change")


# %% tags=["hidden"]
def test_to_pictures_out_of_range(to_pictures):
    found = to_pictures(np.array([30.0, -30.0, 0.0], np.float32).reshape(1, 3, 1, 1))
    checks.equal(found[0, 0, 0], [255, 0, 104], "too bright is 255, too dark is 0")


# %% [markdown]
# ## What costs how much?
#
# Sixteen people, asked for by one camera and answered by another. The gallery was embedded properly. The *questions*
# come from a script with one mistake in it, as it happens when two programs share a gallery. First look, then measure.

# %%
contest = student_split(SEED)
asks, answers = contest.query_labels, contest.gallery_labels
first, second = np.flatnonzero(asks.camera == 0), np.flatnonzero(answers.camera == 1)
asked = [read_crop(contest.query[index]) for index in first]  # RGB, as everywhere in this project
as_opencv = [np.ascontiguousarray(crop[..., ::-1]) for crop in asked]
good = [for_the_network(crop, 256, 128) for crop in as_opencv]
batches = {
    "all right": to_batch(good),
    "BGR": to_batch([for_the_network(crop, 256, 128) for crop in asked]),
    "not\n/ 255": Preprocessing(mean=tuple(MEAN / 255), std=tuple(STD / 255))(good),
    "no mean,\nno std": Preprocessing(mean=(0, 0, 0), std=(1, 1, 1))(good),
    "width for\nheight": to_batch([for_the_network(crop, 128, 256) for crop in as_opencv]),
    "reshape,\nno turn": to_batch([np.moveaxis(crop.reshape(3, 256, 128), 0, 2) for crop in good]),
    "linear": to_batch([cv2.resize(crop, (128, 256)) for crop in asked]),
}
some = np.random.default_rng(SEED).choice(len(asked), 3, replace=False)
seen = {name: to_pictures(batch[some]) for name, batch in batches.items()}
rows = [[pictures[row] for pictures in seen.values()] for row in range(3)]
show_crops(rows, "Three questions as the network gets them: without a mistake, and with six.", [list(seen)] * 3)

# %% [markdown]
# Guess: which mistake costs most, and which one nothing? Then let the embedded network answer.

# %%
import torch

from reid_course import lesson_embedder

embedder = lesson_embedder("embedded")


def embed(batch: np.ndarray) -> np.ndarray:
    """Unit vectors of a batch: (n, 3, h, w) -> (n, d)."""
    with torch.inference_mode():
        return l2_normalize(embedder.network(torch.from_numpy(batch)).numpy())


gallery, vectors = embedder([read_crop(contest.gallery[index]) for index in second]), {}
same = asks.person[first][:, None] == answers.person[second]
print(f"{'':20s} rank-1   turned away by")
for name, batch in batches.items():
    vectors[name] = embed(batch)
    rank1 = np.mean(same[np.arange(len(same)), euclidean_distance(vectors[name], gallery).argmin(axis=1)])
    away = np.linalg.norm(vectors[name] - vectors["all right"], axis=1).mean()
    print(f"{' '.join(name.split()):20s} {rank1:6.0%} {away:12.2f}")

# %%
right = euclidean_distance(vectors["all right"], gallery)
figure, axes = plt.subplots(figsize=(7, 3))
for row, found in enumerate(vectors.values()):
    away = np.linalg.norm(found - vectors["all right"], axis=1)
    axes.plot(away, np.full(len(away), row), "o", alpha=0.5, color="#d55e00")
for distance, words, side in (
    (right[same].mean(), "the same person ", "right"),
    (right[~same].mean(), " somebody else", "left"),
):
    axes.axvline(distance, color="#0072b2", linestyle="--")
    axes.text(distance, -0.6, words, ha=side, va="bottom", fontsize=8)
axes.set(xlabel="distance from the vector of the same crop without a mistake", xlim=(-0.03, None))
axes.set_yticks(range(len(vectors)), [" ".join(name.split()) for name in vectors])
axes.invert_yaxis()
show(figure, "How far each mistake moves a crop. Dashed: how far away the other camera's pictures are, on average.")

# %% [markdown]
# Rank-1 of sixteen questions goes in steps of 6 %: a mistake may hide in it, or even seem to help. The dots hide
# nothing. Which mistakes move a crop as far as another *person* is away? And which one would no user ever report?

# %% [markdown]
# ## Question 5: what a printout cannot show (2 points)
#
# No code now. A colleague's rank-1 is too low. What goes into her network: shape (32, 3, 256, 128), type float32, the
# smallest number is −2.1, the largest 2.6. One mistake is still inside. Which of these can it be?
#
# - **a** The pixels were not divided by 255.
# - **b** The mean was subtracted, but the division by the deviation is missing.
# - **c** Nobody exchanged OpenCV's blue and red.
# - **d** The crops were resized to 128 high and 256 wide.

# %% tags=["solution"]
answer = "c"  # SOLUTION

# %% [markdown] tags=["why"]
# **c.** Black and white are the same in both orders, so the range is that of a right batch: from (0 - 0.485) / 0.229 =
# −2.1 to (1 - 0.406) / 0.225 = 2.6. Without the division by 255 numbers would go up beyond 1,000 (255 / 0.225); without
# the deviation from −0.5 to 0.6; and 128 × 256 shows in the shape. Shape, type and range are worth printing, they catch
# most of the mistakes of this set. For the others there is question 4: look at the picture. (`reshape` in place of a
# turn would pass the printout as well, and nobody's eyes.)


# %% tags=["test"]
def test_answer_is_a_choice(answer):
    checks.choice(answer, "abcd")


# %% tags=["hidden"]
def test_answer_is_right(answer):
    checks.equal(answer, "c", "make such a batch, and print its shape and range")
