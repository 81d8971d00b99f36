"""MixStyle: pictures of a batch lend each other their style, so that a network cannot rely on the look of one world.

Paper: Zhou, Yang, Qiao and Xiang 2021, "Domain Generalization with MixStyle" (ICLR), arXiv 2104.02008, eq. 4 to 6,
tried there on OSNet too. Mean and deviation of a channel over the picture say how it was photographed rather than what
is on it: brightness, colour cast, contrast. They are mixed between two pictures; what is where stays as it is.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import numpy as np
import torch
from torch import Tensor, nn

_CONCENTRATION = 0.1  # of the Beta distribution; below 1, most pictures keep nearly all of their style, or nearly none
_LEAST = 1e-6


def mix_styles(maps: Tensor, share: Tensor, partners: Tensor) -> Tensor:
    """Give each map a mixture of its own style and that of another.

    Args:
        maps: (n, c, h, w) after some stage of a network.
        share: (n,) in 0–1, of the own style.
        partners: (n,) int64, whose style is mixed in.

    Returns:
        (n, c, h, w); no gradient goes through the styles.

    >>> maps = torch.tensor([1.0, 3.0, 10.0, 14.0]).view(2, 1, 1, 2)
    >>> mix_styles(maps, share=torch.zeros(2), partners=torch.tensor([1, 0])).flatten(1).round().tolist()
    [[10.0, 14.0], [1.0, 3.0]]
    """
    mean = maps.mean(dim=(2, 3), keepdim=True).detach()  # (n, c, 1, 1)
    deviation = (maps.var(dim=(2, 3), keepdim=True) + _LEAST).sqrt().detach()
    share = share.view(-1, 1, 1, 1)
    mixed_mean = share * mean + (1 - share) * mean[partners]
    mixed_deviation = share * deviation + (1 - share) * deviation[partners]
    return (maps - mean) / deviation * mixed_deviation + mixed_mean


@contextmanager
def styles_mixed(stages: Iterable[nn.Module], chance: float, seed: int | Sequence[int]) -> Iterator[None]:
    """While this lasts, the outputs of these modules may have their styles mixed.

    Args:
        stages: modules whose output is (n, c, h, w).
        chance: how likely a pass through a stage is mixed, 0–1.
        seed: of all choices.
    """
    rng = np.random.default_rng(seed)

    def mix(stage: nn.Module, inputs: tuple[Tensor, ...], maps: Tensor) -> Tensor:
        if rng.random() >= chance:
            return maps
        share = rng.beta(_CONCENTRATION, _CONCENTRATION, len(maps))
        return mix_styles(maps, torch.from_numpy(share).to(maps), torch.from_numpy(rng.permutation(len(maps))))

    with ExitStack() as hooks:
        for stage in stages:
            hooks.callback(stage.register_forward_hook(mix).remove)
        yield
