# ruff: noqa
"""Classic wrong answers to set 7. Each stands in place of the solution; the line above it says what is wrong."""

import torch
from torch import nn
from torch.nn import functional as F

from learning_reid.models import osnet_blocks as project

# %% q1: not depthwise


class Lite(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x):
        return F.relu(self.bn(self.conv2(self.conv1(x))))


# %% q1: looks around first, mixes then


class Lite(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x):
        return F.relu(self.bn(self.conv1(self.conv2(x))))


# %% q1: biases where a normalisation follows


class Lite(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x):
        return F.relu(self.bn(self.conv2(self.conv1(x))))


# %% q1: a ReLU between the convolutions


class Lite(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x):
        return F.relu(self.bn(self.conv2(F.relu(self.conv1(x)))))


# %% q1: the ReLU before the normalisation


class Lite(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x):
        return self.bn(F.relu(self.conv2(self.conv1(x))))


# %% q1: no padding, so that the map shrinks


class Lite(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x):
        return F.relu(self.bn(self.conv2(self.conv1(x))))


# %% q1: names of one's own


class Lite(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.mix = nn.Conv2d(channels, channels, 1, bias=False)
        self.look = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x):
        return F.relu(self.norm(self.look(self.mix(x))))


# %% q2: strides forgotten


def seen(layers):
    return 1 + sum(kernel - 1 for kernel, _ in layers)


# %% q2: the stride counts for its own layer too


def seen(layers):
    across, apart = 1, 1
    for kernel, stride in layers:
        apart *= stride
        across += (kernel - 1) * apart
    return across


# %% q2: kernels multiplied


def seen(layers):
    across = 1
    for kernel, _ in layers:
        across *= kernel
    return across


# %% q2: kernels added


def seen(layers):
    return sum(kernel for kernel, _ in layers)


# %% q2: from the first to the last with the formula that goes from the last to the first


def seen(layers):
    across = 1
    for kernel, stride in layers:
        across = (across - 1) * stride + kernel
    return across


# %% q2: only the last stride counts


def seen(layers):
    across, apart = 1, 1
    for kernel, stride in layers:
        across += (kernel - 1) * apart
        apart = stride
    return across


# %% q3: a gate for each place instead of each channel


class Gate(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1)
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(x))))


# %% q3: one number for all channels


class Gate(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1)
        self.fc2 = nn.Conv2d(channels // reduction, 1, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(x.mean(dim=(2, 3), keepdim=True)))))


# %% q3: the weights instead of the map


class Gate(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1)
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1)

    def forward(self, x):
        return torch.sigmoid(self.fc2(F.relu(self.fc1(x.mean(dim=(2, 3), keepdim=True)))))


# %% q3: softmax, so that channels compete


class Gate(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1)
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1)

    def forward(self, x):
        return x * torch.softmax(self.fc2(F.relu(self.fc1(x.mean(dim=(2, 3), keepdim=True)))), dim=1)


# %% q3: no ReLU between


class Gate(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1)
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(self.fc1(x.mean(dim=(2, 3), keepdim=True))))


# %% q3: the maximum instead of the average


class Gate(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1)
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(x.amax(dim=(2, 3), keepdim=True)))))


# %% q3: averaged over the batch, too


class Gate(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1)
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(x.mean(dim=(0, 2, 3), keepdim=True)))))


# %% q3: no bias


class Gate(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1, bias=False)
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1, bias=False)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(x.mean(dim=(2, 3), keepdim=True)))))


# %% q3: a reduction of 16, whatever was asked


