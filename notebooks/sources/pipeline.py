# %% [markdown]
# # From video frames to a ranked list
#
# > A camera films a street. In which frames does this one person appear?
#
# **You will learn** the whole pipeline step by step: frames, detection, crops, embeddings, ranking, and a video with
# the result. Each step is a few lines of code and an image.
#
# **Needs** lesson 1.
#
# **Takes** 2 minutes on 2 CPU cores, and twenty to read.

# %% tags=["parameters"]
FRAMES = "synthetic:42"  # a synthetic street; or a folder of images, or a video file
MAX_FRAMES = 40
QUERY = 0  # number of the person in the first frame, sorted by confidence score

# %% tags=["smoke"]
MAX_FRAMES = 5

# %% [markdown]
# ## The steps
#
# Lesson 1 started with finished crops. A video has no crops: first, people must be found in every frame. The whole way
# is short, and it only goes in one direction:

# %% tags=["hidden"]
# @title Diagram: the pipeline
from reid_course import show_diagram

show_diagram("pipeline")

# %% [markdown]
# Each arrow is one package of the library: `frames`, `detection`, `embedding`, `retrieval`, `visualization`.
#
# ## 1. Frames
#
# A frame is an array of height × width × 3 numbers, in the order red, green, blue. A minute of video has more than
# a thousand of them, too many for memory. So frames come one after another, and each is forgotten before the next one
# is read.

# %%
from learning_reid.frames import open_frames
from reid_course import ROOT

source = FRAMES if FRAMES.startswith("synthetic:") else ROOT / FRAMES
frames = open_frames(source, MAX_FRAMES)
first = next(iter(frames))
print(len(frames), "frames; the first:", first.image.shape, first.image.dtype)
print(f"one frame needs {first.image.nbytes / 1e6:.1f} MB, an hour at 25 frames per second "
      f"{3600 * 25 * first.image.nbytes / 1e9:.0f} GB")  # fmt: skip


# %% tags=["hidden"]
# @title Show the first frame
import matplotlib.pyplot as plt
import numpy as np

from reid_course import show, show_image

show_image(first.image, "The first frame of a synthetic street.")

# %% [markdown]
# How many people do you see? Count before the detector does.

# %%
MY_GUESS = None  # number of people

# %% [markdown]
# ## 2. Detection
#
# A [detector](../docs/glossary.md#detector) finds people in a frame. Ours is a Faster R-CNN (Ren and others 2015). It
# works in two stages. The first proposes boxes in which *something* may be. The second says for each box whether it is
# a person, corrects its edges, and gives a [confidence score](../docs/glossary.md#confidence-score) between 0 and 1.

# %%
from learning_reid import create_detector
from reid_course import compare_guess

detector = create_detector("torchvision_frcnn", "embedded")
detections = detector(first)
compare_guess(MY_GUESS, len(detections), "people detected", "boxes")
for box, score in zip(detections.xyxy, detections.confidence, strict=True):
    left, top, right, bottom = box.round().astype(int)
    print(f"x {left:3d} to {right:3d}, y {top:3d} to {bottom:3d}, score {score:.3f}")

# %% tags=["hidden"]
# @title Draw the detections
from learning_reid.visualization import MATCH_STYLE, OTHER_STYLE, LabeledBox, draw_boxes

boxes = zip(detections.xyxy, detections.confidence, strict=True)
drawn = draw_boxes(first.image, [LabeledBox(box, MATCH_STYLE, f"{score:.2f}") for box, score in boxes])
show_image(drawn, "The detections in the first frame, with their confidence scores.")

# %% [markdown]
# Every detector also reports boxes where there is nobody. Boxes below a minimum score are dropped. What does this
# minimum do? Here are all boxes with a score of 0.02 or more.

# %%
sensitive = create_detector("torchvision_frcnn", "embedded", min_score=0.02)
candidates = sensitive(first)
kept = candidates.confidence >= detector.min_score
print(f"score ≥ 0.02: {len(candidates)} boxes; score ≥ {detector.min_score} (the default): {kept.sum()}")

