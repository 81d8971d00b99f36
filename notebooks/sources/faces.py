# %% [markdown]
# # Face verification
#
# > Two face images: one person or two? And how often is the answer wrong, in which direction?
#
# **You will learn** to apply the same steps (crop, embedding, distance) to faces; to train and evaluate a network for
# verification; and how ArcFace, the usual loss for faces, works.
#
# **Needs** lessons 1, 4, 5 and 9.
#
# **Takes** 3 minutes on 2 CPU cores, and twenty-five to read.

# %% tags=["parameters"]
DATA = "embedded"  # @param ["embedded", "casia-webface"]
PEOPLE = 300  # of the 10,575 of CASIA-WebFace; of the synthetic faces, all
EPOCHS = 10
SIZE = 112  # height and width of the network's input
SEED = 7

# %% tags=["smoke"]
EPOCHS, SIZE = 2, 32

# %% [markdown]
# ## Faces are aligned
#
# A crop of a person is a box. A face has five points that everybody has: eyes, nose, corners of the mouth. The image is
# rotated, scaled and shifted until these points are where they always are. This is called **alignment**; the usual size
# is 112 × 112 pixels. The network does not have to learn where to look.
#
# The faces of this lesson are synthetic, drawn from numbers like the people of lesson 14.

# %%
from learning_reid.datasets import read_crop
from reid_course import open_faces, show_crops

faces = open_faces(DATA, seed=SEED)
persons = sorted({sample.person_id for sample in faces.samples if sample.person_id is not None})
images_of = {person: [] for person in persons}
for sample in faces.samples:
    if sample.person_id is not None:
        images_of[sample.person_id].append(sample)
print(f"{len(persons)} people, {len(faces.samples)} images of {read_crop(faces.samples[0]).shape}")

# %% tags=["hidden"]
# @title Show three people
rows = [[read_crop(sample) for sample in images_of[person][:6]] for person in persons[:3]]
show_crops(
    rows, "Three people, one per row. Pose, light and expression change; the five points stay in place.", ratio=1
)

# %% [markdown]
# With synthetic faces, one thing can be changed at a time. Some people also have **siblings**: other people who share
# all but one or two features. They make the hardest pairs.

# %%
import numpy as np

from reid_synth import Expression, HeadPose, Lighting, draw_face, sample_face, sibling

face = sample_face(np.random.default_rng(SEED + 4))
drawn = {
    "original": draw_face(face),
    "turned": draw_face(face, pose=HeadPose(yaw=0.5)),
    "smiling": draw_face(face, expression=Expression(smile=1.0, mouth=0.3)),
    "lit from left": draw_face(face, lighting=Lighting(right=-0.9, up=0.2)),
    "sibling 1": draw_face(sibling(face, np.random.default_rng([SEED, 1]))),
    "sibling 2": draw_face(sibling(face, np.random.default_rng([SEED, 2]))),
    "sibling 3": draw_face(sibling(face, np.random.default_rng([SEED, 3]))),
}
show_crops([list(drawn.values())], "One face, changed in one way each, and three siblings.", [list(drawn)], ratio=1)
for name, image in drawn.items():
    print(f"{name:14s} mean difference of the pixels: {abs(drawn['original'].astype(float) - image).mean():5.1f}")

# %% [markdown]
# Which images differ more from the original: the same person in other light, or another person? Pixels give the wrong
# answer. Your turn: which of these six pairs show one person? Write six letters, `s` for same and `d` for different.

# %% tags=["hidden"]
# @title Show six pairs
rng = np.random.default_rng(SEED)
chosen = [images_of[person] for person in rng.permutation(persons)[:9]]
pairs = [(images[0], images[1]) for images in chosen[:3]]
pairs += [(chosen[index][0], chosen[index + 3][1]) for index in (3, 4, 5)]
pairs = [pairs[index] for index in rng.permutation(6)]
rows = [[read_crop(first) for first, _ in pairs], [read_crop(second) for _, second in pairs]]
show_crops(rows, "Six pairs, one above the other.", [[f"pair {n}" for n in range(1, 7)], [""] * 6], ratio=1)

