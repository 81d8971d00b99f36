# %% [markdown]
# # 7. The block of OSNet
#
# > How do you look through a small window and a large one at once, and who decides which of them counts?
#
# **You will learn** to build OSNet's block from its parts, so exactly that published weights fit into it; to say how
# many pixels a chain of layers sees; and to count what a block weighs before it is built.
#
# **Needs** lesson 7.
#
# **Takes** 60 minutes.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from learning_reid.datasets import read_crop
from learning_reid.models import osnet_blocks as project
from reid_course import checks, lesson_embedder, show, show_crops, student_seed, student_split

NAME = "Ada Lovelace"  # yours: people and numbers are drawn from it
SEED = student_seed(NAME)

# %% [markdown]
# ## Eight crops and a trained network
#
# Eight people who never existed, and the embedded OSNet ×0.25, whose weights you are going to borrow.

# %%
contest = student_split(SEED)
chosen = np.random.default_rng(SEED).permutation(len(contest.gallery))[:8]
embedder = lesson_embedder("embedded")
crops = [embedder.preprocessing.resize(read_crop(contest.gallery[row])) for row in chosen]  # (256, 128, 3) each
batch = torch.from_numpy(embedder.preprocessing(crops))  # (8, 3, 256, 128)
network = embedder.network.backbone
show_crops([crops], "The crops that your parts are going to look at.")


def listen(part: nn.Module) -> list[Tensor]:
    """What comes into a part of the network while it looks at the batch; the gate is asked four times."""
    heard: list[Tensor] = []
    ear = part.register_forward_hook(lambda part, x, y: heard.append(x[0]))
    with torch.inference_mode():
        network(batch)
    ear.remove()
    return heard


# %% [markdown]
# Weights fit if they have the same *names* and *shapes*. So the names of the parts are given (`conv1`, `fc1`, …): those
# of the published files.

# %% [markdown]
# ## Question 1: a convolution in two cheap steps (2 points)
#
# A **Lite 3×3** keeps the number of channels and the size of the map:
#
# | name | what it does |
# |---|---|
# | `conv1` | a 1×1 convolution: mixes the channels, sees one pixel |
# | `conv2` | a *depthwise* 3×3 convolution (`groups`): looks around, in each channel alone |
# | `bn` | `nn.BatchNorm2d` |
#
# in this order, and at last a ReLU; none between the convolutions. Neither convolution has a bias: the normalisation
# at the end has one for both.


