# %% [markdown]
# # OSNet, block by block
#
# > How can a network see a small logo and the shape of a coat at the same time?
#
# **You will learn** how OSNet is built: a convolution with few weights, streams with receptive fields of 3, 5, 7 and 9
# pixels, and a gate that combines them; to count what a network costs; and how to keep *where* a color was.
#
# **Needs** lesson 1; what a convolution is, and a little PyTorch.
#
# **Takes** 1 minute on 2 CPU cores, and half an hour to read.

# %% tags=["parameters"]
DATA = "embedded"  # @param ["embedded", "market1501"]
SEED = 7
PERSONS = 100  # of Market-1501
CROPS = 64  # for which the outputs of a gate are collected

# %% tags=["smoke"]
CROPS = 8

# %% [markdown]
# ## Small and large at once
#
# Two people may differ in a print on the chest, a few pixels wide, or in the shape of a coat, which covers most of the
# crop. A network that uses both must look through small and large windows *at every position*. This is the idea of
# OSNet, the omni-scale network (Zhou, Yang, Cavallaro and Xiang 2019). Its building block has four parallel streams:

# %% tags=["hidden"]
# @title Diagram: the block of OSNet
from reid_course import show_diagram

show_diagram("osnet_block")

# %% [markdown]
# In this lesson we build the block from its parts and check that it computes exactly what the library's OSNet computes.

# %%
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from learning_reid.datasets import read_crop
from reid_course import lesson_embedder, lesson_split, show_crops

split = lesson_split(DATA, SEED, PERSONS)
embedder = lesson_embedder(DATA)
backbone = getattr(embedder.network, "backbone", embedder.network)  # the trained OSNet
rng = np.random.default_rng(SEED)
crops = [read_crop(split.gallery[row]) for row in rng.choice(len(split.gallery), CROPS, replace=False)]
show_crops([crops[:8]], "Eight crops that the network will see.")

# %% [markdown]
# ## Part 1: the lite convolution
#
# An ordinary 3 × 3 convolution does two things at once: it mixes the channels, and it looks at neighboring pixels. With
# 64 channels in and out it has 9 · 64 · 64 weights. OSNet's **Lite 3 × 3** does one after the other. A 1 × 1
# convolution mixes the channels; then a *depthwise* 3 × 3 convolution looks at the neighbors, in each channel by
# itself.


