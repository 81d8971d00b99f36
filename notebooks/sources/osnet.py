# %% [markdown]
# # OSNet, taken apart
#
# > What does a network need, to see a logo and a body at once?
#
# **You will learn** how OSNet is built from four parts you can hold in your hand: a cheap convolution, streams that see
# 3, 5, 7 and 9 pixels, a gate that mixes them, and stripes that remember where a colour was. And how to count what a
# network costs.
#
# **Needs** lesson 1; what a convolution and a gradient are.
#
# **Takes** 1 minute on 2 CPU cores.

# %% tags=["parameters"]
from reid_course import is_smoke

DATA = "embedded"  # @param ["embedded", "market1501"]
SEED = 7
MOST_PEOPLE = 100  # of Market-1501; None: all, which takes long on a CPU and 4 GB of memory
CROPS = 8 if is_smoke() else 64  # of which the gate's answers are collected

# %% [markdown]
# ## Small and large at once
#
# Two people may differ in a print on the chest, which is a few pixels, or in the shape of a coat, which is nearly all
# of them. A network that looks for both has to look through small windows and large ones *at every place*. That is
# the idea of **OSNet**, the omni-scale network (Zhou, Yang, Cavallaro and Xiang 2019, arXiv 1905.00953).

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from learning_reid.datasets import read_crop
from learning_reid.models import Gate, LiteConv3x3, build_osnet, stream
from reid_course import compare_guess, lesson_embedder, lesson_split, show, show_crops

contest = lesson_split(DATA, SEED, MOST_PEOPLE)
embedder = lesson_embedder(DATA)
network = embedder.network
backbone = getattr(network, "backbone", network)  # the OSNet itself, whatever reads its maps

rng = np.random.default_rng(SEED)
crops = [read_crop(contest.gallery[row]) for row in rng.choice(len(contest.gallery), CROPS, replace=False)]
show_crops([crops[:8]], "Eight crops that the network is going to look at.")

# %% [markdown]
# ## Part 1: a convolution in two cheap steps
#
# An ordinary 3×3 convolution does two things at once: it mixes the channels and it looks at the neighbours. With 64
# channels in and out it has 9 · 64 · 64 weights. The **Lite 3×3** does one after the other: a 1×1 convolution mixes
# the channels, then a *depthwise* 3×3 looks around in each channel alone.
#
# How many times fewer weights?

# %%
MY_GUESS = None  # a number


# %%
def weights(part: nn.Module) -> int:
    return sum(weight.numel() for weight in part.parameters())


lite, ordinary = LiteConv3x3(64), nn.Conv2d(64, 64, 3, padding=1, bias=False)
cheap = weights(lite.conv1) + weights(lite.conv2)
print(f"ordinary: {weights(ordinary):,} weights; lite: {weights(lite.conv1):,} + {weights(lite.conv2):,} = {cheap:,}")
compare_guess(MY_GUESS, weights(ordinary) / cheap, "an ordinary convolution is larger by", "times")
maps = torch.zeros(1, 64, 16, 8)
assert lite(maps).shape == ordinary(maps).shape

# %% [markdown]
# The shapes are the same; what is lost is that different channels can no longer look in different directions while
# they are mixed. With so many channels that is seldom missed.
#
# ## Part 2: four streams
#
# Two 3×3 convolutions in a row see 5 pixels across, three see 7, four see 9. So the *number* of Lite 3×3 in a row is
# the size of the window. How to see a window? Ask the gradient: which input pixels can change this one output pixel?


