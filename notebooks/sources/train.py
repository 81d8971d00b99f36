# %% [markdown]
# # Train a network
#
# > How does a network learn to tell people apart, and how does one see that it did?
#
# **You will learn** to train as [torchreid](https://github.com/KaiyangZhou/deep-person-reid) does it, in five calls;
# what each line of a ReID training loop is for; to read its curves; and to compare losses without fooling yourself.
#
# **Needs** lesson 1, and a little PyTorch.
#
# **Takes** 4 minutes on 2 CPU cores.

# %% tags=["parameters"]
from reid_course import is_smoke
from reid_synth import MarketPlan

DATA = "embedded"  # @param ["embedded", "market1501"]
SEED = 7
PEOPLE = 100  # to learn from, a fifth of them for validation; Market-1501 has 751
PLAN = MarketPlan(train_people=PEOPLE, test_people=50, cameras=4, crops_per_camera=4)
SIZE = [64, 32] if is_smoke() else [128, 64]  # height and width; the field's usual size is 256 × 128
EPOCHS, THEIR_EPOCHS, ABLATION_EPOCHS = (1, 1, 1) if is_smoke() else (12, 4, 8)
BATCH = 8 if is_smoke() else 64
THREADS = 1  # more is quicker where nothing else runs, and much slower where something does

# %% [markdown]
# ## Three groups of people
#
# A network must find people *whom it has never seen*. So the people are divided, not the pictures: some to learn from,
# some to choose by (validation), some to report (test). Nobody is in two groups.

# %%
import contextlib
import io
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch

from learning_reid.config import TrainSettings, read_settings
from learning_reid.datasets import split_query_gallery
from learning_reid.training import load_training_data
from reid_course import compare_guess, compare_with_published, open_people, show, show_crops

torch.set_num_threads(THREADS)
runs = tempfile.TemporaryDirectory()  # everything that is written below goes here, and disappears with the notebook
crops = open_people(DATA, PLAN, SEED)

# %% [markdown]
# All choices of a run are [settings](../docs/training_settings.md). [confs/reid.yml](../confs/reid.yml) holds those
# for a start from random weights; what follows are this lesson's changes.


# %%
def settings_with(*changes: str) -> TrainSettings:
    """The recipe of confs/reid.yml, on this lesson's people, with some changes."""
    size = f"model.input_size={SIZE}"
    people = "data.people=null" if is_smoke() else f"data.people={PEOPLE}"
    where = [f"data.dataset={crops.name}", f"data.root={crops.root}", people, "data.workers=0"]
    how = [size, f"schedule.batch_size={BATCH}", "schedule.ema_decay=0.95", "run.device=cpu", f"run.threads={THREADS}"]
    return read_settings(TrainSettings, "reid.yml", [*where, *how, *changes])


settings = settings_with(f"schedule.epochs={EPOCHS}")
people = load_training_data(settings)
contest = split_query_gallery(crops)
print(f"learn:    {len(people.persons):4d} people, {len(people.samples):6d} pictures")
print(f"validate: {len(people.validation.persons):4d} people, {len(people.validation.gallery):6d} pictures")
print(f"test:     {len(contest.persons):4d} people, {len(contest.query) + len(contest.gallery):6d} pictures")
groups = [set(people.persons), set(people.validation.persons), set(contest.persons)]
assert not (groups[0] & groups[1] or groups[0] & groups[2] or groups[1] & groups[2])

# %% [markdown]
# ## As torchreid does it
#
# torchreid is the library that OSNet came with. It prints much; here everything it says is caught, and the useful
# lines are shown.

# %%
from learning_reid.models import quiet, without_tensorflow

with quiet(), without_tensorflow():
    from torchreid.reid import data, engine, models, optim
    from torchreid.reid.data.datasets.dataset import ImageDataset


@contextlib.contextmanager
def captured_output():
    """What is printed inside, as a text to read afterwards."""
    with quiet(), contextlib.redirect_stdout(io.StringIO()) as output:
        yield output