# %% tags=["hidden"]
# @title Draw the boxes below and above the minimum score
low = [LabeledBox(box, OTHER_STYLE) for box in candidates.xyxy[~kept]]
high = [LabeledBox(box, MATCH_STYLE) for box in candidates.xyxy[kept]]
show_image(draw_boxes(first.image, low + high), "Blue: score above the default. White: score between 0.02 and that.")

# %% tags=["check"]
assert 0 < len(detections) < len(candidates)

# %% [markdown]
# A low minimum misses few people but adds false positives. A high minimum does the opposite. A person whom the detector
# misses cannot be found again, however good the following steps are.
#
# ## 3. Crops
#
# The content of each box is cut out. The rest of the frame is not used any more.

# %%
from reid_course import show_crops

crops = []
for left, top, right, bottom in detections.xyxy.round().astype(int):
    crops.append(first.image[top:bottom, left:right])
sizes = [f"{number}: {crop.shape[1]}×{crop.shape[0]}" for number, crop in enumerate(crops)]
show_crops([crops], "The crops of the first frame; number, and width × height in pixels.", [sizes])

# %% [markdown]
# ## 4. Embedding
#
# The crops have different sizes. Before they enter the network, they are resized to 256 × 128 pixels, and their colors
# are shifted and scaled exactly as in training. The network returns one unit vector per crop.

# %%
from learning_reid import create_embedder

embedder = create_embedder("osnet_x0_25", "embedded")
print("input: ", embedder.preprocessing(crops).shape, "(crops, colors, height, width)")
embeddings = embedder(crops)
print("output:", embeddings.shape)

# %% [markdown]
# A trap: OpenCV reads images in the order blue, green, red. No error is raised if you forget to swap them. How far does
# an embedding move when red and blue are exchanged? For comparison: in lesson 1, the same person was usually nearer
# than 0.8.

# %%
swapped = embedder([crop[..., ::-1] for crop in crops])
for number, distance in enumerate(np.linalg.norm(embeddings - swapped, axis=1)):
    print(f"person {number}: {distance:.2f} from the same crop with red and blue swapped")

# %% [markdown]
# ## All frames
#
# Now the same for every frame. Only the boxes, scores and embeddings are kept, not the images. This is pass 1 of the
# pipeline.


# %%
from tqdm.auto import tqdm


def detect_and_embed(frame):
    """Return boxes and embeddings of the people in a frame."""
    boxes = detector(frame).xyxy
    crops = [frame.image[top:bottom, left:right] for left, top, right, bottom in boxes.round().astype(int)]
    return boxes, embedder(crops)


frame_index, boxes, embeddings = [], [], []
for frame in tqdm(frames, total=len(frames)):
    frame_boxes, frame_embeddings = detect_and_embed(frame)
    frame_index += [frame.index] * len(frame_boxes)
    boxes.append(frame_boxes)
    embeddings.append(frame_embeddings)
frame_index, boxes, embeddings = np.array(frame_index), np.concatenate(boxes), np.concatenate(embeddings)
print(len(boxes), "detections in", len(frames), "frames")

# %% [markdown]
# ## 5. Ranking
#
# One person of the first frame is the query. All detections of later frames are the gallery, sorted by their Euclidean
# distance to the query.

# %%
query = QUERY  # the detections of frame 0 come first
later = np.flatnonzero(frame_index > 0)
distances = np.linalg.norm(embeddings[later] - embeddings[query], axis=1)
order = np.argsort(distances)
print("rank  frame  distance")
for rank, index in enumerate(order[:5], start=1):
    print(f"{rank:4d} {frame_index[later[index]]:6d} {distances[index]:9.3f}")

# %% [markdown]
# The five nearest are often neighboring frames, which look nearly alike. More interesting is every frame by itself:
# which of its detections is nearest to the query? In how many frames, in percent, will that be the right person?

