# %% [markdown]
# # Train with torchreid, then open the engine
#
# > How does a network learn to tell people apart, and how do you know it worked?
#
# **You will learn** to train a ReID network on Market-1501 with torchreid, exactly as its documentation does; to read
# the log and the curves; to save and load a checkpoint; and to write the training loop yourself, in forty lines.
#
# **Needs** lessons 1, 3 and 4; the basics of PyTorch.
#
# **Takes** 5 minutes on 2 CPU cores with `RECIPE = "quick"`. The published recipe needs a GPU and a few hours.

# %% tags=["parameters"]
DATA = "embedded"  # @param ["embedded", "market1501"]
RECIPE = "quick"  # @param ["quick", "paper"]
SEED = 7

# %% [markdown]
# ## What training does
#
# A ReID network must recognize people *whom it has never seen*. So people are divided, not images: from the training
# people the network learns, and the test people decide how good it is. Nobody is in both groups. Choices such as the
# number of epochs are made with a third group, the validation people.

# %% tags=["hidden"]
# @title Diagram: train, validation and test identities
from reid_course import show_diagram

show_diagram("identity_split")

# %% [markdown]
# ## The data: Market-1501, or synthetic people in its layout
#
# [Market-1501](../docs/glossary.md#market-1501) is the dataset of most ReID papers. It is three folders of crops; the
# file names contain the labels. `0002_c1s1_000451_03.jpg` shows person 2, seen by camera 1.
#
# | folder | content of Market-1501 |
# |---|---|
# | `bounding_box_train` | 12,936 crops of 751 training people |
# | `query` | 3,368 query crops of 750 test people, one per camera |
# | `bounding_box_test` | gallery: 19,732 crops of the test people, distractors (person 0) and junk (person −1) |
#
# The synthetic people of this course are written in the same layout, so all cells below work with both.
# `DATA = "market1501"` looks for the real dataset in the usual folders and downloads it from Kaggle otherwise.

# %%
from reid_course import open_people
from reid_synth import MarketPlan

PLAN = MarketPlan(train_people=100, test_people=50, cameras=4, crops_per_camera=4)  # for DATA = "embedded"

# %% tags=["smoke"]
PLAN = MarketPlan(train_people=8, test_people=12, cameras=2, crops_per_camera=3)

# %%
crops = open_people(DATA, PLAN, SEED)
for folder in ("bounding_box_train", "query", "bounding_box_test"):
    files = sorted(file.name for file in (crops.root / folder).glob("*.jpg"))
    print(f"{folder:19s} {len(files):6d} crops, for example {files[len(files) // 2]}")

# %% [markdown]
# <details><summary>Optional: Market-1501 from a zip file, from Google Drive, or from Kaggle</summary>
#
# From a zip file on this machine:
#
# ```python
# import os, zipfile
# zipfile.ZipFile("Market-1501-v15.09.15.zip").extractall("/content")
# os.environ["REID_MARKET1501"] = "/content/Market-1501-v15.09.15"
# ```
#
# From your Google Drive, on Colab (asks for permission):
#
# ```python
# import os, zipfile
# from google.colab import drive
# drive.mount("/content/drive")
# zipfile.ZipFile("/content/drive/MyDrive/Market-1501-v15.09.15.zip").extractall("/content")
# os.environ["REID_MARKET1501"] = "/content/Market-1501-v15.09.15"
# ```
#
# From Kaggle, without an account: `DATA = "market1501"` does this where no folder is found.
#
# ```python
# from learning_reid.datasets import fetch_dataset
# print(fetch_dataset("market1501").dataset.root)
# ```
#
# </details>

# %% [markdown]
# torchreid expects a folder `market1501` below its root. A link to our data is enough.

# %%
import tempfile
from pathlib import Path

root = Path(tempfile.mkdtemp())  # everything that this lesson writes goes below it
(root / "market1501").mkdir()
(root / "market1501" / "Market-1501-v15.09.15").symlink_to(crops.root.resolve())

