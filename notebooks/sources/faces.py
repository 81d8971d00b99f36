# %% [markdown]
# # Faces: are these two the same?
#
# > Two pictures, one question: one person or two? And how often is the answer wrong, and in which direction?
#
# **You will learn** to ask *same or different* (verification) instead of *who of these* (identification), with the same
# crop → vector → distance as before; to read a ROC curve, EER and TAR@FAR; and what ArcFace, the usual loss for faces,
# does with an angle.
#
# **Needs** lesson 1; lesson 4 on losses helps.
#
# **Takes** 2 minutes on 2 CPU cores, and twenty to read.

# %% tags=["parameters"]
from reid_course import is_smoke

DATA = "embedded"  # @param ["embedded", "casia-webface"]
PEOPLE = 300  # of the 10,575 of CASIA-WebFace; of the drawn faces all take part
EPOCHS = 2 if is_smoke() else 10
SIZE = 32 if is_smoke() else 112  # height and width that the network sees
SEED = 7

# %% [markdown]
# ## A face is a crop, only straighter
#
# A person's crop is a box. A face can do better: eyes, nose and the corners of the mouth are five points that everybody
# has. The picture is turned, scaled and shifted until they lie where they always lie. This is called **alignment**, and
# the usual size is 112 × 112. So the network need not learn where to look.
#
# Our faces never existed; like the people of lesson 14 they are drawn from numbers.

# %%
import matplotlib.pyplot as plt
import numpy as np

from learning_reid.datasets import read_crop
from reid_course import compare_guess, open_faces, show, show_crops

crops = open_faces(DATA, seed=SEED)
persons = sorted({sample.person_id for sample in crops.samples if sample.person_id is not None})
print(f"{len(persons)} people, {len(crops.samples)} pictures of {read_crop(crops.samples[0]).shape}")
rows = [[s for s in crops.samples if s.person_id == name][:6] for name in persons[:3]]
show_crops(
    [[read_crop(sample) for sample in row] for row in rows],
    "Three people, a row for each. Pose, light, expression and what is in the way change; the points stay in place.",
    ratio=1,
)

# %% [markdown]
# ## What a drawn face can do
#
# With drawn faces one thing can be changed at a time. And some have **siblings**: other people who share all but one or
# two features. (If two of the rows above look like one person: they are two, and siblings.) They make the hardest
# pairs.

# %%
from reid_synth import Expression, HeadPose, Lighting, draw_face, sample_face, sibling

face = sample_face(np.random.default_rng(SEED + 4))
drawn = {
    "the face": draw_face(face),
    "turned": draw_face(face, pose=HeadPose(yaw=0.5)),
    "smiling": draw_face(face, expression=Expression(smile=1.0, mouth=0.3)),
    "lit from left": draw_face(face, lighting=Lighting(right=-0.9, up=0.2)),
    **{f"sibling {n}": draw_face(sibling(face, np.random.default_rng([SEED, n]))) for n in (1, 2, 3)},
}
show_crops(
    [list(drawn.values())],
    "One face, changed in one way each; and three siblings: other people.",
    [list(drawn)],
    ratio=1,
)

# %%
plain = drawn["the face"].astype(float)
for name, picture in drawn.items():
    print(f"{name:14s} pixels differ by {abs(plain - picture).mean():5.1f}")

# %% [markdown]
# Read these numbers again: which differ more from "the face", the same person in other light, or another person?
#
# ## Your turn
#
# Six pairs. Which are one person? Write six letters, `s` for same, `d` for different.

# %%
rng = np.random.default_rng(SEED)
by_person = {name: [s for s in crops.samples if s.person_id == name] for name in rng.permutation(persons)[:9]}
three, others = list(by_person.values())[:3], list(by_person.values())[3:]
pairs = [(row[0], row[1]) for row in three] + [(others[i][0], others[i + 3][1]) for i in range(3)]
pairs = [pairs[place] for place in rng.permutation(6)]
show_crops(
    [[read_crop(one) for one, _ in pairs], [read_crop(other) for _, other in pairs]],
    "Six pairs, one above the other. Which of them show one person?",
    [[f"pair {n}" for n in range(1, 7)], [""] * 6],
    ratio=1,
)

# %%
MY_ANSWER = None  # such as "sdsdsd"