# %% tags=["solution"]
class Lite(nn.Module):
    """A Lite 3x3: (n, c, h, w) -> (n, c, h, w)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.conv1 = nn.Conv2d(channels, channels, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)
        # END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        # BEGIN SOLUTION
        return F.relu(self.bn(self.conv2(self.conv1(x))))
        # END SOLUTION


# %% tags=["test"]
def test_lite_shape(Lite):
    found = Lite(6)(torch.rand(2, 6, 9, 5))
    checks.shape(found, (2, 6, 9, 5), "as many channels, and a map of the same size")


# %% tags=["test"]
def test_lite_is_light(Lite):
    count = sum(weight.numel() for weight in Lite(10).parameters())
    checks.equal(count, 10 * 10 + 9 * 10 + 2 * 10, "with 10 channels: 100 + 90 weights, and 20 of the normalisation")


# %% tags=["hidden"]
def test_lite_names_and_shapes(Lite):
    mine, theirs = (
        {name: tuple(value.shape) for name, value in part.state_dict().items()}
        for part in (Lite(6), project.LiteConv3x3(6))
    )
    more, less = sorted(set(mine) - set(theirs)), sorted(set(theirs) - set(mine))
    checks.holds(not more, f"weights too much: {more[:3]}; no bias where bn follows, and the given names")
    checks.holds(not less, f"weights missing: {less[:3]}")
    for name, shape in theirs.items():
        checks.holds(mine[name] == shape, f"{name} has the shape {mine[name]}, published is {shape}")


# %% tags=["hidden"]
def test_lite_like_the_projects(Lite, SEED):
    torch.manual_seed(SEED)
    mine, theirs, x = Lite(6), project.LiteConv3x3(6), torch.randn(3, 6, 7, 5)
    theirs(x)  # so that the normalisation has statistics
    fits = mine.load_state_dict(theirs.state_dict(), strict=False)
    checks.holds(not any(fits), "the project's weights do not fit: are all names the given ones?")
    checks.close(mine.eval()(x), theirs.eval()(x), "the same weights: conv1, conv2, bn, ReLU in this order?")
    checks.close(mine.train()(x), theirs.train()(x), "the same weights, while training")


# %% [markdown]
# ## Question 2: how much does it see? (1 point)
#
# A 3×3 convolution sees 3 pixels across, two in a row see 5. After a layer of *stride* 2 two neighbouring pixels of its
# map stand 2 pixels of the picture apart, so that whatever comes later sees farther. Write `seen`.


# %% tags=["solution"]
def seen(layers: list[tuple[int, int]]) -> int:
    """How many pixels across one output pixel of a chain of layers sees of its input.

    Args:
        layers: kernel and stride of each convolution or pooling, from the first to the last.

    Returns:
        From the leftmost pixel that is seen to the rightmost one, both counted.
    """
    # BEGIN SOLUTION
    across, apart = 1, 1  # apart: pixels of the input between two neighbours of the map
    for kernel, stride in layers:
        across += (kernel - 1) * apart
        apart *= stride
    return across
    # END SOLUTION


# %% tags=["test"]
def test_seen_by_hand(seen):
    checks.equal(seen([(3, 1)]), 3, "one 3 × 3")
    checks.equal(seen([(3, 1), (3, 1)]), 5, "two of them in a row")
    checks.equal(seen([(2, 2), (2, 2)]), 4, "halved twice: a quarter as many pixels")


# %% tags=["hidden"]
def test_seen_by_osnet(seen):
    stem, lite = [(7, 2), (3, 2)], [(1, 1), (3, 1)]
    checks.equal(seen([]), 1, "no layer: the pixel itself")
    checks.equal(seen(stem), 11, "7 pixels, and 2 neighbours more that stand 2 apart")
    checks.equal([seen(lite * depth) for depth in (1, 2, 3, 4)], [3, 5, 7, 9], "the four streams: 2 t + 1")
    checks.equal(seen(stem + lite * 4), 43, "behind the stem each step is 4 pixels")


# %% tags=["hidden"]
def test_seen_as_the_gradient_sees(seen, SEED):
    rng = np.random.default_rng(SEED)
    for _ in range(4):
        layers = [(int(rng.choice([1, 2, 3, 5, 7])), int(rng.choice([1, 2, 3]))) for _ in range(4)]
        chain = nn.Sequential(*[nn.Conv1d(1, 1, kernel, stride, bias=False) for kernel, stride in layers])
        for weight in chain.parameters():
            nn.init.ones_(weight)
        x = torch.zeros(1, 1, 1200, requires_grad=True)
        y = chain(x)
        y[0, 0, y.shape[2] // 2].backward()
        moved = x.grad[0, 0].nonzero()
        checks.equal(seen(layers), int(moved.max() - moved.min()) + 1, f"the gradient says so, for {layers}")


# %% [markdown]
# A way through OSNet may take the smallest stream of each block, or the largest, or any between. What one pixel of the
# last map of each stage sees along the narrowest way and along the widest, by your `seen`:

# %%
stem, halve = [(7, 2), (3, 2)], [(1, 1), (2, 2)]
figure, cells = plt.subplots(1, 3, figsize=(5.6, 3.9))
for stage, cell in enumerate(cells, start=1):
    cell.imshow(crops[0])
    for depth, colour in ((1, "#e69f00"), (4, "#56b4e9")):
        blocks = [(3, 1)] * depth * 2  # two blocks in each stage; 1 × 1 convolutions see nothing more
        wide = seen(stem + (blocks + halve) * (stage - 1) + blocks)
        corner = 64 - wide / 2, 105 - wide / 2
        cell.add_patch(plt.Rectangle(corner, wide, wide, fill=False, lw=2, color=colour, label=f"{wide} pixels"))
    cell.set(title=f"conv{stage + 1}", xticks=[], yticks=[], xlim=(0, 128), ylim=(256, 0))
    cell.legend(loc="lower center", fontsize=8)
    cell.grid(False)
show(
    figure,
    "What one pixel sees after each stage: along the narrowest way (orange) and along the widest (blue, in the "
    "end larger than the crop).",
)

# %% [markdown]
# ## Question 3: the gate (2 points)
#
# The **unified aggregation gate** decides which channels of a stream count in *this* crop. It averages the map of each
# channel over the whole picture, thinks in two steps, and multiplies each channel with a number from 0 to 1:
#
# | name | what it does |
# |---|---|
# | | average over height and width: (n, c, h, w) → (n, c, 1, 1) |
# | `fc1` | a 1×1 convolution with bias to c // reduction channels, then ReLU |
# | `fc2` | a 1×1 convolution with bias back to c channels, then a sigmoid |
#
# (On a map of one pixel a 1×1 convolution is a fully connected layer.)


# %% tags=["solution"]
class Gate(nn.Module):
    """The gate: (n, c, h, w) -> (n, c, h, w), each channel of each crop times a number of its own from 0 to 1."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1)
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1)
        # END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        # BEGIN SOLUTION
        asked = x.mean(dim=(2, 3), keepdim=True)  # (n, c, 1, 1)
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(asked))))
        # END SOLUTION