# %% [markdown]
# **1. A data set** is three lists of (file, person, camera). torchreid knows the usual sets by name; others one
# registers.

# %%
learned = [
    (str(sample.path), int(person), int(camera))
    for sample, person, camera in zip(people.samples, people.labels, people.cameras, strict=True)
]
asked, answering = (
    [(str(s.path), int(p), int(c)) for s, p, c in zip(samples, labels.person, labels.camera, strict=True)]
    for samples, labels in ((contest.query, contest.query_labels), (contest.gallery, contest.gallery_labels))
)


class LessonPeople(ImageDataset):
    def __init__(self, root: str = "", **options) -> None:
        super().__init__(learned, asked, answering, **options)


with captured_output():
    data.register_image_dataset("lesson", LessonPeople)

# %% [markdown]
# **2. A data manager** makes batches of it. (On a disk that holds Market-1501: `sources="market1501"`, and `root=`
# where.)

# %%
with captured_output() as output:
    manager = data.ImageDataManager(
        sources="lesson", height=SIZE[0], width=SIZE[1], transforms=["random_flip"],
        batch_size_train=min(32, BATCH), batch_size_test=100, use_gpu=False, workers=0,
    )  # fmt: skip
print("\n".join(dict.fromkeys(line for line in output.getvalue().splitlines() if "|" in line)))

# %% [markdown]
# (In the row `gallery` torchreid counts the strangers, whom Market-1501 numbers 0, as one more person.)
#
# **3. A network**, by name. `loss="softmax"` means: while training, answer with a score for each training person.
# (`pretrained=True` would fetch weights that know the thousand things of ImageNet: a better start than random ones.)

# %%
with captured_output():
    built = {
        name: models.build_model(name, manager.num_train_pids, loss="softmax", pretrained=False, use_gpu=False)
        for name in ("resnet50", "osnet_x1_0", "osnet_x0_25")
    }
for name, network in built.items():
    everything = sum(parameter.numel() for parameter in network.parameters())
    classifier = sum(parameter.numel() for parameter in network.classifier.parameters())
    network.eval()
    with torch.inference_mode():
        numbers = network(torch.zeros(1, 3, *SIZE)).shape[1]
    print(f"{name:12s} {(everything - classifier) / 1e6:5.2f} million parameters, a vector of {numbers} numbers")

# %% [markdown]
# ResNet-50 was the field's standard for years; OSNet (Zhou and others 2019, arXiv 1905.00953) does as well with a
# tenth of the parameters. What does one step cost?

# %%
few = torch.randn(8, 3, *SIZE)
for name, network in built.items():
    optimiser = optim.build_optimizer(network.train(), optim="adam", lr=0.0003)
    begun = time.perf_counter()
    loss = torch.nn.functional.cross_entropy(network(few), torch.arange(8) % manager.num_train_pids)
    loss.backward()
    optimiser.step()
    print(
        f"{name:12s} {1000 * (time.perf_counter() - begun):6.0f} ms for a step with 8 pictures; loss {loss.item():.2f}"
    )

# %% [markdown]
# **4. An optimiser and a schedule**, and **5. an engine** that runs the loop. We train the smallest, from random
# weights, for far too few epochs: enough to see it work.

# %%
torch.manual_seed(SEED)
with captured_output() as output, without_tensorflow():
    theirs = models.build_model("osnet_x0_25", manager.num_train_pids, loss="softmax", pretrained=False, use_gpu=False)
    optimiser = optim.build_optimizer(theirs, optim="adam", lr=0.0003)
    scheduler = optim.build_lr_scheduler(optimiser, lr_scheduler="single_step", stepsize=20)
    trainer = engine.ImageSoftmaxEngine(manager, theirs, optimiser, scheduler=scheduler, use_gpu=False)
    begun = time.perf_counter()
    trainer.run(save_dir=f"{runs.name}/torchreid", max_epoch=THEIR_EPOCHS, print_freq=len(manager.train_loader))