# %%
MY_GUESS = None  # a number from 0 to 100

# %% [markdown]
# The synthetic street knows who is where: its [ground truth](../docs/glossary.md#ground-truth). A detection belongs to
# a person if its box and the person's true box overlap enough. The usual measure is the
# [IoU](../docs/glossary.md#iou-intersection-over-union), intersection over union, and the usual limit 0.5.

# %%
from learning_reid.metrics import iou_matrix

true_person = np.full(len(boxes), -1)
for index in range(len(frames)):
    truth, rows = frames.truth.at(index), np.flatnonzero(frame_index == index)
    if len(truth) and len(rows):
        iou = iou_matrix(boxes[rows], truth.boxes_xyxy)
        overlap = iou.max(axis=1) >= 0.5
        true_person[rows[overlap]] = truth.person_id[iou.argmax(axis=1)][overlap]

# %%
nearest = {}  # frame: its detection nearest to the query
for index in order[::-1]:  # from far to near: the nearest is written last
    nearest[frame_index[later[index]]] = index
nearest = np.array([nearest[number] for number in sorted(nearest)])
is_match = true_person[later] == true_person[query]
compare_guess(MY_GUESS, 100 * is_match[nearest].mean(), f"correct in {len(nearest)} frames with detections")

# %% tags=["check"]
assert is_match[nearest].mean() > 0.9

# %% tags=["hidden"]
# @title Plot the distance of every later detection
figure, axes = plt.subplots(figsize=(7, 3))
when = frame_index[later]
axes.plot(when[~is_match], distances[~is_match], ".", color="#9aa0a6", label="other people")
axes.plot(when[is_match], distances[is_match], ".", color="#009e73", markersize=9, label="the query's person")
axes.plot(when[nearest], distances[nearest], "o", fillstyle="none", color="#0072b2", label="nearest of its frame")
axes.set(xlabel="frame", ylabel="distance to the query", ylim=(0, None))
axes.legend(ncols=3, fontsize=8, loc="lower right")
show(figure, "Every detection of later frames. Where the nearest one is green, the person was found again.")

# %% [markdown]
# Watch how the distance to the *right* person grows and shrinks: the person turns, walks through a shadow, or is partly
# hidden.
#
# One weakness shows too. There is always a nearest detection, also in a frame in which the detector missed the person,
# or in which the person is not there. A ranking never answers "nobody". (In street 42 this is frame 39: the person is
# behind somebody else.) A [threshold](../docs/glossary.md#threshold) on the distance allows that answer:

# %%
THRESHOLD = 0.75  # try other values

accepted = nearest[distances[nearest] <= THRESHOLD]
print(f"{len(accepted)} of {len(nearest)} frames answered, {len(nearest) - len(accepted)} rejected")
print(f"correct: {100 * is_match[accepted].mean():.0f} % of the answers, "
      f"{100 * is_match[nearest].mean():.0f} % without a threshold")  # fmt: skip

# %% [markdown]
# A good threshold depends on the network and on the gallery. Lesson 9 chooses one on labeled crops.
#
# ## 6. The result, in one call
#
# `run_pipeline` does all of the above. It reads the frames twice: once to detect and embed, and once more, when the
# matches are known, to draw them. What it does is described by a settings file; `confs/demo.yml` names the small
# networks of this repository.

# %%
import contextlib
import io
import tempfile
from pathlib import Path

from learning_reid import run_pipeline
from learning_reid.config import load_settings

folder = Path(tempfile.mkdtemp())
settings = load_settings(
    "confs/demo.yml",
    [
        f"input.frames_path={source}",
        f"input.max_frames={MAX_FRAMES}",
        f"input.query_detection={QUERY}",
        f"output.folder={folder}",
    ],
)
with contextlib.redirect_stdout(io.StringIO()):
    summary = run_pipeline(settings)
print(f"{summary.detections} detections in {summary.frames} frames")
print("files:", ", ".join(sorted(file.name for file in folder.iterdir())))

