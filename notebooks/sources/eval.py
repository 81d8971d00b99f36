# %% [markdown]
# # Evaluate a pretrained model
#
# > A model zoo reports rank-1 73.3 and mAP 45.8. Can you reproduce the numbers, and what do they mean on a new camera?
#
# **You will learn** to read a line of a model zoo; to load published weights into torchreid, embed crops, evaluate, and
# look at ranked images; to check torchreid's numbers with a second program; and what cosine and Euclidean distance have
# to do with the length of an embedding.
#
# **Needs** lessons 1 and 3. With `DATA = "market1501"` the published weights and Market-1501 are downloaded once.
#
# **Takes** 2 minutes on 2 CPU cores. With all of Market-1501, a quarter of an hour; with a GPU, a few minutes.

# %% tags=["parameters"]
DATA = "embedded"  # @param ["embedded", "market1501"]
SEED = 7

# %% [markdown]
# ## What "MS+D+C → M" means
#
# Left of the arrow are the datasets that a model was **trained** on, right of it the dataset that it was **tested** on:
#
# | letters | dataset | cameras |
# |---|---|---|
# | M | Market-1501 | 6, in front of a supermarket |
# | MS | MSMT17 | 15, on a campus |
# | D | DukeMTMC-reID (withdrawn by its authors in 2019) | 8, on another campus |
# | C | CUHK03 | pairs of cameras, on a third campus |
#
# A model "MS+D+C → M" has seen three datasets ([multi-source](../docs/glossary.md#multi-source)) and **not a single
# image of Market-1501**. torchreid's model zoo reports for such models, rank-1 / mAP:
#
# | trained on → tested on | OSNet | OSNet-IBN | OSNet-AIN |
# |---|---|---|---|
# | MS+D+C → M | 72.5 / 44.2 | 73.0 / 44.9 | **73.3 / 45.8** |
# | MS+M+C → D | 65.2 / 47.0 | 64.6 / 45.7 | 65.6 / 47.2 |
# | MS+D+M → C | 23.9 / 23.3 | 25.7 / 25.4 | 27.4 / 27.1 |
# | D+M+C → MS | 33.2 / 12.6 | 39.8 / 16.2 | 40.2 / 16.2 |
#
# (Source: [torchreid's model zoo](https://kaiyangzhou.github.io/deep-person-reid/MODEL_ZOO). The three architectures
# differ in their normalization layers; lesson 8 compares them. The project that this course grew out of names
# `osnet_x1_0` for its evaluation and `osnet_ain_x1_0` for its pipeline: both exist, they are the first and the last
# column.)
#
# OSNet trained on *other people* filmed by the *same* six cameras of Market-1501 is in the zoo too. What is its rank-1?

# %%
MY_GUESS = None  # a number from 0 to 100

# %%
from reid_course import compare_guess

compare_guess(MY_GUESS, 94.2, "OSNet, M → M, as published: rank-1")

# %% [markdown]
# From 72.5 to 94.2 with the same architecture. The difference is called [domain
# shift](../docs/glossary.md#domain-shift): other cameras, other light, other clothes.

# %% tags=["hidden"]
# @title Diagram: domain shift
from reid_course import show_diagram

show_diagram("domain_shift")

# %% [markdown]
# On a new camera, expect the lower number. The arrow matters more than the name of the network.
#
# ## The model and the data
#
# With `DATA = "market1501"`, the cells below evaluate the published OSNet-AIN from the table. Without a download, they
# evaluate the small network of this repository, trained on synthetic people and tested on *other* synthetic people, in
# front of other cameras.

# %%
from pathlib import Path

import torch

from learning_reid.models import quiet, without_tensorflow
from reid_course import open_people

with quiet(), without_tensorflow():
    from torchreid.reid import data, engine, metrics, optim, utils

crops = open_people(DATA, seed=SEED)
device = "cuda" if torch.cuda.is_available() else "cpu"
print("test people from", crops.root.name)

# %% tags=["hidden"]
# @title Get the weights as a file for torchreid
import tempfile

from learning_reid import create_embedder
from learning_reid.zoo import fetch_published

work = Path(tempfile.mkdtemp())
if DATA == "market1501":
    MODEL, weights = "osnet_ain_x1_0", fetch_published("osnet_ain_x1_0.msmt17+dukemtmcreid+cuhk03")
else:
    MODEL, weights = "osnet_x0_25", work / "embedded.pth"
    backbone = create_embedder("osnet_x0_25", "embedded").network.backbone
    torch.save(backbone.state_dict(), weights)