for line in output.getvalue().splitlines():
    pieces = line.split("\t")
    if line.startswith("epoch"):
        print(pieces[0], *pieces[4:])
    elif line.startswith(("mAP", "Rank-1 ")):
        print("test people,", line)

# %% [markdown]
# `loss` and `acc` are about the *training* people: how surely it names them (in brackets the mean). The last two lines
# are what counts: how well it finds people of the test part. A few epochs from nothing give little.
#
# Such a library is comfortable, and hides what happens. So now the same by a loop that one can read in one sitting:
# [trainer.py](../src/learning_reid/training/trainer.py).
#
# ## One step, line by line
#
# **A batch.** P people × K pictures (lesson 4 says why), each picture changed a little at random, so that the network
# never sees the same one twice: mirrored, shifted, in another light. Only while training; a picture to be *compared*
# stays as it is.

# %%
from learning_reid.training import create_trainer

trainer = create_trainer(settings)
pictures, labels = next(trainer.task.batches(epoch=0))
print("pictures", tuple(pictures.shape), "- persons", labels[:12].tolist(), "…")

mean, deviation = (np.array(values) for values in (trainer.task.preprocessing.mean, trainer.task.preprocessing.std))
seen = pictures.permute(0, 2, 3, 1).numpy() * deviation + mean  # what normalising did, undone
each = settings.schedule.num_instances
rows = [(255 * seen[row : row + each]).clip(0, 255).astype(np.uint8) for row in (0, each)]
show_crops(rows, "Two people of a batch as the network gets them: mirrored, shifted (dark edges), in changed light.")

# %% [markdown]
# **Forward.** The network is a backbone, a projection to 512 numbers, the *BN neck* (a batch normalisation, Luo and
# others 2019, arXiv 1903.07071) and a classifier. The metric loss gets the features *before* the neck, where lengths
# are free; the classifier those *after* it. Once trained, the classifier is thrown away.

# %%
trainer.network.train()
before, logits = trainer.network(pictures)
print("features", tuple(before.shape), "  scores", tuple(logits.shape), "- one for each training person")

# %% [markdown]
# **The losses.** Cross-entropy: "which of the training people is it?" A metric loss beside it: "are the pictures of
# one person nearest to each other?" Nothing has been learned yet. What is the first cross-entropy, then? (A hint:
# every person gets the same probability.)

# %%
MY_FIRST_LOSS = None  # a number

# %%
from learning_reid.losses import cross_entropy

softmax = cross_entropy(logits, labels, settings.loss.label_smooth).item()
both = trainer.task.criterion(before, logits, labels)
expected = np.log(len(people.persons))
compare_guess(MY_FIRST_LOSS, softmax, "the first cross-entropy", unit="nats")
print(f"ln {len(people.persons)} = {expected:.2f}; together with {settings.loss.type}: {both.item():.2f}")
assert abs(softmax - expected) < 0.2

# %% [markdown]
# A first loss far from ln(persons) means that something is wrong before anything has begun: labels that do not start
# at 0, a learning rate that is too high, pictures that are not normalised.
#
# **Backward and step**: the part that you know from everywhere else. Two things are less usual. Gradients that are
# too long are shortened (`clip_norm`). And a second network follows behind, whose weights are a moving *average*
# (EMA) of the first one's: calmer, and often better.

# %%
trainer.optimizer.zero_grad(set_to_none=True)
both.backward()
torch.nn.utils.clip_grad_norm_(trainer.network.parameters(), settings.schedule.clip_norm)
rate = trainer.schedule.set_rates(trainer.optimizer, 0.0)
trainer.optimizer.step()
trainer.ema.update_parameters(trainer.task.network)
print(f"learning rate {rate:.1e} (it rises for {settings.schedule.warmup_epochs} epochs, then falls by a cosine)")

# %% [markdown]
# That was one step of an epoch. `train` does them all, and after each epoch examines the weights *and* their average on
# the validation people. **mAP** looks at all pictures of a person: 100 when they all come before everybody else's
# ([lesson 3](metrics.ipynb) counts it by hand). Which mAP will the better of the two reach, in these few epochs from
# random weights?