# %% tags=["check"]
assert summary.detections == len(boxes)

# %% tags=["hidden"]
# @title Show two frames of the video
video = open_frames(folder / "annotated.mp4")
for index in (0, len(frames) - 1):
    show_image(video.at(index).image, f"Frame {index} of annotated.mp4.")

# %% [markdown]
# The image that most ReID papers show is the ranked list. Because neighboring frames are nearly alike, the later frames
# are divided into eight intervals, and each contributes its nearest detection.

# %% tags=["hidden"]
# @title Show the ranked list
show_image(plt.imread(folder / "ranking.png"), "ranking.png: the query, and the nearest detections over time.", 9)

# %% [markdown]
# ## On your own footage
#
# From a terminal, in the project's folder:
#
#     python src/main.py --config confs/demo.yml                        # this street
#     python src/main.py --config confs/demo.yml --input my_video.mp4   # your video
#     python src/main.py                                                # PETS2009, published weights
#
# The last command reads `confs/config.yml`: frames of PETS2009 (a real campus), a Faster R-CNN trained on COCO, and
# `osnet_ain_x1_0` trained on three ReID datasets. Missing weights are downloaded once. Use footage only if the people
# in it have agreed, or if the law allows it; [docs/responsible-use.md](../docs/responsible-use.md) says more.
#
# ## Summary
#
# > - **Frames** are read one at a time, so memory does not grow with the length of the video.
# > - The **detector** decides who can be found at all. Its minimum score trades missed people against false positives.
# > - Each **crop** becomes a unit vector; **ranking** sorts all later detections by their distance to the query.
# > - There is always a nearest detection. Whether it is near *enough* needs a **threshold**.
#
# ## Check yourself
#
# 1. The detector misses a person in half of the frames. How often can the pipeline find that person?
#
#    <details><summary>Answer</summary>
#
#    At most in the other half. No later step can repair a missed detection.
#
#    </details>
#
# 2. Why does the pipeline read the frames twice instead of keeping them?
#
#    <details><summary>Answer</summary>
#
#    The matches are only known after all frames were seen. Keeping the frames would need memory that grows with the
#    video; boxes and embeddings need a thousandth of it.
#
#    </details>
#
# 3. Frames are read with OpenCV and passed on unchanged. What happens?
#
#    <details><summary>Answer</summary>
#
#    No error. Red and blue are swapped, the embeddings move, and the ranking becomes much worse if the query was read
#    in another way. Lesson 11 measures this mistake.
#
#    </details>
#
# 4. Two boxes of 10 × 20 pixels are shifted by 5 pixels horizontally. What is their IoU?
#
#    <details><summary>Answer</summary>
#
#    They share 5 × 20 = 100 pixels and cover 200 + 200 − 100 = 300 together: IoU = 1/3, so they do not count as the
#    same person.
#
#    </details>
#
# ## Try this
#
# - Another street: `FRAMES = "synthetic:7"`, or any other number. Which people are hard to find again, and why?
# - Another person: `QUERY = 1`.
# - Find the smallest `THRESHOLD` that rejects no correct match. Is it the same in another street?
#
# [Worked answers](../docs/teaching-answers.md#2-pipeline). Then solve
# [exercise set 4: from a box to the input of the network](exercises/student/04_crop.ipynb).
#
# ## Further reading
#
# - Ren and others 2015, [Faster R-CNN](https://arxiv.org/abs/1506.01497): the detector.
# - Ferryman and Shahrokni 2009, [PETS2009: Dataset and Challenge](https://doi.org/10.1109/PETS-WINTER.2009.5399556):
#   the frames of the default configuration.
# - [Every setting of the pipeline](../docs/configuration.md), and the code:
#   [pipeline.py](../src/learning_reid/pipeline.py),
#   [torchvision_frcnn.py](../src/learning_reid/detection/torchvision_frcnn.py),
#   [ranking.py](../src/learning_reid/retrieval/ranking.py).