# %%
def window(part: nn.Module, channels: int, size: int = 13) -> np.ndarray:
    """How strongly each input pixel moves the middle output pixel: (size, size), 1 at most."""
    x = torch.rand(16, channels, size, size, requires_grad=True)
    part.eval()(x)[:, :, size // 2, size // 2].sum().backward()
    moved = x.grad.abs().sum(dim=(0, 1)).numpy()
    return moved / moved.max()


torch.manual_seed(SEED)
windows = [window(stream(16, depth), 16) for depth in (1, 2, 3, 4)]
figure, cells = plt.subplots(1, 4, figsize=(7, 2.1))
for cell, seen, depth in zip(cells, windows, (1, 2, 3, 4), strict=True):
    across = int((seen.max(axis=0) > 0).sum())
    assert across == 2 * depth + 1
    cell.imshow(np.where(seen > 0, np.sqrt(seen), np.nan), vmin=0, vmax=1)
    cell.set(title=f"{depth} in a row: {across} pixels", xticks=[], yticks=[], facecolor="#f1f3f4")
    cell.title.set_fontsize(9)
    cell.grid(False)
show(figure, "What the middle output pixel of each stream sees of its input (brighter: more): 3, 5, 7 and 9 pixels.")

# %% [markdown]
# These windows are counted in pixels of the *map* that a block gets. Before the first block, a 7×7 convolution and a
# max-pooling, each with stride 2, have shrunk the picture: one map pixel there already sees 11 pixels of the crop, and
# the next one stands 4 pixels further on. So a window of w map pixels covers 11 + 4 · (w - 1) pixels of the crop. The
# deeper a block, the larger: the maps shrink twice more.

# %%
crop = embedder.preprocessing.resize(crops[0])
x, y = 64, 90
figure, cells = plt.subplots(1, 5, figsize=(7, 2.9), width_ratios=[1.3, 1, 1, 1, 1])
cells[0].imshow(crop)
for number, wide in enumerate((3, 5, 7, 9)):
    covers = 11 + 4 * (wide - 1)
    corner = x - covers // 2, y - covers // 2
    cells[0].add_patch(plt.Rectangle(corner, covers, covers, fill=False, lw=1.5, color=f"C{number}"))
    cell = cells[number + 1]
    cell.imshow(crop[corner[1] : corner[1] + covers, corner[0] : corner[0] + covers])
    cell.set_title(f"{covers} pixels", fontsize=9, color=f"C{number}")
for cell in cells:
    cell.set(xticks=[], yticks=[])
    cell.grid(False)
show(figure, "What one pixel of each of the four streams of the first block sees of the crop (256 × 128 pixels).")

# %% [markdown]
# ## Part 3: the gate
#
# Four streams give four answers. Which one counts? That depends on the picture: on a plain coat the small window has
# little to say. So the answer of each stream goes through a **gate** before they are added: the gate averages the map
# over the whole picture, thinks a moment (two small layers), and gives every channel a number between 0 and 1 to be
# multiplied with. All four streams share one gate, so it must learn what a *useful* answer looks like, rather than
# that stream three is usually good.
#
# Here is what the gate of the first block of the last stage said, for many crops.

# %%
block = backbone.conv4[0]
said = []
listening = block.gate.fc2.register_forward_hook(lambda part, x, y: said.append(y.sigmoid()[:, :, 0, 0]))
embedder(crops)
listening.remove()
batches = [torch.stack(said[first : first + 4]) for first in range(0, len(said), 4)]  # four streams, one gate
gates = torch.cat(batches, dim=1).numpy()  # (4 streams, crops, channels)
assert gates.shape[:2] == (4, CROPS)
assert 0 <= gates.min() <= gates.max() <= 1

figure, (upper, lower) = plt.subplots(2, 1, figsize=(7, 3.6))
for axes, values, title in (
    (upper, gates.mean(axis=1), "mean over the crops"),
    (lower, gates.std(axis=1), "how much it differs from crop to crop (standard deviation)"),
):
    drawn = axes.imshow(values, aspect="auto")
    axes.set(title=title, yticks=range(4), yticklabels=[f"{wide} pixels" for wide in (3, 5, 7, 9)])
    axes.title.set_fontsize(9)
    axes.grid(False)
    figure.colorbar(drawn, ax=axes, pad=0.01)
lower.set_xlabel("channel")
show(figure, "The gate of one block: each channel has an opening of its own, and some of them change with the picture.")

# %% [markdown]
# The upper picture is a standing opinion: more of this channel, less of that one. The lower one is what the paper is
# after: the opinion that changes with the picture. Which crops open the most changeable gate?

# %%
changes = gates.std(axis=1)
scale, channel = np.unravel_index(changes.argmax(), changes.shape)
opened = gates[scale, :, channel]
order = np.argsort(opened)
rows = [order[:7], order[::-1][:7]]
print(f"stream of {2 * scale + 3} pixels, channel {channel}: from {opened.min():.2f} to {opened.max():.2f}")
show_crops(
    [[crops[index] for index in row] for row in rows],
    "Above the crops for which this gate is most nearly shut, below those for which it is most open.",
    [[f"{opened[index]:.2f}" for index in row] for row in rows],
)

# %% [markdown]
# What do the crops of a row share? With the embedded network: this gate shuts for blue and turquoise clothes, and is
# half open for all others. Not always can one tell; nobody asked a channel to mean something to us.
#
# ## The block, by hand
#
# $y = \mathrm{ReLU}\big(\text{shortcut}(x) + W_3 \sum_{t=1}^{4} G(x^t) \odot x^t\big)$: shrink the channels, run four
# streams, gate each, add, grow the channels again, add what came in. Five lines, and they give what the real block
# gives.

# %%
with torch.inference_mode():
    x = torch.rand(2, block.downsample.conv.in_channels, 32, 16)
    narrow = block.conv1(x)  # a quarter of the channels
    scales = [one_scale(narrow) for one_scale in block.streams()]  # x¹, x², x³, x⁴
    mixed = sum(answer * torch.sigmoid(block.gate.fc2(F.relu(block.gate.fc1(answer.mean((2, 3), keepdim=True)))))
                for answer in scales)  # fmt: skip
    by_hand = F.relu(block.downsample(x) + block.conv3(mixed))
    assert torch.allclose(by_hand, block(x), atol=1e-5)
print("in", tuple(x.shape), "narrow", tuple(narrow.shape), "out", tuple(by_hand.shape), "- the same as the block's own")

# %% [markdown]
# ## The whole network, counted
#
# A stem, three stages of two blocks with a halving in between, one last convolution, one vector. What does it cost?
# Two figures are usual: **parameters** (what must be stored) and **multiply-adds** for one picture (what must be
# computed). A convolution makes one multiply-add for each output number, each kernel position and each input channel
# that this output looks at.
#
# The paper gives OSNet ×1.0 as 2.2 million parameters. ResNet-50, which most earlier work used, has about 23.5 million
# without its classifier. ×0.25 keeps a quarter of the *channels*. How many times fewer multiply-adds does it need?

# %%
MY_GUESS = None  # a number


# %%
def count(model: nn.Module, height: int = 256, width: int = 128) -> dict[str, list[int]]:
    """Multiply-adds of each part of a network for one picture."""
    costs: dict[str, int] = {}

    def listen(name: str, layer: nn.Module) -> None:
        def add(layer: nn.Module, x: tuple, y: Tensor) -> None:
            per_number = layer.weight[0].numel()  # kernel positions × input channels of one output number
            costs[name] = costs.get(name, 0) + y.numel() * per_number

        handles.append(layer.register_forward_hook(add))

    handles: list = []
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            listen(name.split(".")[0], layer)
    with torch.inference_mode():
        model.eval()(torch.zeros(1, 3, height, width))
    for handle in handles:
        handle.remove()
    return costs


full, small = build_osnet("osnet_x1_0"), build_osnet("osnet_x0_25")
costs = {"x1_0": count(full), "x0_25": count(small)}
compare_guess(MY_GUESS, sum(costs["x1_0"].values()) / sum(costs["x0_25"].values()), "×1.0 computes more by", "times")

# %%
print(f"{'':8s}{'parameters':>12s}{'multiply-adds':>16s}   (×1.0)")
for name, cost in costs["x1_0"].items():
    print(f"{name:8s}{weights(getattr(full, name)):12,d}{cost:16,d}")
print()
PUBLISHED = {
    "osnet_x1_0": (2.2, 0.98),
    "osnet_x0_75": (1.3, 0.57),
    "osnet_x0_5": (0.6, 0.27),
    "osnet_x0_25": (0.2, 0.08),
}  # parameters in millions, multiply-adds in thousand millions, of the zoo of published weights
print(f"{'':13s}{'parameters':>12s}{'published':>11s}{'multiply-adds':>15s}{'published':>11s}")
for name, (parameters, adds) in PUBLISHED.items():
    model = build_osnet(name)
    counted = weights(model) / 1e6, sum(count(model).values()) / 1e9
    print(f"{name:13s}{counted[0]:10.2f} M{parameters:9.1f} M{counted[1]:13.3f} G{adds:9.2f} G")
    assert abs(counted[0] - parameters) < 0.06
    assert abs(counted[1] - adds) < 0.006

# %% [markdown]
# The columns agree: what was built here is what was published. Over half of ×1.0's parameters stand in the last
# stage and the layers after it, yet most of the computing is done in `conv2` and `conv3`, whose maps are large.
# Parameters and multiply-adds tell different stories, and neither tells seconds.
#
# The library that the published weights were trained with has a counter of its own. It agrees on multiply-adds; on
# parameters it differs a little, and you can say why: it counts a layer each time it is *used*.

# %%
from learning_reid.models import quiet, without_tensorflow

with quiet(), without_tensorflow():
    from torchreid.reid.utils import compute_model_complexity

theirs, their_adds = compute_model_complexity(small, (1, 3, 256, 128))
extra = 3 * sum(weights(part) for part in small.modules() if isinstance(part, Gate))  # used four times, stored once
print(f"parameters: ours {weights(small):,}, theirs {theirs:,}; three times the gates: {extra:,}")
print(f"multiply-adds: ours {sum(costs['x0_25'].values()):,}, theirs {their_adds:,} (with what adding a bias costs)")
assert theirs == weights(small) + extra
assert abs(their_adds - sum(costs["x0_25"].values())) / their_adds < 0.01

# %% [markdown]
# ## Where does it look?
#
# After each stage the network holds a map: many channels, a value for each place. Averaged over the channels and laid
# over the crop, it shows where much is going on. (Where, not why: a bright place may speak for or against anything.)

# %%
shown = crops[:6]
with torch.inference_mode():
    stages = backbone.stage_maps(torch.from_numpy(embedder.preprocessing(shown)))
names = ["conv2", "conv3", "conv4", "conv5"]
figure, cells = plt.subplots(5, len(shown), figsize=(5.4, 8.6))
for column, crop in enumerate(shown):
    resized = embedder.preprocessing.resize(crop)
    for row, maps in enumerate([None, *stages]):
        cell = cells[row, column]
        cell.imshow(resized)
        if maps is not None:
            heat = F.interpolate(maps[column].mean(0)[None, None], resized.shape[:2], mode="bilinear")[0, 0]
            cell.imshow(heat.numpy(), alpha=0.65, cmap="inferno")
        cell.set(xticks=[], yticks=[])
        cell.grid(False)
        cell.spines[:].set_visible(False)
        if column == 0:
            size = "crop" if maps is None else f"{names[row - 1]}\n{maps.shape[2]} × {maps.shape[3]}"
            cell.set_ylabel(size, fontsize=9)
show(figure, "Six crops, and below them how active each place is after each stage (bright: much).")

# %% [markdown]
# Early maps follow edges and bright cloth and know every detail's place; late ones are coarse.
#
# ## Part 4: stripes, or where a colour was
#
# OSNet as published averages its last map over the whole picture. An average forgets places: a red top over blue
# trousers, and a blue top over red ones, hold the same colours. Here is one person in both, and once more from behind.

# %%
from learning_reid.models import PartPooling
from reid_course import draw_clothed_person

RED, BLUE = (190, 40, 40), (40, 60, 170)
three = [
    draw_clothed_person(RED, BLUE),
    draw_clothed_person(RED, BLUE, heading=1.2, phase=2.5),
    draw_clothed_person(BLUE, RED),
]
show_crops([three], "The same clothes seen from the front and from the side, and the two colours exchanged.", [
    ["red on blue", "turned", "exchanged"]
])  # fmt: skip

# %% [markdown]
# Which is farther from the first crop: the one from the side, or the one with its colours exchanged? A useful vector
# says the second. So divide the two distances; below, one means *cannot tell*, and more is better. What will it be for
# the average of the first map?

# %%
MY_GUESS = None  # a number


# %%
def apart(vectors: Tensor) -> float:
    """Distance to the crop with exchanged colours, in units of the distance to the same clothes."""
    vectors = F.normalize(vectors)
    turned, exchanged = (float(torch.dist(vectors[0], vectors[other])) for other in (1, 2))
    return exchanged / turned


with torch.inference_mode():
    stages = backbone.stage_maps(torch.from_numpy(embedder.preprocessing(three)))
striped = PartPooling(num_parts=16, power=3.0, mean_share=0.5)
ratios = [(apart(maps.mean(dim=(2, 3))), apart(striped(maps))) for maps in stages]
compare_guess(MY_GUESS, ratios[0][0], "exchanged against turned, average of the first map", "times")
print(f"{'':8s}{'average':>10s}{'16 stripes':>12s}")
for name, (average, stripes) in zip(names, ratios, strict=True):
    print(f"{name:8s}{average:10.1f}{stripes:12.1f}")
assert ratios[0][1] > 1.5 * ratios[0][0]

# %% [markdown]
# The average of an early map can hardly tell the two apart. The late maps have mixed colour and place a little, for
# their windows are large, so their average is better off. **Stripes** (Sun et al. 2018, arXiv 1711.09349) settle it:
# cut the map into horizontal bands, average within each, and write the bands one below the other. Head, chest, hips,
# legs and shoes then have places of their own in the vector, and turning around changes little, because people turn
# about an upright axis. [part_pooling.py](../src/learning_reid/models/part_pooling.py) does this for the last three
# maps.
#
# The price: a longer vector, and a crop that is cut badly (feet missing, much wall above the head) shifts all bands.
#
# ## Does it find more people?
#
# The same weights, read in three ways. Training of the embedded network saw stripes, so the comparison is not quite
# fair to the average; the card beside the weights tells of the same on real people.


# %%
class Readings(nn.Module):
    """The average of the last map, its stripes, and the stripes of the last three maps, side by side."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone, self.striped = backbone, striped

    def forward(self, x: Tensor) -> Tensor:
        _, third, fourth, last = self.backbone.stage_maps(x)
        parts = [self.striped(maps) for maps in (third, fourth, last)]
        return torch.cat([last.mean(dim=(2, 3)), *(F.normalize(part) for part in parts)], dim=1)


# %%
from learning_reid.datasets import create_retrieval_task, embed_samples
from learning_reid.embedding import TorchEmbedder
from learning_reid.metrics import PROTOCOLS, find_matches, retrieval_metrics

reader = TorchEmbedder(Readings(backbone), embedder.preprocessing, normalize=False)
features = embed_samples(contest.samples, reader)
channels, market = stages[-1].shape[1], PROTOCOLS["market1501"]
columns = {
    "average of the last map": slice(channels),
    "16 stripes of it": slice(-16 * channels, None),
    "16 stripes of three maps": slice(channels, None),
}
found = {}
for name, columns_of in columns.items():
    task = create_retrieval_task(contest, features[:, columns_of], "cosine")
    matches = find_matches(task.distance_rows(), contest.query_labels, contest.gallery_labels, market)
    figures = retrieval_metrics(matches, contest.query_labels, contest.gallery_labels, market).means
    found[name] = figures["rank1"]
    print(f"{name:26s} rank-1 {100 * figures['rank1']:5.1f}   mAP {100 * figures['map']:5.1f}")

# %% [markdown]
# With the embedded network the stripes find clearly more, and three maps a little more than one. Published weights
# (`DATA = "market1501"`) were trained for the average and never saw a stripe, so see for yourself: a network answers
# best to the question it was trained on.
#
# ## Try this
#
# - Use `osnet_ain_x1_0` in `build_osnet` and count it: where do instance normalisations stand (`VARIANTS`), and what do
#   they cost? OSNet-AIN let a search decide (Zhou et al. 2019, arXiv 1910.06827).
# - Count ×1.0 at half the height and width: `count(full, 128, 64)`. Which figure changes, and which does not?
# - Change `PartPooling(16, …)` to 2, 4 or 8 stripes in both places. Where does the gain stop?
# - Look at another gate: `backbone.conv4[1]`. Does it still depend on the picture?
#
# ## Recap
#
# - **Lite 3×3**: mix the channels, then look around: about eight times fewer weights.
# - **Four streams** of one to four Lite 3×3 see 3, 5, 7 and 9 pixels; a **gate** that they share mixes them, picture by
#   picture.
# - **Parameters** are stored, **multiply-adds** are computed; most parameters sit late, most computing is done early.
# - An average forgets where a colour was; **stripes** keep it.
#
# **Sources**: [osnet.py](../src/learning_reid/models/osnet.py),
# [osnet_blocks.py](../src/learning_reid/models/osnet_blocks.py),
# [part_pooling.py](../src/learning_reid/models/part_pooling.py).