# %% [markdown]
# ## Load and embed with torchreid
#
# `FeatureExtractor` builds the model, loads the weights and turns image files into embeddings. It resizes and
# normalizes them, which is easily forgotten when one does it by hand. (In the original torchreid 1.4, the import reads
# `from torchreid.utils import FeatureExtractor`; the fork on the Python index, 0.2.5, has it below `torchreid.reid`.)

# %%
extractor = utils.FeatureExtractor(model_name=MODEL, model_path=str(weights), device=device)
if DATA == "embedded":
    extractor.model.fc = None  # our weights have no last linear layer: use the 128 numbers before it

# %% [markdown]
# `load_pretrained_weights` loads every layer whose name and shape fit, and lists the layers that were discarded. **Read
# this line.** A file for another architecture loads "successfully" with almost nothing from it, and the results are
# those of random weights.
#
# Two crops of one person and one of another, to see that it works:

# %%
query_files = sorted(str(file) for file in (crops.root / "query").glob("*.jpg"))
files = [query_files[0], query_files[1], query_files[-1]]
embeddings = extractor(files)
print("embeddings:", tuple(embeddings.shape))
unit = torch.nn.functional.normalize(embeddings)
print("files: ", *(Path(file).name for file in files))
print(f"cosine similarity: same person {unit[0] @ unit[1]:.3f}, different people {unit[0] @ unit[2]:.3f}")

# %% [markdown]
# ## Evaluate with torchreid
#
# The data manager and the engine of lesson 5 evaluate too: `test_only=True` skips the training, `visrank=True` writes
# an image of the ranked list of every query, and `dist_metric="cosine"` is the distance that the zoo states for these
# models.

# %%
(work / "market1501").mkdir()
(work / "market1501" / "Market-1501-v15.09.15").symlink_to(crops.root.resolve())
manager = data.ImageDataManager(
    root=str(work),
    sources="market1501",
    height=256,
    width=128,
    batch_size_test=100,
    use_gpu=device == "cuda",
    workers=0,
)

# %%
model = extractor.model
optimizer = optim.build_optimizer(model)  # the engine wants one, also when it only tests
tester = engine.ImageSoftmaxEngine(manager, model, optimizer, use_gpu=device == "cuda")
tester.run(save_dir=str(work), test_only=True, dist_metric="cosine", visrank=True, visrank_topk=8)

# %% tags=["hidden"]
# @title Show three of the ranked images
import numpy as np
from PIL import Image

from reid_course import show_image

written = sorted((work / "visrank_market1501").glob("*.jpg"))
chosen = np.random.default_rng(SEED).choice(len(written), 3, replace=False)
images = [np.asarray(Image.open(written[index])) for index in chosen]
show_image(np.concatenate(images), "Three images that torchreid wrote: a query and its ranked list. Green: the right "
           "person. Red: another person.", 7.5)  # fmt: skip

# %% [markdown]
# With `DATA = "market1501"` you should see rank-1 73.3 and mAP 45.8, as published, within a few tenths. For the
# synthetic people nothing is published, and a result on one dataset says nothing about another.
#
# ## Evaluate with a second program
#
# Are the numbers right? A second program, written independently, gives certainty. First we compute the same embeddings
# and distances, and let torchreid's `evaluate_rank` compute the metrics.


# %%
from tqdm.auto import tqdm


