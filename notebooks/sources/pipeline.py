# %% [markdown]
# # From frames to a person found again
#
# > A camera films a street: where in all of it is this one person?
#
# **You will learn** what `src/main.py` does, step by step, with the project's own functions and a picture after each:
# frames, detection (Faster R-CNN), crops, embedding (OSNet), ranking (Euclidean distance), and the video at the end.
#
# **Needs** lesson 1.
#
# **Takes** 2 minutes on 2 CPU cores, and fifteen to read.

# %% tags=["parameters"]
from reid_course import is_smoke

FRAMES = "synthetic:42"  # a generated street; or a folder of pictures, or a video, seen from the project's folder
CONFIG = "confs/demo.yml"  # @param ["confs/demo.yml", "confs/config.yml"]
MAX_FRAMES = 5 if is_smoke() else 40  # None: all there are
QUERY = 0  # which person of the first frame; 0: of whom the detector is surest

# %% [markdown]
# ## The way
#
#     frames ──► detection ──► crops ──► embedding ──► ranking ──► report
#     (pictures)  (where)                 (who-like)    (nearest)   (look at it)
#
# Each arrow is a folder of `src/`, and [`src/learning_reid/pipeline.py`](../src/learning_reid/pipeline.py) ties them
# together. What it is to do stands in a YAML file; `demo.yml` names the small networks of this repository, so that
# nothing is downloaded.

# %%
import matplotlib.pyplot as plt
import numpy as np

from learning_reid.config import load_settings
from reid_course import ROOT, compare_guess, show, show_crops

place = FRAMES if FRAMES.startswith("synthetic:") else ROOT / FRAMES
changes = [f"input.frames_path={place}", f"input.query_detection={QUERY}"]
settings = load_settings(CONFIG, [*changes, f"input.max_frames={MAX_FRAMES or 'null'}"])
for part in ("detector", "embedder", "ranking"):
    print(part, getattr(settings, part).model_dump())

# %% [markdown]
# ## 1. Frames
#
# Frames come one after another and are never all in memory: a minute of video would fill it. Whoever needs them a
# second time reads them a second time. A frame is an array of height × width × 3, in the order red, green, blue.

# %%
from learning_reid.frames import open_frames

frames = open_frames(settings.input.frames_path, settings.input.max_frames)
first = next(iter(frames))
megabytes = first.image.nbytes / 1e6
print(f"up to {len(frames)} frames; the first: {first.image.shape}, {first.image.dtype}, {megabytes:.1f} MB")
print(f"all together they would take {len(frames) * megabytes:.0f} MB; one at a time, {megabytes:.1f} MB")


# %%
def show_picture(image: np.ndarray, words: str, width: float = 5.5) -> None:
    """A picture as it is, without axes."""
    figure, axes = plt.subplots(figsize=(width, width * image.shape[0] / image.shape[1]))
    axes.imshow(image)
    axes.set_axis_off()
    show(figure, words)


show_picture(first.image, "The first frame.", 4.8)

# %% [markdown]
# How many people are there? Count before the detector does.

# %%
MY_GUESS = None  # people

# %% [markdown]
# ## 2. Detection: where is somebody?
#
# A Faster R-CNN (Ren et al. 2015, arXiv 1506.01497) answers in two steps: one part of the network proposes boxes where
# *something* may be, another says of each what it is, and how sure it is (the **score**, 0 to 1).

# %%
from learning_reid.pipeline import load_networks
from learning_reid.visualization import MATCH_STYLE, OTHER_STYLE, LabeledBox, draw_boxes

detector, embedder = load_networks(settings.detector, settings.embedder, settings.runtime)
found = detector(first)
compare_guess(MY_GUESS, len(found), "people found", "boxes")
for box, score in zip(found.xyxy, found.confidence, strict=True):
    print("box from", box[:2].round().tolist(), "to", box[2:].round().tolist(), f"score {score:.3f}")

marks = [LabeledBox(box, MATCH_STYLE, f"{score:.2f}") for box, score in zip(found.xyxy, found.confidence, strict=True)]
show_picture(draw_boxes(first.image, marks), "What the detector found in the first frame, with its scores.")
assert len(found)