class Gate(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // 16, 1)
        self.fc2 = nn.Conv2d(channels // 16, channels, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(x.mean(dim=(2, 3), keepdim=True)))))


# %% q4: a gate for each stream


class Block(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        middle = out_channels // 4
        self.conv1 = project.ConvNorm(in_channels, middle)
        self.conv2a = project.LiteConv3x3(middle)
        self.conv2b, self.conv2c, self.conv2d = (project.stream(middle, depth) for depth in (2, 3, 4))
        self.gates = nn.ModuleList(project.Gate(middle) for _ in range(4))
        self.conv3 = project.ConvNorm(middle, out_channels, linear=True)
        same = in_channels == out_channels
        self.downsample = None if same else project.ConvNorm(in_channels, out_channels, linear=True)

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.conv1(x)
        streams = (self.conv2a, self.conv2b, self.conv2c, self.conv2d)
        return F.relu(shortcut + self.conv3(sum(gate(stream(x)) for gate, stream in zip(self.gates, streams))))


# %% q4: the sum is gated, not the streams


class Block(project.OmniScaleBlock):
    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.conv1(x)
        return F.relu(shortcut + self.conv3(self.gate(sum(stream(x) for stream in self.streams()))))


# %% q4: no gates


class Block(project.OmniScaleBlock):
    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.conv1(x)
        return F.relu(shortcut + self.conv3(sum(stream(x) for stream in self.streams())))


# %% q4: one stream after the other


class Block(project.OmniScaleBlock):
    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        x, total = self.conv1(x), 0
        for stream in self.streams():
            x = self.gate(stream(x))
            total = total + x
        return F.relu(shortcut + self.conv3(total))


# %% q4: no ReLU after the sum


class Block(project.OmniScaleBlock):
    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.conv1(x)
        return shortcut + self.conv3(sum(self.gate(stream(x)) for stream in self.streams()))


# %% q4: the ReLU before the shortcut is added


class Block(project.OmniScaleBlock):
    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.conv1(x)
        return shortcut + F.relu(self.conv3(sum(self.gate(stream(x)) for stream in self.streams())))


# %% q4: no shortcut


class Block(project.OmniScaleBlock):
    def forward(self, x):
        x = self.conv1(x)
        return F.relu(self.conv3(sum(self.gate(stream(x)) for stream in self.streams())))


# %% q4: the mean of the streams


class Block(project.OmniScaleBlock):
    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.conv1(x)
        return F.relu(shortcut + self.conv3(sum(self.gate(stream(x)) for stream in self.streams()) / 4))


# %% q4: a ReLU in conv3 and downsample


class Block(project.OmniScaleBlock):
    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels)
        middle = out_channels // 4
        self.conv3 = project.ConvNorm(middle, out_channels)
        same = in_channels == out_channels
        self.downsample = None if same else project.ConvNorm(in_channels, out_channels)


# %% q4: always a downsample


class Block(project.OmniScaleBlock):
    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels)
        self.downsample = project.ConvNorm(in_channels, out_channels, linear=True)


# %% q5: the gate counted once for each stream


def block_weights(in_channels, out_channels):
    m = out_channels // 4
    r = m // 16
    gate = 2 * m * r + r + m
    down = 0 if in_channels == out_channels else in_channels * out_channels + 2 * out_channels
    return in_channels * m + 2 * m + 10 * (m * m + 11 * m) + 4 * gate + m * out_channels + 2 * out_channels + down


# %% q5: normalisations forgotten


def block_weights(in_channels, out_channels):
    m = out_channels // 4
    r = m // 16
    gate = 2 * m * r + r + m
    down = 0 if in_channels == out_channels else in_channels * out_channels
    return in_channels * m + 10 * (m * m + 9 * m) + gate + m * out_channels + down


# %% q5: ordinary 3 × 3 convolutions


def block_weights(in_channels, out_channels):
    m = out_channels // 4
    r = m // 16
    gate = 2 * m * r + r + m
    down = 0 if in_channels == out_channels else in_channels * out_channels + 2 * out_channels
    return in_channels * m + 2 * m + 10 * (10 * m * m + 2 * m) + gate + m * out_channels + 2 * out_channels + down


# %% q5: always a downsample


def block_weights(in_channels, out_channels):
    m = out_channels // 4
    r = m // 16
    gate = 2 * m * r + r + m
    down = in_channels * out_channels + 2 * out_channels
    return in_channels * m + 2 * m + 10 * (m * m + 11 * m) + gate + m * out_channels + 2 * out_channels + down


# %% q5: biases of the gate forgotten


def block_weights(in_channels, out_channels):
    m = out_channels // 4
    r = m // 16
    down = 0 if in_channels == out_channels else in_channels * out_channels + 2 * out_channels
    return in_channels * m + 2 * m + 10 * (m * m + 11 * m) + 2 * m * r + m * out_channels + 2 * out_channels + down


# %% q5: four Lite 3 × 3 instead of ten


def block_weights(in_channels, out_channels):
    m = out_channels // 4
    r = m // 16
    gate = 2 * m * r + r + m
    down = 0 if in_channels == out_channels else in_channels * out_channels + 2 * out_channels
    return in_channels * m + 2 * m + 4 * (m * m + 11 * m) + gate + m * out_channels + 2 * out_channels + down


# %% q5: divided, not counted


def block_weights(in_channels, out_channels):
    m = out_channels / 4
    r = m / 16
    gate = 2 * m * r + r + m
    down = 0 if in_channels == out_channels else in_channels * out_channels + 2 * out_channels
    return in_channels * m + 2 * m + 10 * (m * m + 11 * m) + gate + m * out_channels + 2 * out_channels + down


# %% q6: shared means the same answer for every stream
answer = "a"

# %% q6: the same answer for every crop
answer = "c"

# %% q6: all streams or none
answer = "d"

# %% q6: none of the choices
answer = "b and d"