# %%
MY_ANSWER = None  # for example "sdsdsd"

# %%
truth = "".join("s" if first.person_id == second.person_id else "d" for first, second in pairs)
print("correct:", truth, "- your answer:", MY_ANSWER)

# %% [markdown]
# ## Train a network
#
# The library's training loop of lesson 5 also trains on faces, with another settings file:
# `python src/main.py train --config confs/face.yml`. The same from Python, smaller. A third of the people is kept for
# the evaluation.

# %%
from learning_reid.config import TrainSettings, read_settings
from learning_reid.training import create_trainer

changes = [
    f"data.dataset={faces.name}",
    f"data.root={faces.root}",
    f"data.people={PEOPLE if DATA != 'embedded' else 'null'}",
    "data.val_split=0.33",
    "data.workers=0",
    f"model.input_size=[{SIZE},{SIZE}]",
    f"schedule.epochs={EPOCHS}",
    f"run.validate_every={EPOCHS}",
    f"run.seed={SEED}",
    "run.threads=1",
]

# %% tags=["smoke"]
changes += ["schedule.batch_size=16"]

# %%
trainer = create_trainer(read_settings(TrainSettings, "face.yml", changes))
split = trainer.task.data.validation  # people whom the network does not see
print(len(trainer.task.data.persons), "training people,", len(split.persons), "people for the evaluation")

# %% [markdown]
# How good is a network, as a verifier? We compute the distances of all pairs, [genuine and
# impostor](../docs/glossary.md#far-and-tar), as in lesson 9. First for random weights, to have something to compare
# with.

# %%
from learning_reid.datasets import embed_samples
from learning_reid.embedding import TorchEmbedder
from learning_reid.retrieval import cosine_distance

query, gallery = split.query_labels, split.gallery_labels
same_person = query.person[:, None] == gallery.person
counts = query.camera[:, None] != gallery.camera
if len(split.cameras) == 1:  # CASIA-WebFace does not say which images were taken together
    counts = query.image[:, None] != gallery.image