# %% [markdown]
# Every detector also finds people where there are none. Below a certain score (`detector.min_score`) boxes are thrown
# away; each of our weights ships with the score that suits it. Let it say everything it suspects:

# %%
from learning_reid.detection import create_detector

where = settings.detector
eager = create_detector(where.name, where.weights, min_score=0.02)
suspected = eager(first)
print(f"score at least 0.02: {len(suspected)} boxes; at least {detector.min_score}: {len(found)}")
kept = suspected.confidence >= detector.min_score
marks = [LabeledBox(box, OTHER_STYLE) for box in suspected.xyxy[~kept]] + [
    LabeledBox(box, MATCH_STYLE) for box in suspected.xyxy[kept]
]
words = "The same frame: blue what is kept, white what scored less, but 0.02 or more."
show_picture(draw_boxes(first.image, marks), words, 5)
assert len(suspected) >= len(found)

# %% [markdown]
# A low score misses nobody and sees ghosts; a high one sees no ghosts and misses people. Whom the detector misses
# cannot be found again, however good the rest is.
#
# ## 3. Crops
#
# What is inside each box is cut out; the rest of the frame is forgotten.

# %%
from learning_reid.detection import crop_image

crops = [crop_image(first.image, box) for box in found.xyxy]
sizes = [f"{number}: {crop.shape[1]}×{crop.shape[0]}" for number, crop in enumerate(crops)]
show_crops([crops], "The people of the first frame, numbered by score; width × height in pixels.", [sizes])

# %% [markdown]
# ## 4. Embedding: who does it look like?
#
# Before a crop goes into the network, it is resized, scaled and shifted exactly as in training. The network answers
# with one vector of length 1 for each crop.

# %%
vectors = embedder(crops)
shape = embedder.preprocessing(crops).shape
print("into the network:", shape, "(crops, colours, height, width); out of it:", vectors.shape)
assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)

# %% [markdown]
# Does it tell people apart? Take a later frame and measure the distance from each person of the first frame to each of
# that one.

# %%
from learning_reid.retrieval import euclidean_distance

later = None
for later in frames:
    if later.index == min(20, len(frames) - 1):
        break
others = [crop_image(later.image, box) for box in detector(later).xyxy]
table = euclidean_distance(vectors, embedder(others))

figure, axes = plt.subplots(figsize=(5.2, 3.2))
picture = axes.imshow(table, cmap="viridis_r", vmin=0.2, vmax=1.2)
for (row, column), value in np.ndenumerate(table):
    axes.text(column, row, f"{value:.2f}", ha="center", va="center", color="white" if value > 0.7 else "black")
axes.set(xlabel=f"person of frame {later.index}", ylabel="person of frame 0")
axes.set(xticks=range(len(others)), yticks=range(len(crops)))
axes.grid(False)
show(
    figure,
    "Distances between the people of two frames: in each row, the smallest (brightest) is who it looks most like.",
)

# %%
show_crops(
    [crops, others],
    f"Above the people of frame 0, below those of frame {later.index}. Does the smallest distance name the right one?",
    [[f"0/{number}" for number in range(len(crops))], [f"{later.index}/{number}" for number in range(len(others))]],
)

# %% [markdown]
# And a trap that costs much and is never reported: OpenCV reads pictures as blue, green, red. The same crop, with its
# colours swapped, lands somewhere else:

# %%
swapped = embedder([crop[..., ::-1] for crop in crops])
for number, distance in enumerate(np.linalg.norm(vectors - swapped, axis=1)):
    print(f"person {number}, red and blue swapped: {distance:.2f} away from itself")
assert np.linalg.norm(vectors - swapped, axis=1).max() > 0.1

# %% [markdown]
# ## All frames
#
# `detect_and_embed` does this for every frame, and sends crops of several frames through the network together, which is
# faster. Afterwards the pictures are gone; boxes, scores and vectors stay: the **sightings**.

# %%
from learning_reid.io.progress import Stopwatch
from learning_reid.pipeline import detect_and_embed