# %%
truth = "".join("s" if one.person_id == other.person_id else "d" for one, other in pairs)
right = (
    "" if MY_ANSWER is None else f"; {sum(a == b for a, b in zip(MY_ANSWER, truth, strict=False))} of yours are right"
)
print(f"the truth is {truth}{right}")

# %% [markdown]
# ## Train a network for it
#
# The training loop is the one of lesson 5: the same command with another settings file,
# `python src/main.py train --config confs/face.yml`. Here it is in a few lines, smaller. People are divided before
# anything else: of a third of them the network sees nothing until the exam.

# %%
from learning_reid.config import TrainSettings, read_settings
from learning_reid.training import create_trainer

changes = [f"data.dataset={crops.name}", f"data.root={crops.root}", "data.val_split=0.33", "data.workers=0"]
changes += [f"model.input_size=[{SIZE},{SIZE}]", f"schedule.epochs={EPOCHS}", f"run.validate_every={EPOCHS}"]
changes += [f"run.seed={SEED}", "run.threads=1"]
changes += ["schedule.batch_size=16"] if is_smoke() else []
changes += [f"data.people={PEOPLE}"] if DATA != "embedded" else []
settings = read_settings(TrainSettings, "face.yml", changes)
trainer = create_trainer(settings)
print(trainer.task.data)
assert not set(trainer.task.data.persons) & set(trainer.task.data.validation.persons)

# %% [markdown]
# Before training: the same network with random weights takes the exam, to have something to compare with. `exam` gives
# the distances of all pairs: **genuine** ones (one person) and **impostors** (two people).

# %%
from learning_reid.datasets import embed_samples
from learning_reid.embedding import TorchEmbedder
from learning_reid.metrics import PairDistances, collect_pairs, eer
from learning_reid.retrieval import distance_rows

contest = trainer.task.data.validation
one_camera = len(contest.cameras) == 1  # CASIA-WebFace does not know its cameras


def exam(features: np.ndarray) -> PairDistances:
    """Cosine distances of all pairs of the people kept for the exam, from one camera to the other."""
    asking = len(contest.query)
    rows = distance_rows(features[:asking], features[asking:], "cosine")
    return collect_pairs(rows, contest.query_labels, contest.gallery_labels, same_camera=one_camera)


network = trainer.task.network
before = exam(embed_samples(contest.samples, TorchEmbedder(network, trainer.task.preprocessing)))
print(f"{len(before.genuine):,} genuine pairs, {len(before.impostor):,} impostors")

# %% [markdown]
# ## One number: EER
#
# Accept every pair nearer than a threshold. Raise it, and more genuine pairs come in, but more impostors too. Where the
# share of impostors let in **equals** the share of genuine pairs turned away, that share is the **equal error rate**,
# EER. A coin has 50 %; 0 would be perfect.
#
# What EER will the network have after this short training?

# %%
MY_GUESS = None  # EER in percent after training

# %%
import tempfile
from pathlib import Path

from learning_reid.training import read_metrics

with tempfile.TemporaryDirectory() as name:
    run = Path(name)
    (run / "weights").mkdir()
    trainer.train(run)
    log = read_metrics(run)
trained = trainer.ema.module  # the average of the weights over the steps is the better one as a rule
after = exam(embed_samples(contest.samples, TorchEmbedder(trained, trainer.task.preprocessing)))
print("epoch: loss  ", ", ".join(f"{row['epoch']}: {float(row['loss']):.2f}" for row in log))
eer_before, eer_after = 100 * eer(before.genuine, before.impostor)[0], 100 * eer(after.genuine, after.impostor)[0]
print(f"EER with random weights: {eer_before:.1f} %")
compare_guess(MY_GUESS, eer_after, "EER after training")
if not is_smoke():
    assert eer_after < eer_before

# %% [markdown]
# ## By hand: a threshold, two errors
#
# The whole of verification is two counts. **TAR** (true accept rate): the share of the genuine pairs accepted. **FAR**
# (false accept rate): the share of the impostors accepted.