# %% [markdown]
# ## Train with torchreid
#
# [torchreid](https://github.com/KaiyangZhou/deep-person-reid) is the library that OSNet was published with. A word on
# versions: `pip install torchreid` installs 0.2.5, a repackaged fork whose modules are below `torchreid.reid`. In the
# original, version 1.4, which its documentation describes, the same line reads `from torchreid import data, …`.

# %%
import torch

from learning_reid.models import quiet, without_tensorflow

with quiet(), without_tensorflow():  # torchreid warns when it is imported, and TensorBoard would load TensorFlow
    from torchreid.reid import data, engine, models, optim, utils

torch.manual_seed(SEED)
torch.set_num_threads(max(1, torch.get_num_threads() // 2))
use_gpu = torch.cuda.is_available()

# %% [markdown]
# All choices of a training are called its recipe. `"quick"` trains the smallest OSNet on small images from random
# weights. `"paper"` is
# [the recipe of OSNet's authors](https://github.com/KaiyangZhou/deep-person-reid/blob/master/configs/im_osnet_x1_0_softmax_256x128_amsgrad.yaml):
# full size, weights pretrained on ImageNet, 150 epochs with the optimizer AMSGrad. They report rank-1 94.2 and mAP 82.6
# for it. [A user reports](https://github.com/KaiyangZhou/deep-person-reid/issues/217) 5 h 39 min for 350 epochs on one
# GPU, so expect two to three hours for 150, and more on the small GPUs of Colab. We did not run it.

# %%
RECIPES = {
    "quick": {
        "model": "osnet_x0_25",
        "pretrained": False,
        "height": 128,
        "width": 64,
        "batch": 32,
        "epochs": 10,
        "frozen": 0,
    },
    "paper": {
        "model": "osnet_x1_0",
        "pretrained": True,
        "height": 256,
        "width": 128,
        "batch": 64,
        "epochs": 150,
        "frozen": 10,
    },
}
recipe = RECIPES[RECIPE]

# %% tags=["smoke"]
recipe |= {"height": 64, "width": 32, "batch": 8, "epochs": 1}

# %% [markdown]
# **1. The data manager** reads the folders and makes batches. `random_flip` mirrors half of the training crops, a
# simple [augmentation](../docs/glossary.md#augmentation).

# %%
manager = data.ImageDataManager(
    root=str(root),
    sources="market1501",
    targets="market1501",
    height=recipe["height"],
    width=recipe["width"],
    batch_size_train=recipe["batch"],
    batch_size_test=100,
    transforms=["random_flip"],
    use_gpu=use_gpu,
    workers=0,
)

# %% [markdown]
# Distractors share the number 0, so torchreid counts them as one more person of the gallery.
#
# **2. The model.** With `loss="softmax"` it has a [classifier](../docs/glossary.md#classifier) with one output for each
# training person. In evaluation mode it returns 512 numbers instead: the embedding.

# %%
model = models.build_model(
    recipe["model"], manager.num_train_pids, loss="softmax", pretrained=recipe["pretrained"], use_gpu=use_gpu
)
model = model.cuda() if use_gpu else model
total = sum(parameter.numel() for parameter in model.parameters())
classifier = sum(parameter.numel() for parameter in model.classifier.parameters())
print(f"{recipe['model']}: {total - classifier:,} parameters, and {classifier:,} of the classifier")

# %% [markdown]
# **3. The optimizer** changes the weights, **4. the scheduler** changes the learning rate over the
# [epochs](../docs/glossary.md#epoch). Here the rate is divided by ten after 60 epochs; the quick recipe ends earlier.

# %%
optimizer = optim.build_optimizer(model, optim="amsgrad", lr=0.0015)
scheduler = optim.build_lr_scheduler(optimizer, lr_scheduler="single_step", stepsize=60)

# %% [markdown]
# **5. The engine** runs the loop and evaluates at the end. Before you run it: the classifier has not learned anything
# yet, so every training person gets the same probability. What is the cross-entropy of the first batches?

# %%
MY_GUESS = None  # a number

# %%
trainer = engine.ImageSoftmaxEngine(manager, model, optimizer, scheduler=scheduler, use_gpu=use_gpu)
trainer.run(
    save_dir=str(root / "log"),
    max_epoch=recipe["epochs"],
    print_freq=len(manager.train_loader),
    fixbase_epoch=recipe["frozen"],
    open_layers="classifier",
)

# %% [markdown]
# How to read the log: `loss` and `acc` are the cross-entropy and the accuracy on the *training* people (in parentheses
# the mean of the epoch), `eta` is the time left. The last lines are what counts: mAP and CMC on the *test* people.
#
# ## Look at the curves
#
# torchreid also writes a TensorBoard log. We read it and plot it.

# %% tags=["hidden"]
# @title Read the TensorBoard log and plot it
import matplotlib.pyplot as plt
import numpy as np

from reid_course import compare_guess, show

with without_tensorflow():
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

log = EventAccumulator(str(root / "log")).Reload()
loss, accuracy = (np.array([event.value for event in log.Scalars(f"Train/{name}")]) for name in ("loss", "acc"))
epochs = np.arange(1, len(loss) + 1) / len(manager.train_loader)
figure, axes = plt.subplots(1, 2, figsize=(7.4, 2.8))
axes[0].plot(epochs, loss)
axes[0].set(title="cross-entropy", xlabel="epoch", ylim=(0, None))
axes[1].plot(epochs, accuracy)
axes[1].set(title="training accuracy (%)", xlabel="epoch", ylim=(0, 100))
show(figure, "Loss and accuracy on the training people. Both say nothing about other people.")

# %%
compare_guess(MY_GUESS, loss[0], "first cross-entropy", unit="")
print(f"ln({manager.num_train_pids}) = {np.log(manager.num_train_pids):.2f}")

# %% [markdown]
# With N equal probabilities, the cross-entropy is ln N. A first loss far from it means that something is wrong: labels
# that do not start at 0, images that are not normalized, or a learning rate that is too high.
#
# Reading the curves:
#
# - The loss falls, and results on other people rise: the network learns.
# - The loss falls, and results on other people stagnate or fall: [overfitting](../docs/glossary.md#overfitting). More
#   people, more augmentation or fewer epochs help.
# - The loss does not move: check the learning rate and the labels.
#
# ## Save and load
#
# The engine has written a [checkpoint](../docs/glossary.md#checkpoint). `load_pretrained_weights` loads all layers that
# fit. We load it into a new model and embed one query: both must give the same embedding.
#
# A checkpoint is a pickle file, and unpickling a foreign file can run foreign code. PyTorch therefore reads tensors and
# plain numbers only. torchreid stores its rank-1 as a NumPy number, so we allow that type, for our own file.

# %%
checkpoint = root / "log" / "model" / f"model.pth.tar-{recipe['epochs']}"
copy = models.build_model(recipe["model"], manager.num_train_pids, pretrained=False, use_gpu=use_gpu)
numpy_number = [np._core.multiarray.scalar, np.dtype, type(np.dtype(np.float32))]
with torch.serialization.safe_globals(numpy_number):
    utils.load_pretrained_weights(copy, str(checkpoint))

batch = next(iter(manager.test_loader["market1501"]["query"]))
with torch.inference_mode():
    first = model.eval().cpu()(batch["img"][:1])
    second = copy.eval()(batch["img"][:1])
print("embedding:", tuple(first.shape), "- largest difference:", float((first - second).abs().max()))

# %% [markdown]
# ## Open the engine
#
# Five calls did everything. Now we write the same ourselves. First, a dataset: it reads a crop, resizes it, mirrors
# half of the training crops, and normalizes the colors as for ImageNet.

# %%
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms as T


class CropFolder(Dataset):
    """Crops with person and camera, from a list of (path, person, camera)."""

    def __init__(self, samples: list[tuple[str, int, int]], train: bool) -> None:
        self.samples = samples
        steps = [T.Resize((recipe["height"], recipe["width"])), T.RandomHorizontalFlip(0.5 if train else 0)]
        self.transform = T.Compose([*steps, T.ToTensor(), T.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int, int]:
        path, person, camera = self.samples[index]
        return self.transform(Image.open(path).convert("RGB")), person, camera


# %% [markdown]
# The labels come from the file names. The classifier needs labels from 0 to N − 1 for the training people.

# %%
import re


def read_folder(name: str) -> list[tuple[str, int, int]]:
    """Return (path, person, camera) of every crop in a folder, without junk."""
    found = [
        (str(file), *map(int, re.findall(r"^(-?\d+)_c(\d)", file.name)[0]))
        for file in (crops.root / name).glob("*.jpg")
    ]
    return sorted(sample for sample in found if sample[1] >= 0)


train_samples = read_folder("bounding_box_train")
people = sorted({person for _, person, _ in train_samples})
label_of = {person: label for label, person in enumerate(people)}
train_samples = [(path, label_of[person], camera) for path, person, camera in train_samples]
loader = DataLoader(CropFolder(train_samples, train=True), recipe["batch"], shuffle=True, drop_last=True)
print(len(train_samples), "training crops of", len(label_of), "people,", len(loader), "batches per epoch")

# %% [markdown]
# Now the loop. Line by line:
#
# 1. The network computes one score per training person.
# 2. The cross-entropy compares them with the labels. With `label_smoothing=0.1`, a tenth of the target probability goes
#    to all people together, so that the network does not become overconfident.
# 3. `zero_grad` deletes the old gradients, `backward` computes new ones, `step` changes the weights.
# 4. Once per epoch, the scheduler updates the learning rate.

# %%
from torch.nn import functional as F
from tqdm.auto import trange

device = "cuda" if use_gpu else "cpu"
torch.manual_seed(SEED)
network = models.build_model(recipe["model"], len(label_of), pretrained=recipe["pretrained"], use_gpu=use_gpu).to(
    device
)
optimizer = torch.optim.Adam(network.parameters(), lr=0.0015, weight_decay=5e-4, amsgrad=True)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=60)
losses = []
for _ in trange(recipe["epochs"], desc="epoch"):
    network.train()
    for images, labels, _ in loader:
        scores = network(images.to(device))  # (batch, people)
        loss = F.cross_entropy(scores, labels.to(device), label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    scheduler.step()
print(f"loss: first {losses[0]:.2f}, last epoch {np.mean(losses[-len(loader) :]):.2f}")

# %% [markdown]
# Evaluation: embed queries and gallery, compute distances, and apply the metrics of lesson 3. `eval()` makes batch
# normalization use its running averages; without it, an embedding would depend on the other crops of its batch.


# %%
from learning_reid import evaluate_retrieval
from learning_reid.retrieval import euclidean_distance


@torch.inference_mode()
def embed(samples: list[tuple[str, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return embeddings (n, 512), persons (n,) and cameras (n,)."""
    network.eval()
    batches = [
        (network(images.to(device)).cpu(), *labels) for images, *labels in DataLoader(CropFolder(samples, False), 100)
    ]
    return tuple(torch.cat(column).numpy() for column in zip(*batches, strict=True))


query, query_person, query_camera = embed(read_folder("query"))
gallery, gallery_person, gallery_camera = embed(read_folder("bounding_box_test"))
distances = euclidean_distance(query, gallery)
result = evaluate_retrieval(distances, query_person, gallery_person, query_camera, gallery_camera)

# %%
last_test = trainer.test()  # torchreid evaluates its own model once more and returns rank-1
print(f"torchreid's engine: rank-1 {100 * last_test:.1f}")
print(f"our loop:           rank-1 {100 * result.rank1:.1f}, mAP {100 * result.map:.1f}")

# %% tags=["check"]
assert abs(result.rank1 - last_test) < 0.12 and result.rank1 > 0.25

# %% [markdown]
# The two do not agree to the last digit: the random numbers for initial weights, order of the crops and mirroring are
# drawn in another order. Differences of a few points are what two seeds of one recipe give.

# %% tags=["hidden"]
# @title Show the ranked lists of three queries
from learning_reid.datasets import open_image
from reid_course import show_crops

query_files, gallery_files = ([path for path, _, _ in read_folder(name)] for name in ("query", "bounding_box_test"))
ignored = (query_person[:, None] == gallery_person) & (query_camera[:, None] == gallery_camera)
order = np.where(ignored, np.inf, distances).argsort(axis=1)[:, :7]
chosen = np.random.default_rng(SEED).choice(len(query_files), 3, replace=False)
rows = [
    [np.asarray(open_image(path)) for path in (query_files[row], *(gallery_files[column] for column in order[row]))]
    for row in chosen
]
correct = [[None, *(gallery_person[order[row]] == query_person[row]).tolist()] for row in chosen]
caption = "Three queries (gray) and their nearest gallery crops after a short training. Green: the right person."
show_crops(rows, caption, correct=correct)

# %% [markdown]
# ## What a long training needs
#
# A few epochs from random weights give little; on real data, hours of training give rank-1 above 90. A training of
# hours needs more than our forty lines: it must survive an interruption, choose the best epoch on validation people,
# average the weights ([EMA](../docs/glossary.md#ema-exponential-moving-average)), use several GPUs, and log what it
# did. The library's loop has all of that, and P×K batches with a metric loss behind a BN neck (Luo and others 2019):

# %% tags=["hidden"]
# @title Diagram: the BN neck
show_diagram("bn_neck")

# %% [markdown]
# The metric loss works on distances and is best computed *before* the batch normalization, where lengths are free. The
# classifier works on directions and gets the features *after* it. From the command line:
#
#     python src/main.py train --config confs/reid.yml                          # synthetic people, minutes
#     python src/main.py train --config confs/market1501.yml --root DIR         # Market-1501, a GPU
#     python src/main.py train --config confs/reid.yml --root my/crops          # your own labeled crops
#     python src/main.py evaluate --exp NAME                                    # the best weights of a run
#
# The loop is [trainer.py](../src/learning_reid/training/trainer.py), and [docs/training.md](../docs/training.md)
# explains every option.
#
# ## Summary
#
# > - Divide **people** into training, validation and test identities.
# > - torchreid trains in five calls: **data manager, model, optimizer, scheduler, engine**.
# > - The loop behind them: scores, cross-entropy, gradients, step. After training, the classifier is dropped.
# > - The first cross-entropy is **ln(number of people)**. Training loss says nothing about other people.
# > - Compare with a published number only if the recipe is the published one.
#
# ## Check yourself
#
# 1. Market-1501 has 751 training people. What is the first cross-entropy?
#
#    <details><summary>Answer</summary>
#
#    ln 751 ≈ 6.62.
#
#    </details>
#
# 2. After 60 epochs the training accuracy is 100 %. Is the training finished?
#
#    <details><summary>Answer</summary>
#
#    Not necessarily. The accuracy is about training people. Results on validation people decide; they may still rise,
#    or may have fallen for a long time.
#
#    </details>
#
# 3. Why may the test people not be used to choose the number of epochs?
#
#    <details><summary>Answer</summary>
#
#    The chosen number would fit these people by chance, and the reported result would be too good. Choose on validation
#    people, report on test people.
#
#    </details>
#
# 4. You forget `network.eval()` before embedding. What happens?
#
#    <details><summary>Answer</summary>
#
#    Batch normalization uses the statistics of each batch, so the embedding of a crop depends on the other crops beside
#    it. Results become worse and change with the batch size.
#
#    </details>
#
# ## Try this
#
# - Train our loop with `label_smoothing=0`. Does the result on the test people change by more than two seeds differ?
# - Set the learning rate to 0.03. Which curve tells you first that something is wrong?
# - Add `transforms=["random_flip", "random_erase"]` to the data manager. What happens to the training accuracy?
# - Train with twice as many people: `train_people=200` in `PLAN`. Is that worth more than twice as many epochs?
#
# [Worked answers](../docs/teaching-answers.md#5-training). Then solve
# [exercise set 6: the P×K sampler](exercises/student/06_pk_sampler.ipynb), if you have not done so.
#
# ## Further reading
#
# - [torchreid's documentation](https://kaiyangzhou.github.io/deep-person-reid/): for the original, version 1.4.
# - Zhou and others 2019, [Omni-Scale Feature Learning](https://arxiv.org/abs/1905.00953): OSNet, and its recipe.
# - Luo and others 2019, [Bag of Tricks](https://arxiv.org/abs/1903.07071): the BN neck, warm-up, and other details.