watch = Stopwatch()
seen, _ = detect_and_embed(frames, detector, embedder, settings.embedder.batch_size, watch)
print(f"{len(seen)} sightings in {len(seen.frames_read)} frames; vectors: {seen.embeddings.nbytes / 1e6:.1f} MB")
assert np.allclose(seen.embeddings[seen.rows_of(0)], vectors, atol=1e-3)  # the same as one by one

# %%
names, spent = zip(*watch.seconds.items(), strict=True)
figure, axes = plt.subplots(figsize=(6, 1.9))
axes.barh(names, [1000 * seconds / len(seen.frames_read) for seconds in spent])
axes.set(xlabel="milliseconds for each frame")
show(figure, "Where the time goes. (Reading a generated street means drawing it.)")

# %% [markdown]
# ## 5. Ranking
#
# One person of the first frame is the **query**. Everybody seen later is ranked by distance to it. In how many of the
# later frames, in percent, will the nearest box be the right one?

# %%
MY_GUESS = None  # a number from 0 to 100

# %%
from learning_reid.metrics import evaluate_rankings, true_identities
from learning_reid.retrieval import rank_later_detections, select_queries

(query,) = select_queries(seen, settings.input.query_frame, settings.input.query_detection)
ranking = rank_later_detections(seen, query, settings.ranking.metric)
identity = None if frames.truth is None else true_identities(seen, frames.truth)  # only a generated street knows
if identity is None:
    print("nobody wrote down who is who in these frames: look at the pictures below")
else:
    figures = evaluate_rankings(seen, [ranking], frames.truth)
    compare_guess(MY_GUESS, 100 * figures.refind_rate, f"found again in {figures.frames_scored} frames")

# %%
when = seen.frame[ranking.rows]
right = np.zeros(len(when), bool) if identity is None else identity[ranking.rows] == identity[query]
nearest = ranking.rank_in_frame == 1
figure, axes = plt.subplots(figsize=(7, 3))
axes.plot(when[~right], ranking.distances[~right], ".", color="#9aa0a6", label="others" if right.any() else "somebody")
axes.plot(when[right], ranking.distances[right], ".", color="#009e73", markersize=9, label="the person asked for")
axes.plot(
    when[nearest], ranking.distances[nearest], "o", fillstyle="none", color="#0072b2", label="nearest of its frame"
)
axes.set(xlabel="frame", ylabel="distance to the query", ylim=(0, None))
axes.legend(ncols=3, fontsize=8, loc="lower right")
show(figure, "Each dot is somebody in a later frame. Where the lowest dot is green, the person was found again.")

# %% [markdown]
# Look at how the distance to the *right* person grows and shrinks; open two of those frames: what differs?
#
# There is always a nearest one, also in a frame where the detector did not find the person. That is the weakness of
# taking the nearest: it never answers "nobody". (In street 42 that is frame 39: the person asked for is behind somebody
# else, and the nearest dot is grey.) So a distance can be set above which the answer is "not here":

# %%
LIMIT = 0.75  # try others

strict = rank_later_detections(seen, query, settings.ranking.metric, reject_above=LIMIT)
answers = strict.accepted & (strict.rank_in_frame == 1)
print(f"answers in {answers.sum()} of {nearest.sum()} frames, 'not here' in {(nearest & ~answers).sum()}")
if identity is not None:
    shares = [100 * right[some].mean() for some in (answers, nearest)]
    print(f"of the answers {shares[0]:.0f} % are right; without a limit {shares[1]:.0f} %")
assert answers.sum() <= nearest.sum() and (strict.distances[answers] <= LIMIT).all()

# %% [markdown]
# A good limit depends on the network and on the size of the gallery; `python src/main.py calibrate` chooses one on
# labelled crops.
#
# ## 6. The report
#
# Now it is known who is who, the frames are read a second time and drawn into a video. A video is a source of frames
# again, so let us open it and look at two.

# %%
import tempfile
from pathlib import Path

from learning_reid.pipeline import DEFAULT_FRAME_RATE, draw_video
from learning_reid.visualization import draw_ranking, matches_over_time