# %%
figure, axes = plt.subplots()
axes.hist(after.genuine, bins=50, density=True, alpha=0.7, label="genuine: one person")
axes.hist(after.impostor, bins=50, density=True, alpha=0.7, label="impostors: two people")
for threshold in np.quantile(after.impostor, [0.01, 0.1, 0.3]):
    axes.axvline(threshold, color="black", linestyle="--", linewidth=1)
    tar, far = (after.genuine <= threshold).mean(), (after.impostor <= threshold).mean()
    print(f"threshold {threshold:.2f}:  TAR {100 * tar:5.1f} %   FAR {100 * far:5.1f} %")
    assert tar == after.tar(threshold) and far == after.far(threshold)
axes.set(xlabel="cosine distance", ylabel="share of the pairs", yticks=[])
axes.legend()
show(figure, "Distances of the pairs after training, and three thresholds: left of a line everything is accepted.")

# %% [markdown]
# ## All thresholds at once: ROC
#
# The **ROC** curve shows TAR over FAR for every threshold. FAR has a logarithmic axis, because only small ones are of
# interest: a door that lets in every tenth stranger is no door.

# %%
from learning_reid.metrics import roc_curve, tar_at_far

figure, axes = plt.subplots(figsize=(6.5, 4))
for name, each in (("random weights", before), ("after training", after)):
    axes.plot(
        *roc_curve(each.genuine, each.impostor), label=f"{name}: EER {100 * eer(each.genuine, each.impostor)[0]:.1f} %"
    )
chance = np.geomspace(1 / len(after.impostor), 1, 50)
axes.plot(chance, chance, ":", color="#9aa0a6", label="by chance")
axes.plot(chance, 1 - chance, "--", color="#9aa0a6", linewidth=1, label="equal errors")
axes.set(xscale="log", xlabel="FAR: impostors let in", ylabel="TAR: genuine pairs accepted")
axes.legend(fontsize=8)
show(figure, "ROC curves. EER is where a curve meets the dashed line; TAR@FAR is read off upwards from a FAR.")

# %%
print("TAR@FAR     random weights   trained")
for far in (0.1, 0.01, 0.001, 1e-6):
    tars = [100 * tar_at_far(each.genuine, each.impostor, far) for each in (before, after)]
    print(f"{far:<12g}{tars[0]:10.1f} %{tars[1]:10.1f} %")
assert np.isnan(tar_at_far(after.genuine, after.impostor, 1e-6))

# %% [markdown]
# Why `nan` for one in a million? There are not a million impostor pairs here, so such a rate cannot be told from none.
# Whoever claims FAR 10⁻⁶ must have measured millions of pairs. With the same data the *EER* looks harmless and
# *TAR@FAR 0.001* does not: faces are judged by the second.
#
# ## Look at the errors
#
# Which impostors does it take for one person? Which genuine pairs does it miss?

# %%
features = embed_samples(contest.samples, TorchEmbedder(trained, trainer.task.preprocessing))
asking = len(contest.query)
table = distance_rows(features[:asking], features[asking:], "cosine")(np.arange(asking))
query, gallery = contest.query_labels, contest.gallery_labels
counts = (query.camera[:, None] != gallery.camera) if not one_camera else (query.image[:, None] != gallery.image)
same = query.person[:, None] == gallery.person


def worst(scores: np.ndarray) -> list[tuple[int, int]]:
    """The seven pairs with the greatest score, each query once."""
    best = scores.argmax(axis=1)
    order = np.argsort(-scores[np.arange(asking), best], kind="stable")[:7]
    return [(int(row), int(best[row])) for row in order]


# %%
kinds = {"too near": np.where(counts & ~same, -table, -9), "too far": np.where(counts & same, table, -9)}
rows, titles = [], []
for scores in kinds.values():
    chosen = worst(scores)
    rows += [[read_crop(contest.query[q]) for q, _ in chosen], [read_crop(contest.gallery[g]) for _, g in chosen]]
    titles += [[f"{table[pair]:.2f}" for pair in chosen], [""] * len(chosen)]
show_crops(
    rows,
    "Above: pairs of two people that lie nearest (orange); below: pairs of one person that lie farthest apart (green).",
    titles,
    [[answer] * len(row) for answer, row in zip([False, False, True, True], rows, strict=True)],
    ratio=1,
)