# %%
MY_GUESS = None  # a number from 0 to 100

# %%
import shutil

from learning_reid.training import read_metrics


def train(name: str, settings: TrainSettings) -> dict[str, np.ndarray]:
    """Train, and give back the columns of the run's metrics.csv."""
    torch.manual_seed(SEED)
    folder = Path(runs.name) / name
    shutil.rmtree(folder, ignore_errors=True)  # of an earlier try
    folder.mkdir()
    create_trainer(settings).train(folder)
    rows = read_metrics(folder)
    return {column: np.array([float(row[column] or "nan") for row in rows]) for column in rows[0]}


log = train("ours", settings)
best = 100 * max(log["map"].max(), log["map_average"].max())
compare_guess(MY_GUESS, best, "the best mAP on the validation people")

# %%
figure, axes = plt.subplots(1, 3, figsize=(8.4, 2.8))
axes[0].plot(log["epoch"], log["loss"], marker=".")
axes[1].plot(log["epoch"], 100 * log["accuracy"], marker=".")
axes[2].plot(log["epoch"], 100 * log["map"], marker=".", label="weights")
axes[2].plot(log["epoch"], 100 * log["map_average"], marker=".", label="their average")
titles = ("loss (training people)", "named rightly, % (training)", "mAP, % (validation people)")
for cell, title in zip(axes, titles, strict=True):
    cell.set_title(title, fontsize=10)
    cell.set(xlabel="epoch", ylim=(0, None), xticks=range(0, len(log["epoch"]) + 1, 2))
axes[2].legend()
show(
    figure,
    "Curves of the run: the loss falls, the training people are named rightly more often, the mAP on others rises.",
)
assert is_smoke() or (log["loss"][-1] < log["loss"][0] and best > 100 * log["map"][0])

# %% [markdown]
# How to read them:
#
# - Loss falls, mAP rises: it learns. Both flatten towards the end because the learning rate has fallen to almost
#   nothing; flat does not mean that nothing more could be learned.
# - Loss falls, mAP stands still or falls: it learns the *training people* by heart. More people help, more
#   augmentation, or an earlier end. `best.pt` is kept from the best epoch for this reason.
# - The loss does not move: learning rate, labels, or a loss that stands still at first (see below).
#
# ## The examination
#
# The best epoch was *chosen* by the validation people, so their figure flatters. The test people had no say;
# and here they are more people, among whom it is harder to find one.

# %%
from learning_reid.embedding import Preprocessing
from learning_reid.models import create_model
from learning_reid.training import validate

ours = create_model("osnet_x0_25", Path(runs.name) / "ours" / "weights" / "best.pt")
found = {
    name: validate(network, contest, Preprocessing(*SIZE), torch.device("cpu"))
    for name, network in {f"torchreid, {THEIR_EPOCHS} epochs": theirs.eval(), f"ours, {EPOCHS} epochs": ours}.items()
}
for name, figures in found.items():
    print(f"{name:22s} rank-1 {100 * figures['rank1']:5.1f}   mAP {100 * figures['map']:5.1f}   (test people)")

# %% [markdown]
# (torchreid's own line above compares by Euclidean distance, this by cosine, so the two differ a little.) That is no
# race: other numbers of epochs, another learning rate, other losses. A fair one, with equal epochs and three seeds,
# is [benchmarks/training.py](../benchmarks/training.py).

# %%
bands = {"rank-1": (90.7, 91.7), "mAP": (74.5, 75.5)} if DATA == "market1501" else {}
last = list(found.values())[-1]
compare_with_published(
    [(name, 100 * last[key], bands.get(name)) for name, key in (("rank-1", "rank1"), ("mAP", "map"))]
)