def measure(network) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the distance matrix, and the distances of the genuine and the impostor pairs."""
    features = embed_samples(split.samples, TorchEmbedder(network, trainer.task.preprocessing))
    distances = cosine_distance(features[: len(query)], features[len(query) :])
    return distances, distances[counts & same_person], distances[counts & ~same_person]


_, *before = measure(trainer.task.network)
print(f"{len(before[0]):,} genuine pairs, {len(before[1]):,} impostor pairs")

# %% [markdown]
# The [equal error rate](../docs/glossary.md#eer-equal-error-rate) is 50 % for guessing and 0 for a perfect network.
# What will it be after this short training, in percent?

# %%
MY_GUESS = None  # EER in percent

# %%
import tempfile
from pathlib import Path

from learning_reid.metrics import eer
from learning_reid.training import read_metrics
from reid_course import compare_guess

with tempfile.TemporaryDirectory() as folder:
    run = Path(folder)
    (run / "weights").mkdir()
    trainer.train(run)
    losses = [round(float(row["loss"]), 2) for row in read_metrics(run)]
distances, *after = measure(trainer.ema.module)  # the averaged weights
print("loss of each epoch:", losses)
print(f"EER with random weights: {100 * eer(*before)[0]:.1f} %")
compare_guess(MY_GUESS, 100 * eer(*after)[0], "EER after training")

# %% tags=["check"]
assert eer(*after)[0] < 0.2 < eer(*before)[0]

# %% [markdown]
# ## TAR at FAR
#
# The EER is one point of the ROC curve. Access control works at another one: a door that opens for one in a hundred
# strangers is not much of a door. Faces are therefore judged by TAR at a small FAR.

# %%
from learning_reid.metrics import roc_curve, tar_at_far

print("FAR        TAR: random weights    trained")
for far in (0.1, 0.01, 0.001, 1e-6):
    print(f"{far:<12g}{100 * tar_at_far(*before, far):12.1f} %{100 * tar_at_far(*after, far):14.1f} %")

# %% tags=["hidden"]
# @title Plot the ROC curves
import matplotlib.pyplot as plt

from reid_course import show

figure, axes = plt.subplots(figsize=(6.5, 4))
for name, pairs_of in (("random weights", before), ("after training", after)):
    axes.plot(*roc_curve(*pairs_of), label=f"{name}: EER {100 * eer(*pairs_of)[0]:.1f} %")
chance = np.geomspace(1 / len(after[1]), 1, 50)
axes.plot(chance, chance, ":", color="#9aa0a6", label="guessing")
axes.plot(chance, 1 - chance, "--", color="#9aa0a6", linewidth=1, label="FAR = 1 − TAR")
axes.set(xscale="log", xlabel="FAR", ylabel="TAR")
axes.legend(fontsize=8)
show(figure, "ROC curves before and after training. The EER is where a curve meets the dashed line.")

# %% [markdown]
# Why is the last value `nan`? There are not a million impostor pairs here, so a FAR of one in a million cannot be
# measured. A claim of FAR 10⁻⁶ needs millions of pairs.
#
# ## Look at the errors
#
# Which pairs of different people are nearest, and which pairs of one person are farthest apart?


# %%
def extreme_pairs(scores: np.ndarray) -> list[tuple[int, int]]:
    """Return the seven pairs with the highest scores, with different queries."""
    best = scores.argmax(axis=1)
    order = np.argsort(-scores[range(len(scores)), best], kind="stable")[:7]
    return [(int(row), int(best[row])) for row in order]


false_accepts = extreme_pairs(np.where(counts & ~same_person, -distances, -9))
false_rejects = extreme_pairs(np.where(counts & same_person, distances, -9))

# %% tags=["hidden"]
# @title Show them
rows, titles = [], []
for found in (false_accepts, false_rejects):
    rows += [
        [read_crop(split.query[row]) for row, _ in found],
        [read_crop(split.gallery[column]) for _, column in found],
    ]
    titles += [[f"{distances[pair]:.2f}" for pair in found], [""] * len(found)]
correct = [[False] * 7, [False] * 7, [True] * 7, [True] * 7]
caption = "Top: the nearest pairs of two people (orange). Bottom: the farthest pairs of one person (green)."
show_crops(rows, caption, titles, correct, ratio=1)

# %% [markdown]
# What do the orange pairs share? Skin, hair, glasses; some may be siblings. What keeps the green ones apart: a turned
# head, hard light, something in front of the face?
#
# ## ArcFace
#
# The network above was trained with a contrastive loss and cross-entropy. The usual loss for faces is **ArcFace** (Deng
# and others 2019). It changes one thing in the cross-entropy:
#
# - Every training person has a direction. The score of a person is the cosine of the angle θ to that direction.
# - For the **right** person, the angle is increased by a [margin](../docs/glossary.md#margin) *m*: $\cos(\theta + m)$
#   instead of $\cos\theta$.
#
# To win despite this handicap, an image must come nearer to its person than plain classification requires.

# %%
import torch
from torch.nn import functional as F


def arcface_scores(features: torch.Tensor, labels: torch.Tensor, persons: torch.Tensor, margin: float) -> torch.Tensor:
    """Return the scores (n, persons): cosines, with the margin added to the angle of the right person."""
    cosine = F.normalize(features) @ F.normalize(persons).T
    angle = torch.acos(cosine.clamp(-1, 1))
    is_right = F.one_hot(labels, len(persons)).bool()
    return torch.where(is_right, torch.cos(angle + margin), cosine)


# %% [markdown]
# Two people have directions 90° apart. An image lies between them, x degrees from its own person. Up to which x does
# the right person win, with a margin of 0.5 rad?

# %%
MY_GUESS = None  # degrees

# %%
angles = torch.linspace(0, torch.pi / 2, 91)  # 0° to 90°
images = torch.stack([torch.cos(angles), torch.sin(angles)], dim=1)
people = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
labels = torch.zeros(91, dtype=torch.long)
for margin in (0.0, 0.25, 0.5):
    scores = arcface_scores(images, labels, people, margin)
    limit = int((scores[:, 0] >= scores[:, 1] - 1e-6).sum()) - 1
    print(f"margin {margin:.2f} rad = {np.degrees(margin):2.0f}°: the right person wins up to {limit}°")
compare_guess(MY_GUESS, limit, "with a margin of 0.5 rad", "degrees")

# %% tags=["check"]
from learning_reid.losses import arcface_logits

assert torch.allclose(arcface_logits(images, labels, people, scale=1.0, margin=0.5), scores, atol=2e-3)

# %% tags=["hidden"]
# @title Plot the score of the right person
figure, axes = plt.subplots()
for margin in (0.0, 0.25, 0.5):
    scores = arcface_scores(images, labels, people, margin)[:, 0]
    axes.plot(np.degrees(angles.numpy()), scores, label=f"margin {margin:g} rad = {np.degrees(margin):.0f}°")
axes.set(xlabel="angle between an image and its person (degrees)", ylabel="score of the right person")
axes.legend()
show(figure, "The margin lowers the score of the right person at every angle, so an image must come nearer.")

# %% [markdown]
# Half of the margin is taken from each side: between two people there is now a strip without training images. Famous
# results with ArcFace took hundreds of thousands of people and long trainings. In a training as short as ours, the
# contrastive loss learns faster (try it below).
#
# ## What synthetic faces cannot teach
#
# - **Numbers for real faces.** The EER above is one of drawings by one program. Real faces age, wear make-up, and
#   differ in ways that nobody put into it.
# - **Fairness.** Whether a system errs more often for some groups can only be measured on real people who consented.
# - **Attacks.** A printed photograph matches well. Verification does not check whether a face is alive.
#
# With `DATA = "casia-webface"`, the same cells train on real faces (a large download). No published number fits such a
# short training.
#
# ## Summary
#
# > - Faces are **aligned** before they are embedded.
# > - **Verification** judges pairs: EER for one handy number, **TAR at a small FAR** for access control.
# > - A small FAR can only be measured with more than 1/FAR impostor pairs.
# > - **ArcFace** adds a margin to the angle of the right person.
#
# ## Check yourself
#
# 1. A vendor states TAR 99 % at FAR 10⁻⁶, measured with 100 people and 10 images each. Is that possible?
#
#    <details><summary>Answer</summary>
#
#    No. There are at most 1,000 · 990 / 2 = 495,000 impostor pairs, too few to see one false accept in a million.
#
#    </details>
#
# 2. Why is the same threshold useless for faces and for whole people?
#
#    <details><summary>Answer</summary>
#
#    It belongs to one weights file. The two networks have different scales of distance (lesson 9).
#
#    </details>
#
# 3. With ArcFace and margin 0, which loss do you get?
#
#    <details><summary>Answer</summary>
#
#    Cross-entropy with normalized features and directions (a cosine classifier).
#
#    </details>
#
# ## Try this
#
# - Set `SIZE = 56`: four times faster. What does it cost in EER?
# - Add `"loss.type=arcface"` to `changes`, and train twice as many epochs. How do EER and TAR at FAR 1 % change?
# - Choose the threshold for FAR 1 % on one half of the people and measure it on the other half.
#
# [Worked answers](../docs/teaching-answers.md#15-faces). Then solve
# [exercise set 8: a threshold and the open set](exercises/student/08_open_set.ipynb), if you have not done so.
#
# ## Further reading
#
# - Deng and others 2019, [ArcFace](https://arxiv.org/abs/1801.07698).
# - Grother and others, [Face Recognition Vendor Test](https://www.nist.gov/programs-projects/face-recognition-vendor-test-frvt):
#   how verification is evaluated in practice, also by group.
# - The code: [verification.py](../src/learning_reid/metrics/verification.py),
#   [arcface.py](../src/learning_reid/losses/arcface.py), [face.yml](../confs/face.yml).