# %% [markdown]
# What do the orange pairs share? Look at skin, hair and glasses; some of them may be siblings. And what keeps the green
# ones apart: a turned head, hard light, something before the face, a poor camera?
#
# ## ArcFace: make the right answer harder
#
# What trained the network above was a contrastive loss with a cross-entropy. The usual loss for faces is **ArcFace**
# (Deng et al. 2019, arXiv 1801.07698). Its idea fits into one line:
#
# - Give every training person a direction. The score of a person is the cosine of the angle θ to it.
# - For the **right** person pretend that the angle is larger by a margin *m*: cos(θ + *m*) instead of cos θ.
#
# To win against the others *despite* the handicap, a picture must come nearer to its person than plain classification
# would ask for. What is near on a sphere is near in cosine distance, and that is what verification measures.

# %%
import torch

from learning_reid.losses import arcface_logits

angles = torch.linspace(0, torch.pi, 181)
towards = torch.stack([torch.cos(angles), torch.sin(angles)], dim=1)  # pictures at 0° … 180° from their person
person = torch.tensor([[1.0, 0.0]])
label = torch.zeros(len(angles), dtype=torch.long)
degrees = np.degrees(angles.numpy())
figure, axes = plt.subplots()
for margin in (0.0, 0.25, 0.5):
    scores = arcface_logits(towards, label, person, scale=1.0, margin=margin)[:, 0]
    axes.plot(degrees, scores, label=f"margin {margin:g} rad = {np.degrees(margin):.0f}°")
axes.set(xlabel="angle between a picture and its person, degrees", ylabel="score of the right person")
axes.legend()
show(figure, "The margin lowers the score of the right person at every angle, so that the network must come nearer.")

# %% [markdown]
# Two people whose directions are 90° apart. A picture lies between them, `x` degrees from its own. How near must it be
# for the right person to win?

# %%
MY_GUESS = None  # degrees, with a margin of 0.5 rad

# %%
both = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
limits = {}
for margin in (0.0, 0.5):
    scores = arcface_logits(towards[:91], label[:91], both, scale=1.0, margin=margin)
    limits[margin] = int((scores[:, 0] >= scores[:, 1] - 1e-6).sum()) - 1
print(f"without a margin up to {limits[0.0]}°")
compare_guess(MY_GUESS, limits[0.5], "with a margin of 0.5 the right person wins up to", "degrees")
assert limits[0.5] < limits[0.0]

# %% [markdown]
# Half of the margin is taken from each side: between two people there is now a strip where no training picture may
# stay. (The small step far on the right of the picture: beyond 180° minus the margin the cosine would rise again, so
# the authors go on with another falling curve.) `loss.type=arcface` trains with it. Famous results with it took
# thousands of people and a long training; in a run as short as ours the contrastive loss of
# [face.yml](../confs/face.yml) learns faster. Try it below.
#
# ## What drawn faces cannot teach
#
# - **Figures for real faces.** The EER above is one of drawings by one program. Real faces age, wear make-up, and
#   differ in a thousand ways that nobody put into it. Nothing here says how well this network does on them.
# - **Fairness.** Whether a system errs more often for some groups can only be measured on real people who agreed to it.
# - **Fakes.** A printed photograph before the lens is a good match. Verification does not ask whether a face is alive.
#
# What holds: pairs, thresholds, both errors, why a FAR needs many pairs, and that people must be divided first.
#
# With `DATA = "casia-webface"` the same cells fetch real faces from Kaggle (a large download), learn from some of them,
# and take the exam within one "camera", as that set does not say which pictures were taken together. No published
# figure fits such a short training on so few people.
#
# ## Try this
#
# - Set `SIZE = 56`: faster by a factor of four. What does it cost in EER?
# - Add `"loss.type=arcface"` to `changes`, and run twice as many epochs. Nearer, or farther?
# - Choose the threshold at FAR 1 % on one half of the people and measure it on the other half: is FAR still 1 %?
#
# ## Recap
#
# - **Verification** asks about a pair; **identification** ranks a gallery. Vector and distance are the same.
# - A threshold makes two errors: **FAR** and 1 − **TAR**. EER is where they meet; faces are judged by TAR at small FAR.
# - So small a FAR needs more than 1/FAR impostor pairs.
# - **ArcFace** adds a margin to the angle of the right person.
#
# **Sources**:
# [verification.py](../src/learning_reid/metrics/verification.py), [arcface.py](../src/learning_reid/losses/arcface.py),
# [face_dataset.py](../src/reid_synth/datasets/face_dataset.py), [face.yml](../confs/face.yml),
# [trainer.py](../src/learning_reid/training/trainer.py).