def embed_folder(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return embeddings (n, d), persons (n,) and cameras (n,) of a folder, without junk."""
    files = [file for file in sorted((crops.root / name).glob("*.jpg")) if not file.name.startswith("-1")]
    paths = [str(file) for file in files]
    batches = tqdm(range(0, len(paths), 100), leave=False)
    embeddings = [extractor(paths[start : start + 100]).cpu() for start in batches]
    labels = [file.name.split("_") for file in files]
    persons, cameras = ([int(label[0]) for label in labels], [int(label[1][1]) for label in labels])
    return torch.cat(embeddings).numpy(), np.array(persons), np.array(cameras)


query, query_persons, query_cameras = embed_folder("query")
gallery, gallery_persons, gallery_cameras = embed_folder("bounding_box_test")
labels = (query_persons, gallery_persons, query_cameras, gallery_cameras)
print(query.shape, gallery.shape)

# %%
distances = metrics.compute_distance_matrix(torch.from_numpy(query), torch.from_numpy(gallery), "cosine").numpy()
cmc, mean_ap = metrics.evaluate_rank(distances, *labels, use_cython=False)
print(f"torchreid:    rank-1 {100 * cmc[0]:.4f}, mAP {100 * mean_ap:.4f}")

# %% [markdown]
# The same distance matrix, evaluated with the library of this course:

# %%
from learning_reid import evaluate_retrieval

result = evaluate_retrieval(distances, *labels)
print(f"learning_reid: rank-1 {100 * result.rank1:.4f}, mAP {100 * result.map:.4f}")

# %% tags=["check"]
assert np.isclose(result.rank1, cmc[0], atol=1e-6) and np.isclose(result.map, mean_ap, atol=1e-6)

# %% [markdown]
# Two programs, written by different people in different ways, agree to the last digit. (torchreid sorts the gallery of
# every query; our library counts how many crops are nearer.) That is worth more than either number alone: a mistake
# would have to be in both.
#
# Results can also differ because the *network* was implemented again. This project has its own OSNet. Does it compute
# what torchreid's does? The same weights, the same crops:

# %%
from learning_reid.models import create_model

ours = create_model(MODEL, seed=SEED).eval()
with quiet():
    theirs = utils.FeatureExtractor(MODEL, device="cpu", model_path=str(weights), verbose=False).model
ours.load_state_dict(theirs.state_dict(), strict=False)  # ours has no classifier
batch = next(iter(manager.test_loader["market1501"]["query"]))["img"][:4]
with torch.inference_mode():
    difference = (ours(batch) - theirs(batch)).abs().max().item()
print(f"largest difference of the embeddings: {difference:.1e}")

# %% tags=["check"]
assert difference < 1e-4

# %% [markdown]
# ## Cosine or Euclidean?
#
# The [cosine distance](../docs/glossary.md#cosine-distance) is one minus the cosine of the angle between two vectors.
# Their lengths do not matter. The [Euclidean distance](../docs/glossary.md#euclidean-distance) is the length of their
# difference. If all vectors are first divided by their lengths ([L2
# normalization](../docs/glossary.md#l2-normalization)), how many points of rank-1 does one lose with the Euclidean
# distance?

# %%
MY_GUESS = None  # points

# %%
from learning_reid.embedding import l2_normalize
from learning_reid.retrieval import cosine_distance, euclidean_distance

unit_query, unit_gallery = l2_normalize(query, np.float32), l2_normalize(gallery, np.float32)
variants = {
    "cosine": cosine_distance(query, gallery),
    "Euclidean, unit length": euclidean_distance(unit_query, unit_gallery),
    "Euclidean, original length": euclidean_distance(query, gallery),
}
results = {name: evaluate_retrieval(matrix, *labels) for name, matrix in variants.items()}
for name, each in results.items():
    print(f"{name:27s} rank-1 {100 * each.rank1:5.2f}, mAP {100 * each.map:5.2f}")
compare_guess(MY_GUESS, 100 * (results["cosine"].rank1 - results["Euclidean, unit length"].rank1), "lost", "points")

# %% tags=["check"]
assert np.isclose(results["cosine"].map, results["Euclidean, unit length"].map, atol=5e-4)

# %% [markdown]
# Nothing is lost, and here is why. For vectors of length 1,
#
# $$\|a - b\|^2 = \|a\|^2 + \|b\|^2 - 2\,a \cdot b = 2\,(1 - \cos(a, b)).$$
#
# One distance rises when the other does, so both give the same ranking. Only the numbers differ: a threshold for one is
# wrong for the other.

# %% tags=["hidden"]
# @title Plot both distances of some pairs
import matplotlib.pyplot as plt

from reid_course import show

pairs = np.random.default_rng(SEED).choice(variants["cosine"].size, 600)
cosine, euclidean = (variants[name].ravel()[pairs] for name in ("cosine", "Euclidean, unit length"))
curve = np.linspace(0, cosine.max(), 100)
figure, axes = plt.subplots(figsize=(6, 3))
axes.plot(curve, np.sqrt(2 * curve), color="#e69f00", label="√(2 · cosine distance)")
axes.plot(cosine, euclidean, ".", markersize=4, label="a pair of crops")
axes.set(xlabel="cosine distance", ylabel="Euclidean distance")
axes.legend()
show(figure, "Unit vectors: all pairs lie on one rising curve, so both distances give the same ranking.")

# %% [markdown]
# The third line differs. torchreid returns vectors of the length that the network gives them, and with
# `dist_metric="euclidean"` it uses these lengths. What do they mean? Here are the queries with the shortest and the
# longest vectors.

# %% tags=["hidden"]
# @title Show the queries with the shortest and the longest vectors
from learning_reid.datasets import open_image
from reid_course import show_crops

lengths = np.linalg.norm(query, axis=1)
order = np.argsort(lengths)
rows = [order[:8], order[::-1][:8]]
shown = [[np.asarray(open_image(query_files[index])) for index in row] for row in rows]
titles = [[f"{lengths[index]:.2f}" for index in row] for row in rows]
show_crops(shown, "Queries with the shortest (top) and the longest vectors (bottom); the number is the length.", titles)

# %% [markdown]
# A part of the length depends on the person (some appear twice in one row), another part on the image: contrast,
# sharpness, pose. The Euclidean distance counts both as differences between people. Which part wins depends on the
# network. Dividing by the length removes the question, so the embedders of this library always do it, unless you pass
# `normalize=False`. When you compare numbers, check whether it was done.
#
# ## From the command line
#
#     python src/main.py evaluate --root DIR --weights embedded --report output/evaluation
#     python src/main.py evaluate --root DIR --embedder osnet_ain_x1_0 \
#         --weights msmt17+dukemtmcreid+cuhk03 --metric cosine
#     python src/main.py zoo list          # all published weights with their results
#
# `DIR` is a folder in the layout of Market-1501 or any other usual one. `zoo compare` evaluates several models at once.
#
# ## Summary
#
# > - **A → B** means trained on A, tested on B. Only results with B outside of A tell what to expect on a new camera.
# > - In torchreid: `FeatureExtractor` embeds, `engine.run(test_only=True, visrank=True)` evaluates and draws.
# > - **Read what was loaded.** Weights that do not fit are skipped with a warning, not an error.
# > - Two independent programs that agree are better than one that is trusted.
# > - On **unit vectors**, cosine and Euclidean distance give the same ranking; on others they need not.
#
# ## Check yourself
#
# 1. A vendor reports rank-1 of 96 on Market-1501 for a model trained on Market-1501. You install it in your station.
#    What do you expect?
#
#    <details><summary>Answer</summary>
#
#    Much less. The comparable published numbers are those of models that were not trained on the test cameras: about 73
#    on Market-1501, and 40 on MSMT17, which is larger and harder.
#
#    </details>
#
# 2. Rank-1 is 73.3 and mAP 45.8. How can the two be so different?
#
#    <details><summary>Answer</summary>
#
#    Rank-1 only needs one match at the top, usually the easiest of several. mAP also counts the hard ones, which stand
#    far down the list.
#
#    </details>
#
# 3. You load weights and get mAP of 3 %. The program printed no error. What do you check first?
#
#    <details><summary>Answer</summary>
#
#    Which layers were loaded. Then the order of the colors, the normalization and `eval()`. Lesson 11 shows what each
#    mistake costs.
#
#    </details>
#
# 4. Two unit vectors have cosine similarity 0.5. What is their Euclidean distance?
#
#    <details><summary>Answer</summary>
#
#    √(2 · (1 − 0.5)) = 1.
#
#    </details>
#
# ## Try this
#
# - Embed every crop and its mirror image, and add both embeddings. Does mAP rise? (Many published numbers are made this
#   way.)
# - Give the extractor arrays with red and blue swapped: `extractor([np.asarray(Image.open(file))[..., ::-1]])`. What
#   does this mistake cost if it is made for the queries only, and what if it is made for all crops?
# - Change `SEED` three times. How much do the numbers move?
# - If you have Market-1501 and a GPU: does the Euclidean distance on original lengths still give 73.3?
#
# [Worked answers](../docs/teaching-answers.md#6-pretrained-models). Then solve
# [exercise set 3: the protocol of Market-1501](exercises/student/03_market_protocol.ipynb).
#
# ## Further reading
#
# - [torchreid's model zoo](https://kaiyangzhou.github.io/deep-person-reid/MODEL_ZOO), and
#   [ours](../docs/model_zoo.md), with all published results by name.
# - Zhou and others 2021,
#   [Learning Generalisable Omni-Scale Representations](https://arxiv.org/abs/1910.06827): OSNet-AIN.
# - [docs/evaluation.md](../docs/evaluation.md), and the code:
#   [distance_matrix.py](../src/learning_reid/evaluation/distance_matrix.py),
#   [distances.py](../src/learning_reid/retrieval/distances.py).