# %% tags=["test"]
def test_gate_shape(Gate):
    checks.shape(Gate(32)(torch.rand(2, 32, 4, 3)), (2, 32, 4, 3), "what comes out is the map, multiplied")


# %% tags=["test"]
def test_gate_by_hand(Gate):
    gate, x = Gate(32), torch.rand(2, 32, 4, 3)
    for weight in gate.parameters():
        nn.init.zeros_(weight)
    checks.close(gate(x), x / 2, "with weights of 0 the sigmoid gives ½ to every channel")


# %% tags=["hidden"]
def test_gate_names_and_shapes(Gate):
    for reduction in (16, 4):
        mine, theirs = (
            {name: tuple(value.shape) for name, value in part.state_dict().items()}
            for part in (Gate(32, reduction), project.Gate(32, reduction))
        )
        more, less = sorted(set(mine) - set(theirs)), sorted(set(theirs) - set(mine))
        checks.holds(not less, f"weights missing: {less[:3]}; fc1 and fc2 have a bias each")
        checks.holds(not more, f"weights too much: {more[:3]}")
        for name, shape in theirs.items():
            checks.holds(mine[name] == shape, f"{name} has the shape {mine[name]}, published is {shape}")


# %% tags=["hidden"]
def test_gate_like_the_projects(Gate, SEED):
    torch.manual_seed(SEED)
    mine, theirs, x = Gate(32, 4), project.Gate(32, 4), 3 * torch.randn(5, 32, 6, 4)
    fits = mine.load_state_dict(theirs.state_dict(), strict=False)
    checks.holds(not any(fits), "the project's weights do not fit: are all names the given ones?")
    checks.close(mine(x), theirs(x), "the same weights: average, fc1, ReLU, fc2, sigmoid, times x?")


# %% tags=["hidden"]
def test_gate_is_a_number_for_each_channel(Gate, SEED):
    torch.manual_seed(SEED)
    x = torch.rand(3, 32, 6, 4) + 0.5
    weight = Gate(32, 4)(x) / x
    here = weight[:, :, :1, :1].expand_as(weight)
    checks.close(weight, here, "within a channel every place is multiplied with the same number")
    checks.holds(weight.std(dim=1).min() > 1e-4, "channels need numbers of their own")


# %% [markdown]
# Your gate with the weights of the trained one, in the first block of `conv4`: one number for each stream and channel.

# %%
trained = network.conv4[0].gate
gate = Gate(trained.fc1.in_channels)
gate.load_state_dict(trained.state_dict())
said = []
gate.fc2.register_forward_hook(lambda part, x, y: said.append(y.sigmoid()[:, :, 0, 0]))
with torch.inference_mode():
    for answer_of_stream in listen(trained):
        gate(answer_of_stream)
opened = torch.stack(said, dim=1).numpy()  # (8 crops, 4 streams, channels)
changeable = np.argsort(opened.std(axis=(0, 1)))[::-1]  # channels, those that depend most on crop and stream first
figure, cells = plt.subplots(3, 2, figsize=(6.6, 5), width_ratios=[1, 6])
for index, (left, right) in enumerate(cells):
    left.imshow(crops[index])
    drawn = right.imshow(opened[index][:, changeable], aspect="auto", vmin=0, vmax=1, cmap=plt.get_cmap("viridis", 10))
    right.set(yticks=range(4), yticklabels=["3 pixels", "5", "7", "9"], xticks=[])
    left.set(xticks=[], yticks=[])
    for cell in (left, right):
        cell.grid(False)
cells[-1, 1].set_xlabel("channel, the most changeable first")
figure.colorbar(drawn, ax=cells[:, 1], pad=0.01)
show(figure, "How far the gate opens each channel (1 = fully) of the four streams, for three crops.")

# %% [markdown]
# On the right are channels for which the gate has a standing opinion: this one yes, that one no. On the left are those
# for which it matters which stream is asked, and which crop.