temporary = tempfile.TemporaryDirectory()
folder = Path(temporary.name)
rate = frames.frames_per_second or DEFAULT_FRAME_RATE
strip_crops, _ = draw_video(folder / "annotated.mp4", frames, seen, [ranking], rate)
video = open_frames(folder / "annotated.mp4")
wanted = {0, len(seen.frames_read) - 1}
stills = [frame.image for frame in video if frame.index in wanted]
size = (folder / "annotated.mp4").stat().st_size / 1e6
print(f"annotated.mp4: {len(seen.frames_read)} frames at {rate:g} a second, {size:.1f} MB")

# %%
show_picture(
    np.concatenate(stills, axis=1), "The first and the last frame of the video: query orange, nearest blue.", 8.5
)

# %% [markdown]
# The picture that every paper shows is the **ranked strip**: the query, and its best matches. Neighbouring frames are
# nearly alike, so the later frames are cut into eight stretches of time, and each gives its nearest.

# %%
draw_ranking(folder / "ranking.png", seen, [ranking], strip_crops, identity)  # the file of the report
shown = matches_over_time(seen, ranking)
titles = [f"frame {when[index]}\n{ranking.distances[index]:.2f}" for index in shown]
show_crops(
    [[strip_crops[query], *(strip_crops[int(ranking.rows[index])] for index in shown)]],
    "The ranked strip: the query in the grey frame, then the nearest of each stretch of time with its distance.",
    [["query", *titles]],
    [[None, *(None if identity is None else bool(right[index]) for index in shown)]],
)

# %% [markdown]
# ## The same in one call
#
# `run_pipeline` does all of the above; `src/main.py` calls it and nothing else. Here with a few frames only: it must
# see what we saw.

# %%
import contextlib
import io

from learning_reid.pipeline import run_pipeline

FEW = 4
short = load_settings(CONFIG, [*changes, f"input.max_frames={FEW}", f"output.folder={folder / 'short'}"])
with contextlib.redirect_stdout(io.StringIO()):  # it tells where the files lie, in a folder that will be gone
    summary = run_pipeline(short)
best = summary.queries[0].best_match
print(
    f"{summary.detections} sightings in {summary.frames} frames; nearest: frame {best.frame}, {best.distance:.3f} away"
)
print("written:", ", ".join(sorted(file.name for file in (folder / "short").iterdir())))
assert summary.detections == (seen.frame < FEW).sum()
assert np.isclose(best.distance, ranking.distances[when < FEW].min(), atol=1e-3)
temporary.cleanup()

# %% [markdown]
# From a terminal, in the project's folder:
#
#     python src/main.py --config confs/demo.yml                      # this street; everybody of its first frame
#     python src/main.py --config confs/demo.yml --set input.frames_path=my_video.mp4 --set input.query_detection=0
#     python src/main.py                                              # PETS2009 with published weights
#
# The last one reads `confs/config.yml`: frames of PETS2009 (a real campus road), torchvision's Faster R-CNN trained on
# COCO, and `osnet_ain_x1_0` trained on MSMT17 + DukeMTMC-reID + CUHK03. What is missing is downloaded once. In this
# notebook the same is
#
#     FRAMES = "data/Crowd_PETS09/S2/L2/Time_14-55/View_001"
#     CONFIG = "confs/config.yml"
#
# ## Try this
#
# - Another street: `FRAMES = "synthetic:7"`, or any number. Which people are hard to find again, and why?
# - Another person: `QUERY = 1`. Or footage that you may use, of friends who agreed.
# - Set `LIMIT` to the smallest distance at which no right answer is lost. Does the same limit do in another street?
#
# ## Recap
#
# - **Frames** are read one at a time, twice: to find people, and to draw.
# - **Detection** gives boxes with scores, and decides who *can* be found at all.
# - **Embedding** gives each crop a unit vector; **ranking** orders everybody by distance to the query.
# - There is always a nearest one: whether it is near *enough* is a question of its own.
#
# **Sources**: [pipeline.py](../src/learning_reid/pipeline.py),
# [main.py](../src/main.py), [torchvision_frcnn.py](../src/learning_reid/detection/torchvision_frcnn.py),
# [ranking.py](../src/learning_reid/retrieval/ranking.py),
# [ranking_image.py](../src/learning_reid/visualization/ranking_image.py), and [every
# setting](../docs/configuration.md).
