"""Parameters and multiply-adds: published numbers, and a network counted by hand."""

import pytest
from torch import nn

from learning_reid.models.complexity import complexity_of, measure_complexity
from learning_reid.zoo.cards import all_cards

PUBLISHED = {card.architecture: card.published for card in all_cards().values() if card.published.gflops}
SAMPLE = ("osnet_x0_25", "mobilenetv2_x1_0", "hacnn")


@pytest.mark.parametrize(
    "name", [name if name in SAMPLE else pytest.param(name, marks=pytest.mark.matrix) for name in PUBLISHED]
)
def test_published_numbers(name: str) -> None:
    cost, published = complexity_of(name), PUBLISHED[name]
    assert published.params_m is not None and published.gflops is not None
    for counted, expected in (
        (cost.parameters_in_use / 1e6, published.params_m),
        (cost.multiply_adds / 1e9, published.gflops),
    ):
        digits = len(f"{expected}".partition(".")[2])
        assert round(counted, digits) == expected


def test_layers_used_several_times_are_stored_once() -> None:
    assert complexity_of("hacnn").parameters < complexity_of("hacnn").parameters_in_use == 4_507_928


def test_network_counted_by_hand() -> None:
    network = nn.Sequential(nn.Conv2d(3, 5, 3, padding=1, bias=False), nn.Flatten(), nn.Linear(5 * 8 * 4, 7))
    cost = measure_complexity(network, (8, 4))
    assert cost.parameters == cost.parameters_in_use == 5 * 3 * 9 + 7 * 160 + 7
    assert cost.multiply_adds == 5 * 8 * 4 * 3 * 9 + 160 * 7