# %% [markdown]
# ## Question 4: the block (2 points)
#
# $y = \mathrm{ReLU}\big(\text{shortcut}(x) + W_3 \sum_{t=1}^{4} G(x^t) \odot x^t\big)$. All four streams begin with the
# same narrow map, and *one* gate serves them all. So that nobody waits for the questions above, take the project's
# parts:
#
# | name | part |
# |---|---|
# | `conv1` | `project.ConvNorm(in_channels, middle)`: 1×1, normalisation, ReLU; middle = out_channels // 4 |
# | `conv2a` | `project.LiteConv3x3(middle)`, the first stream |
# | `conv2b`, `conv2c`, `conv2d` | `project.stream(middle, t)`: t of them in a row, for t = 2, 3, 4 |
# | `gate` | `project.Gate(middle)` |
# | `conv3` | `project.ConvNorm(middle, out_channels, linear=True)`: without ReLU |
# | `downsample` | where in_channels is not out_channels a ConvNorm from one to the other, linear too; else `None` |
#
# The shortcut is x itself, or `downsample(x)`. Only the sum gets a ReLU.


# %% tags=["solution"]
class Block(nn.Module):
    """An omni-scale block: (n, in_channels, h, w) -> (n, out_channels, h, w)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        # BEGIN SOLUTION
        middle, same = out_channels // 4, in_channels == out_channels
        self.conv1 = project.ConvNorm(in_channels, middle)
        self.conv2a = project.LiteConv3x3(middle)
        self.conv2b, self.conv2c, self.conv2d = (project.stream(middle, depth) for depth in (2, 3, 4))
        self.gate = project.Gate(middle)
        self.conv3 = project.ConvNorm(middle, out_channels, linear=True)
        self.downsample = None if same else project.ConvNorm(in_channels, out_channels, linear=True)
        # END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        # BEGIN SOLUTION
        shortcut = x if self.downsample is None else self.downsample(x)
        narrow = self.conv1(x)
        streams = (self.conv2a, self.conv2b, self.conv2c, self.conv2d)
        return F.relu(shortcut + self.conv3(sum(self.gate(stream(narrow)) for stream in streams)))
        # END SOLUTION


# %% tags=["test"]
def test_block_shape(Block):
    checks.shape(Block(32, 64)(torch.rand(2, 32, 6, 4)), (2, 64, 6, 4), "other channels, the same size of the map")
    checks.shape(Block(64, 64)(torch.rand(2, 64, 6, 4)), (2, 64, 6, 4), "as many channels as before")


# %% tags=["test"]
def test_block_without_its_branch(Block):
    block, x = Block(64, 64).eval(), torch.randn(2, 64, 6, 4)
    nn.init.zeros_(block.conv3.conv.weight)
    checks.close(block(x), x.clamp(min=0), "if conv3 gives 0, y is the ReLU of x")


# %% tags=["hidden"]
def test_block_names_and_shapes(Block):
    for sizes in ((32, 64), (64, 64)):
        mine, theirs = (
            {name: tuple(value.shape) for name, value in part.state_dict().items()}
            for part in (Block(*sizes), project.OmniScaleBlock(*sizes))
        )
        more, less = sorted(set(mine) - set(theirs)), sorted(set(theirs) - set(mine))
        checks.holds(
            not more, f"from {sizes[0]} to {sizes[1]} channels too much: {more[:2]}; one gate serves all streams"
        )
        checks.holds(not less, f"from {sizes[0]} to {sizes[1]} channels missing: {less[:2]}")
        for name, shape in theirs.items():
            checks.holds(mine[name] == shape, f"{name} has the shape {mine[name]}, published is {shape}")


# %% tags=["hidden"]
def test_block_like_the_projects(Block, SEED):
    torch.manual_seed(SEED)
    for sizes in ((32, 64), (64, 64)):
        mine, theirs, x = Block(*sizes), project.OmniScaleBlock(*sizes), torch.randn(4, sizes[0], 8, 6)
        theirs(x)  # so that the normalisations have statistics
        fits = mine.load_state_dict(theirs.state_dict(), strict=False)
        checks.holds(not any(fits), "the project's weights do not fit: are all names the given ones?")
        why = f"from {sizes[0]} to {sizes[1]} channels: each stream gated, then added, then conv3, then the shortcut?"
        checks.close(mine.eval()(x), theirs.eval()(x), why)
        checks.close(mine.train()(x), theirs.train()(x), why, tolerance=1e-4)


# %% [markdown]
# Your block in the place of the trained one, with its weights. And what its four streams find, small to large: the mean
# over the channels, bright where much is going on.

# %%
trained = network.conv2[0]
x = listen(trained)[0]
block = Block(x.shape[1], trained.conv3.conv.out_channels).eval()
block.load_state_dict(trained.state_dict())
with torch.inference_mode():
    off = float((block(x) - trained(x)).abs().max())
    narrow = block.conv1(x)
    maps = [block.gate(stream(narrow)) for stream in (block.conv2a, block.conv2b, block.conv2c, block.conv2d)]
print(f"your block and the trained one differ by {off:.6f} at most")
figure, cells = plt.subplots(2, 5, figsize=(5.2, 4.5))
for index, line in enumerate(cells):
    line[0].imshow(crops[index])
    for cell, found, words in zip(line[1:], maps, ("3 pixels", "5", "7", "9"), strict=True):
        cell.imshow(found[index].mean(dim=0).numpy(), cmap="inferno")
        cell.set_title(words if index == 0 else "", fontsize=9)
    for cell in line:
        cell.set(xticks=[], yticks=[])
        cell.grid(False)
show(figure, "Two crops, and what each of the four gated streams of the first block makes of them.")

# %% [markdown]
# ## Question 5: how heavy is a block? (2 points)
#
# Count before you build: how many numbers does training set in such a block? A convolution without bias has kernel ·
# kernel · inputs · outputs (a depthwise one has a single input for each output), a bias one for each output, a batch
# normalisation two for each channel. What is used four times is counted once. (torchreid's own counter does not do so.)
# Write the formula, for all sizes; do not build a block in it.


# %% tags=["solution"]
def block_weights(in_channels: int, out_channels: int) -> int:
    """How many numbers training sets in a `Block`; out_channels is 64 or more, and a multiple of 4."""
    # BEGIN SOLUTION
    middle, inner = out_channels // 4, out_channels // 4 // 16
    lite = middle * middle + 9 * middle + 2 * middle
    gate = middle * inner + inner + inner * middle + middle
    conv1 = in_channels * middle + 2 * middle
    conv3 = middle * out_channels + 2 * out_channels
    downsample = 0 if in_channels == out_channels else in_channels * out_channels + 2 * out_channels
    return conv1 + (1 + 2 + 3 + 4) * lite + gate + conv3 + downsample
    # END SOLUTION


# %% [markdown] tags=["why"]
# Ten Lite 3×3, one gate. With 64 → 256 channels, the first block of ×1.0: 4,224 for `conv1`, 48,000 for the streams,
# 580 for the gate, 16,896 each for `conv3` and `downsample`; 86,596 together. *One* ordinary stream of four 3×3
# convolutions with 64 channels would have 147,456.


# %% tags=["test"]
def test_count_by_hand(block_weights):
    found = block_weights(64, 256)
    checks.dtype(found, "int", "numbers are counted whole: // instead of /")
    checks.equal(found, 86596, "from 64 to 256 channels, the first block of OSNet ×1.0")


# %% tags=["hidden"]
def test_count_like_the_projects(block_weights):
    for sizes in ((256, 256), (256, 384), (16, 64), (64, 64), (48, 192), (96, 100)):
        built = sum(weight.numel() for weight in project.OmniScaleBlock(*sizes).parameters())
        checks.equal(block_weights(*sizes), built, f"a block from {sizes[0]} to {sizes[1]} channels, built and counted")


# %% [markdown]
# ## Question 6: what a gate cannot do (1 point)
#
# No code now. Which of these can the gate of a block *not* do, whatever its weights are?
#
# - **a** Open channel 7 in the stream of 9 pixels, and shut it in the stream of 3 pixels, for the same crop.
# - **b** Open channel 7 in the left half of a crop, and shut it in the right half.
# - **c** Open channel 7 for one crop of the batch, and shut it for the next.
# - **d** Shut nearly all channels of one stream, and open them in the three others.

# %% tags=["solution"]
answer = "b"  # SOLUTION

# %% [markdown] tags=["why"]
# **b.** The gate averages over height and width before it thinks, and gives one number for a whole channel: it no
# longer knows left from right. That is why it needs only a few hundred weights. (*Spatial* attention, as in other
# networks, gives a number to each place.)
#
# **a** and **d** it can do although the streams share it: it is asked four times, about four different maps, and
# answers by what it is shown. Sharing means that it gives the same answer to the same map, and that all streams train
# it. **c** it does all the time; your picture under question 3 shows it.


# %% tags=["test"]
def test_answer_is_a_choice(answer):
    checks.choice(answer, "abcd")


# %% tags=["hidden"]
def test_answer_is_right(answer):
    checks.equal(answer, "b", "what is left of a map when the gate begins to think?")