# %%
class LiteConv3x3(nn.Module):
    """A 3 × 3 convolution in two steps: (n, c, h, w) -> (n, c, h, w)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, kernel_size=1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, kernel_size=3, padding=1, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv2(self.conv1(x))))


# %% [markdown]
# By which factor does this reduce the number of weights, with 64 channels?

# %%
MY_GUESS = None  # a number

# %%
from reid_course import compare_guess


def num_weights(*layers: nn.Module) -> int:
    """Return the number of parameters of layers."""
    return sum(parameter.numel() for parameter in nn.ModuleList(layers).parameters())


lite, ordinary = LiteConv3x3(64), nn.Conv2d(64, 64, kernel_size=3, padding=1, bias=False)
print(f"ordinary: {num_weights(ordinary):,} weights")
print(f"lite:     {num_weights(lite.conv1):,} + {num_weights(lite.conv2):,} weights")
compare_guess(MY_GUESS, num_weights(ordinary) / num_weights(lite.conv1, lite.conv2), "factor", unit="")

# %% [markdown]
# ## Part 2: four streams
#
# Two 3 × 3 convolutions in a row see 5 pixels across, three see 7, four see 9. This is their
# [receptive field](../docs/glossary.md#receptive-field). A stream of OSNet is nothing but lite convolutions in a row.


# %%
def stream(channels: int, depth: int) -> nn.Sequential:
    """Return `depth` lite convolutions in a row."""
    return nn.Sequential(*[LiteConv3x3(channels) for _ in range(depth)])


# %% [markdown]
# How can one *see* a receptive field? Ask the gradient: which input pixels influence the output pixel in the middle?


# %%
def receptive_field(layers: nn.Module, channels: int = 16, size: int = 13) -> np.ndarray:
    """Return the influence of each input pixel on the output pixel in the middle, (size, size), at most 1."""
    x = torch.rand(16, channels, size, size, requires_grad=True)
    layers.eval()(x)[:, :, size // 2, size // 2].sum().backward()
    influence = x.grad.abs().sum(dim=(0, 1)).numpy()
    return influence / influence.max()


torch.manual_seed(SEED)
fields = [receptive_field(stream(16, depth)) for depth in (1, 2, 3, 4)]
print("pixels across:", [int((field.max(axis=0) > 0).sum()) for field in fields])

# %% tags=["hidden"]
# @title Plot the receptive fields
import matplotlib.pyplot as plt

from reid_course import show

figure, cells = plt.subplots(1, 4, figsize=(7, 2.1))
for depth, (cell, field) in enumerate(zip(cells, fields, strict=True), start=1):
    cell.imshow(np.where(field > 0, np.sqrt(field), np.nan), vmin=0, vmax=1)
    cell.set(xticks=[], yticks=[], facecolor="#f1f3f4")
    cell.set_title(f"{depth} in a row: {2 * depth + 1} pixels", fontsize=9)
    cell.grid(False)
show(figure, "Input pixels that influence the middle output pixel of each stream; brighter means more.")

# %% [markdown]
# These pixels are pixels of the [feature map](../docs/glossary.md#feature-map) that the block receives. Before the
# first block, a 7 × 7 convolution and a max pooling, both with stride 2, have reduced the crop to a quarter. A window
# of 9 map pixels covers 43 pixels of the crop there, and more in later blocks:

# %% tags=["hidden"]
# @title Show what the four streams of the first block see
crop = embedder.preprocessing.resize(crops[0])
center_x, center_y = 64, 90
figure, cells = plt.subplots(1, 5, figsize=(7, 2.9), width_ratios=[1.3, 1, 1, 1, 1])
cells[0].imshow(crop)
for number, width in enumerate((3, 5, 7, 9)):
    covers = 11 + 4 * (width - 1)  # one map pixel sees 11 pixels of the crop, the next one stands 4 further
    left, top = center_x - covers // 2, center_y - covers // 2
    cells[0].add_patch(plt.Rectangle((left, top), covers, covers, fill=False, lw=1.5, color=f"C{number}"))
    cells[number + 1].imshow(crop[top : top + covers, left : left + covers])
    cells[number + 1].set_title(f"{covers} pixels", fontsize=9, color=f"C{number}")
for cell in cells:
    cell.set(xticks=[], yticks=[])
    cell.grid(False)
show(figure, "The part of a 256 × 128 crop that one output pixel of each stream sees in the first block.")

# %% [markdown]
# ## Part 3: the gate
#
# The four streams give four feature maps. Which one matters depends on the image: on a plain coat, the small window has
# little to say. A [gate](../docs/glossary.md#gate) decides. It averages a feature map over all positions, computes one
# number between 0 and 1 for each channel with two small layers, and multiplies the channels with these numbers. All
# four streams share *one* gate, so it must learn what a useful feature map looks like, whatever stream it comes from.


# %%
class Gate(nn.Module):
    """Weight the channels of a feature map depending on the image: (n, c, h, w) -> (n, c, h, w)."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // reduction, kernel_size=1)
        self.fc2 = nn.Conv2d(channels // reduction, channels, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        average = x.mean(dim=(2, 3), keepdim=True)  # (n, c, 1, 1)
        weight = torch.sigmoid(self.fc2(F.relu(self.fc1(average))))  # (n, c, 1, 1)
        return x * weight


# %% [markdown]
# ## The block
#
# Now the parts are assembled. A 1 × 1 convolution reduces the channels to a quarter, the streams and the gate do their
# work, the results are added, a second 1 × 1 convolution restores the channels, and a shortcut adds the input:
#
# $$y = \mathrm{ReLU}\Big(x + W_3 \sum_{t=1}^{4} G(x^t) \odot x^t\Big), \qquad x^t = \text{stream}_t(W_1 x)$$


# %%
class OmniScaleBlock(nn.Module):
    """The block of OSNet: (n, c_in, h, w) -> (n, c_out, h, w)."""

    def __init__(self, c_in: int, c_out: int) -> None:
        super().__init__()
        middle = c_out // 4
        self.reduce = nn.Sequential(nn.Conv2d(c_in, middle, 1, bias=False), nn.BatchNorm2d(middle), nn.ReLU())
        self.streams = nn.ModuleList(stream(middle, depth) for depth in (1, 2, 3, 4))
        self.gate = Gate(middle)
        self.restore = nn.Sequential(nn.Conv2d(middle, c_out, 1, bias=False), nn.BatchNorm2d(c_out))
        self.shortcut = nn.Sequential(nn.Conv2d(c_in, c_out, 1, bias=False), nn.BatchNorm2d(c_out))

    def forward(self, x: Tensor) -> Tensor:
        reduced = self.reduce(x)
        combined = sum(self.gate(one(reduced)) for one in self.streams)
        return F.relu(self.shortcut(x) + self.restore(combined))


# %% [markdown]
# Is it the real thing? We copy the trained weights of the first block of the stage `conv4` into our block, in their
# order, and give both the same input.

# %%
block = backbone.conv4[0].eval()
ours = OmniScaleBlock(block.downsample.conv.in_channels, block.downsample.conv.out_channels).eval()
for mine, theirs in (
    (ours.reduce, block.conv1),
    (ours.streams, nn.ModuleList(block.streams())),
    (ours.gate, block.gate),
    (ours.restore, block.conv3),
    (ours.shortcut, block.downsample),
):
    mine.load_state_dict(dict(zip(mine.state_dict(), theirs.state_dict().values(), strict=True)))
x = torch.rand(2, block.downsample.conv.in_channels, 32, 16)
with torch.inference_mode():
    difference = (ours(x) - block(x)).abs().max().item()
print("output:", tuple(block(x).shape), f"- largest difference: {difference:.1e}")

# %% tags=["check"]
assert difference < 1e-5

# %% [markdown]
# ## What a gate says
#
# Does the gate really depend on the image? We record its outputs for many crops.

# %%
recorded = []
hook = block.gate.fc2.register_forward_hook(lambda layer, x, y: recorded.append(y.sigmoid()[:, :, 0, 0]))
embedder(crops)
hook.remove()
calls = [torch.stack(recorded[first : first + 4]) for first in range(0, len(recorded), 4)]  # four streams per batch
gates = torch.cat(calls, dim=1).numpy()
print("streams, crops, channels:", gates.shape)

# %% tags=["hidden"]
# @title Plot the outputs of the gate
figure, (upper, lower) = plt.subplots(2, 1, figsize=(7, 3.6))
for axes, values, title in (
    (upper, gates.mean(axis=1), "mean over the crops"),
    (lower, gates.std(axis=1), "standard deviation over the crops"),
):
    image = axes.imshow(values, aspect="auto")
    axes.set(yticks=range(4), yticklabels=[f"{width} pixels" for width in (3, 5, 7, 9)])
    axes.set_title(title, fontsize=9)
    axes.grid(False)
    figure.colorbar(image, ax=axes, pad=0.01)
lower.set_xlabel("channel")
show(figure, "Outputs of the gate for the four streams. Some channels are always weighted alike, others depend on the "
     "crop.")  # fmt: skip

# %% [markdown]
# The upper plot shows constant weights: more of this channel, less of that one. The lower one shows what the paper is
# about: weights that depend on the image. For which crops is the most variable gate closed, and for which is it open?

# %%
scale, channel = np.unravel_index(gates.std(axis=1).argmax(), gates.shape[::2])
values = gates[scale, :, channel]
order = np.argsort(values)
lowest, highest = order[:7], order[::-1][:7]
caption = (
    f"Stream of {2 * scale + 3} pixels, channel {channel}: crops with the lowest (top) and the highest gate (bottom)."
)
rows = [[crops[index] for index in lowest], [crops[index] for index in highest]]
titles = [[f"{values[index]:.2f}" for index in lowest], [f"{values[index]:.2f}" for index in highest]]
show_crops(rows, caption, titles)

# %% [markdown]
# What do the crops of a row have in common? For the embedded network, this gate closes for blue and turquoise clothes.
# Often there is no answer: nobody asked a channel to mean something to us.
#
# ## The whole network

# %% tags=["hidden"]
# @title Diagram: OSNet from image to embedding
show_diagram("osnet")

# %% [markdown]
# Two numbers describe what a network costs. **Parameters** must be stored. **Multiply-adds** must be computed for each
# crop: a convolution needs one for every output value, kernel position and input channel. OSNet has variants with fewer
# channels; ×0.25 has a quarter. By which factor does ×0.25 reduce the multiply-adds?

# %%
MY_GUESS = None  # a number


# %%
from learning_reid.models import build_osnet


def count_multiply_adds(model: nn.Module, height: int = 256, width: int = 128) -> dict[str, int]:
    """Return the multiply-adds of each top-level part of a network for one crop."""
    counts = {}
    hooks = []

    def add_hook(part: str, layer: nn.Module) -> None:
        def count(layer: nn.Module, x: tuple, y: Tensor) -> None:
            counts[part] = counts.get(part, 0) + y.numel() * layer.weight[0].numel()

        hooks.append(layer.register_forward_hook(count))

    for name, layer in model.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            add_hook(name.split(".")[0], layer)
    with torch.inference_mode():
        model.eval()(torch.zeros(1, 3, height, width))
    for hook in hooks:
        hook.remove()
    return counts


# %%
full, quarter = build_osnet("osnet_x1_0"), build_osnet("osnet_x0_25")
counts = count_multiply_adds(full)
ratio = sum(counts.values()) / sum(count_multiply_adds(quarter).values())
compare_guess(MY_GUESS, ratio, "×1.0 needs more by the factor", unit="")
print("          parameters  multiply-adds")
for part, count in counts.items():
    print(f"{part:8s}{num_weights(getattr(full, part)):12,d}{count:15,d}")

# %% [markdown]
# More than half of the parameters are in the last stage and the layers after it, yet most of the computing happens in
# `conv2` and `conv3`, whose feature maps are large. Neither number tells the seconds on your machine; only a
# measurement does. Do the counts agree with the published ones?

# %%
PUBLISHED = {
    "osnet_x1_0": (2.2, 0.98),
    "osnet_x0_75": (1.3, 0.57),
    "osnet_x0_5": (0.6, 0.27),
    "osnet_x0_25": (0.2, 0.08),
}
print("             parameters (millions)   multiply-adds (billions)")
for name, (parameters, multiply_adds) in PUBLISHED.items():
    model = build_osnet(name)
    ours_parameters, ours_adds = num_weights(model) / 1e6, sum(count_multiply_adds(model).values()) / 1e9
    print(f"{name:12s}{ours_parameters:7.2f}, published {parameters}{ours_adds:14.3f}, published {multiply_adds}")

# %% tags=["check"]
assert abs(ours_parameters - 0.2) < 0.06 and abs(ours_adds - 0.08) < 0.006

# %% [markdown]
# ## Where the network looks
#
# After each stage there is a feature map: many channels, one value per position. The mean over the channels, laid over
# the crop, shows where the activity is high. (Where, not why: a bright position may speak for or against anything.)

# %%
with torch.inference_mode():
    maps = backbone.stage_maps(torch.from_numpy(embedder.preprocessing(crops[:6])))
for name, stage in zip(("conv2", "conv3", "conv4", "conv5"), maps, strict=True):
    print(name, tuple(stage.shape), "(crops, channels, height, width)")

# %% tags=["hidden"]
# @title Plot the activity after each stage
figure, cells = plt.subplots(5, 6, figsize=(6.2, 9.4))
for column in range(6):
    resized = embedder.preprocessing.resize(crops[column])
    for row, stage in enumerate([None, *maps]):
        cell = cells[row, column]
        cell.imshow(resized)
        if stage is not None:
            heat = F.interpolate(stage[column].mean(0)[None, None], resized.shape[:2], mode="bilinear")[0, 0]
            cell.imshow(heat.numpy(), alpha=0.65, cmap="inferno")
        cell.set(xticks=[], yticks=[])
        cell.grid(False)
        cell.spines[:].set_visible(False)
        if column == 0:
            cell.set_ylabel(
                "crop" if stage is None else f"conv{row + 1}\n{stage.shape[2]} × {stage.shape[3]}", fontsize=9
            )
show(figure, "Six crops, and the activity after each stage (bright: high). Early maps follow edges, late ones are "
     "coarse.")  # fmt: skip

# %% [markdown]
# ## Where was the color?
#
# OSNet averages its last feature map over all positions. An average forgets positions: a red top over blue trousers has
# the same colors as a blue top over red trousers. Here are one person, the same clothes from the side, and the two
# colors exchanged.

# %%
from reid_course import draw_clothed_person

RED, BLUE = (190, 40, 40), (40, 60, 170)
three = [
    draw_clothed_person(RED, BLUE),
    draw_clothed_person(RED, BLUE, heading=1.2, phase=2.5),
    draw_clothed_person(BLUE, RED),
]
titles = [["red over blue", "turned", "exchanged"]]
show_crops([three], "The same clothes from two sides, and the two colors exchanged.", titles)

# %% [markdown]
# A useful embedding puts the exchanged colors farther away than the turned person. We divide the two distances: 1 means
# "cannot tell them apart", and more is better. What is the ratio for the average of the first of the four maps?

# %%
MY_GUESS = None  # a number

# %% [markdown]
# **Part pooling** (Sun and others 2018) keeps the vertical position: cut the feature map into horizontal stripes,
# average within each, and concatenate the averages. Head, chest, legs and shoes get their own places in the vector.


# %%
def average(feature_map: Tensor) -> Tensor:
    """Average over all positions: (n, c, h, w) -> (n, c)."""
    return feature_map.mean(dim=(2, 3))


def stripes(feature_map: Tensor, parts: int = 16) -> Tensor:
    """Average within horizontal stripes: (n, c, h, w) -> (n, c · parts)."""
    return F.adaptive_avg_pool2d(feature_map, (parts, 1)).flatten(1)


def contrast(vectors: Tensor) -> float:
    """Return the distance to the exchanged colors over the distance to the turned person."""
    original, turned, exchanged = F.normalize(vectors)
    return float(torch.dist(original, exchanged) / torch.dist(original, turned))


with torch.inference_mode():
    maps = backbone.stage_maps(torch.from_numpy(embedder.preprocessing(three)))
compare_guess(MY_GUESS, contrast(average(maps[0])), "average of the first map", unit="")
print("        average  16 stripes")
for name, stage in zip(("conv2", "conv3", "conv4", "conv5"), maps, strict=True):
    print(f"{name:8s}{contrast(average(stage)):7.1f}{contrast(stripes(stage)):12.1f}")

# %% [markdown]
# The average of an early map can hardly tell the two apart. Later maps have larger receptive fields and have mixed
# color and position already. Stripes help everywhere. The price: a longer vector, and a badly cut crop (feet missing,
# wall above the head) shifts all stripes.
#
# Does it find more people? The same weights, read in three ways:


# %%
class Readout(nn.Module):
    """The average of the last map, its stripes, and the stripes of the last three maps."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, x: Tensor) -> Tensor:
        _, third, fourth, last = self.backbone.stage_maps(x)
        parts = [F.normalize(stripes(stage)) for stage in (third, fourth, last)]
        return torch.cat([average(last), *parts], dim=1)


# %%
from learning_reid import evaluate_retrieval
from learning_reid.datasets import embed_samples
from learning_reid.embedding import TorchEmbedder
from learning_reid.retrieval import cosine_distance

features = embed_samples(split.samples, TorchEmbedder(Readout(), embedder.preprocessing, normalize=False))
channels = maps[-1].shape[1]
readouts = {
    "average of the last map": features[:, :channels],
    "16 stripes of the last map": features[:, -16 * channels :],
    "16 stripes of three maps": features[:, channels:],
}
query, gallery = split.query_labels, split.gallery_labels
for name, vectors in readouts.items():
    distances = cosine_distance(vectors[: len(query)], vectors[len(query) :])
    result = evaluate_retrieval(distances, query.person, gallery.person, query.camera, gallery.camera)
    print(f"{name:27s} rank-1 {100 * result.rank1:4.1f}, mAP {100 * result.map:4.1f}")

# %% [markdown]
# The embedded network was *trained* with stripes, so the comparison is not quite fair to the average. A network answers
# best in the way it was trained for.
#
# ## Summary
#
# > - **Lite 3 × 3**: mix the channels, then look at the neighbors, with about eight times fewer weights.
# > - **Four streams** with receptive fields of 3, 5, 7 and 9 pixels; one shared **gate** weights their channels,
# >   depending on the image.
# > - **Parameters** are stored, **multiply-adds** are computed. Most parameters are late, most computing is early.
# > - An average forgets where a color was. **Stripes** keep the vertical position.
#
# ## Check yourself
#
# 1. A stream of six lite convolutions: what is its receptive field?
#
#    <details><summary>Answer</summary>
#
#    2 · 6 + 1 = 13 pixels.
#
#    </details>
#
# 2. Crops of half the height and half the width: what happens to parameters and multiply-adds?
#
#    <details><summary>Answer</summary>
#
#    The parameters stay, the multiply-adds fall to about a quarter: the same kernels visit a quarter of the positions.
#
#    </details>
#
# 3. Why do the four streams share one gate?
#
#    <details><summary>Answer</summary>
#
#    With a gate of its own, a stream could get a constant weight, whatever the image shows. A shared gate has to judge
#    the feature map itself. It also saves parameters.
#
#    </details>
#
# 4. A crop cuts off the feet. Which readout suffers more, the average or the stripes?
#
#    <details><summary>Answer</summary>
#
#    The stripes: everything moves down by one or two stripes, so chest is compared with belly.
#
#    </details>
#
# ## Try this
#
# - Count `build_osnet("osnet_ain_x1_0")`. Where are its instance normalizations, and what do they cost?
# - `count_multiply_adds(full, 128, 64)`: which number changes by how much?
# - Use 2, 4 or 8 stripes instead of 16. Where does the gain stop?
# - Look at another gate: `backbone.conv4[1]`. Does it still depend on the image?
#
# [Worked answers](../docs/teaching-answers.md#7-osnet). Then solve
# [exercise set 7: the block of OSNet](exercises/student/07_osnet_block.ipynb).
#
# ## Further reading
#
# - Zhou and others 2019, [Omni-Scale Feature Learning](https://arxiv.org/abs/1905.00953): OSNet.
# - Sun and others 2018, [Beyond Part Models](https://arxiv.org/abs/1711.09349): stripes.
# - The code: [osnet.py](../src/learning_reid/models/osnet.py),
#   [osnet_blocks.py](../src/learning_reid/models/osnet_blocks.py),
#   [part_pooling.py](../src/learning_reid/models/part_pooling.py).