# %% [markdown]
# (With `DATA = "market1501"` the figures published for OSNet ×0.25 stand beside: rank-1 91.2, mAP 75.0. They took all
# 751 people, 256 × 128 pixels, weights from ImageNet and a hundred epochs and more. A lesson of minutes stays far
# below.)
#
# ## Which loss?
#
# An **ablation** changes one thing and leaves all else. Here the metric loss beside the cross-entropy: smaller
# pictures, few epochs. Three losses on distances are tried ([lesson 4](losses.ipynb) shows them at work): **triplet**,
# the farthest picture of a person must be nearer than the nearest stranger, by a margin; **circle**, the same idea with
# each pair weighted by how wrong it is; **supcon**, each picture must pick its person's pictures out of the batch. And
# **none** of them, cross-entropy alone. Which one will do best from random weights?

# %%
MY_LOSS = None  # "none", "triplet", "circle" or "supcon"

# %%
ABLATION = ["none", "triplet", "circle", "supcon"]
small = "model.input_size=[64,32]"
logs = {
    loss: train(f"ablation-{loss}", settings_with(small, f"schedule.epochs={ABLATION_EPOCHS}", f"loss.type={loss}"))
    for loss in ABLATION
}

# %%
figure, axes = plt.subplots(figsize=(7, 3))
for loss, rows in logs.items():
    better = np.fmax(rows["map"], rows["map_average"])
    axes.plot(
        rows["epoch"], 100 * better, marker=".", label="cross-entropy alone" if loss == "none" else f"with {loss}"
    )
ticks = range(0, len(logs["none"]["epoch"]) + 1, 2)
axes.set(xlabel="epoch", ylabel="mAP, % (validation people)", ylim=(0, None), xticks=ticks)
axes.legend()
show(figure, "Validation mAP, epoch by epoch, of four runs that differ in the metric loss alone.")
final = {loss: 100 * np.fmax(rows["map"], rows["map_average"])[-1] for loss, rows in logs.items()}
print(*(f"{loss} {value:.1f}" for loss, value in final.items()), sep="   ")
assert is_smoke() or final["supcon"] > final["circle"]
print("best after the last epoch:", max(final, key=final.get), "- you output", MY_LOSS)

# %% [markdown]
# - **A loss can stand still.** From random weights all features are nearly alike, so all distances are. Batch-hard
#   triplets then ask for little but their margin, the circle loss sees hardly a pair that is right, and both pull at
#   the cross-entropy. From pre-trained weights it is another story: softmax with triplet is the field's habit there.
# - **More is not always better.** See whether cross-entropy alone kept up with the recipe's pair: in a run this short a
#   second loss need not help.
# - **One seed is one sample.** The two best lie close together here. Two runs that differ in nothing but the seed
#   differ by points of mAP, and a difference smaller than that is no finding; [evaluation.md](../docs/evaluation.md)
#   tells how to put an interval around a figure.
#
# ## Try this
#
# - Run the ablation again with another seed: `settings_with(small, …, "run.seed=8")`. Which differences stay?
# - Train with `augment.flip=0`, `augment.pad=0` and `augment.jitter=0`. What happens to the accuracy on the training
#   people, what to the mAP on others?
# - Set `schedule.lr=0.03` and `schedule.backbone_lr=0.03`. Which curve tells you first that something is wrong?
# - `schedule.num_instances=2`, then `8`: fewer or more pictures of each person in a batch of the same size.
#
# ## Recap
#
# - Divide **people**, not pictures: to learn from, to choose by, to report.
# - torchreid: data manager, model, optimiser, scheduler, engine. Underneath, as here: a PK batch, augmentation,
#   backbone, BN neck, classifier, two losses, a step, an average of the weights.
# - The first cross-entropy is ln(persons); if not, stop and look.
# - Read loss and validation mAP *together*; report the test people; change one thing at a time, and more than one
#   seed.
#
# **Sources**: [trainer.py](../src/learning_reid/training/trainer.py),
# [model.py](../src/learning_reid/training/model.py), [training.md](../docs/training.md),
# [generated-people.md](../docs/recipes/generated-people.md).
