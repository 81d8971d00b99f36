"""Learning rates over time, what validation changes, and which parameters are moved how far."""

import numpy as np
import pytest
import torch
from torch.optim import SGD

from learning_reid.config.training import ScheduleSettings
from learning_reid.models.osnet import build_osnet
from learning_reid.training.model import TrainedNetwork
from learning_reid.training.schedule import Schedule, build_optimiser, falling


@pytest.fixture(scope="module")
def model() -> TrainedNetwork:
    return TrainedNetwork(build_osnet("osnet_x0_25"), 512, 64, people=7)


@pytest.mark.parametrize("schedule", ["cosine", "multistep", "plateau"])
def test_every_schedule_warms_up_in_a_straight_line(schedule: str) -> None:
    settings = ScheduleSettings(epochs=40, warmup_epochs=4, schedule=schedule, milestones=[20, 30])
    rates = [falling(settings, epoch) for epoch in np.linspace(0, 4, 9)]
    np.testing.assert_allclose(np.diff(rates), np.diff(rates)[0])
    assert rates[0] == pytest.approx(0.1) and rates[-1] == pytest.approx(1)
    later = [falling(settings, epoch) for epoch in range(4, 41)]
    assert (np.diff(later) <= 0).all()
    assert later[-1] == pytest.approx({"cosine": 0.01, "multistep": 0.01, "plateau": 1.0}[schedule])


def test_backbone_and_head_have_rates_of_their_own_and_norms_no_decay(model: TrainedNetwork) -> None:
    settings = ScheduleSettings(lr=1e-2, backbone_lr=1e-3, weight_decay=0.1, warmup_epochs=0, fixbase_epochs=2)
    optimiser = build_optimiser(model, torch.nn.Identity(), settings)
    schedule = Schedule(settings)
    head = set(map(id, model.head()))
    assert schedule.set_rates(optimiser, 3.0) < 1e-2
    share = falling(settings, 3.0)
    seen = 0
    for group in optimiser.param_groups:
        for parameter in group["params"]:
            seen += 1
            assert group["lr"] == pytest.approx(share * (1e-2 if id(parameter) in head else 1e-3))
            assert group["weight_decay"] == (0.1 if parameter.ndim > 1 else 0)
    assert seen == sum(parameter.requires_grad for parameter in model.parameters())
    schedule.set_rates(optimiser, 1.0)
    assert {group["lr"] == 0 for group in optimiser.param_groups if not group["in_head"]} == {True}


@pytest.mark.parametrize(("name", "kind"), [("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW), ("sgd", SGD)])
def test_the_optimiser_is_the_one_named(name: str, kind: type, model: TrainedNetwork) -> None:
    assert type(build_optimiser(model, torch.nn.Identity(), ScheduleSettings(optimiser=name))) is kind


def test_plateau_steps_down_when_validation_stands_still() -> None:
    settings = ScheduleSettings(schedule="plateau", plateau_epochs=2, gamma=0.5, warmup_epochs=0, patience=5)
    schedule, optimiser = Schedule(settings), SGD([{"params": [torch.nn.Parameter(torch.ones(1))]}], lr=1)
    optimiser.param_groups[0] |= {"in_head": True, "full_lr": 1.0}
    rates = []
    for mean_ap in (0.1, 0.2, 0.2, 0.1, 0.3, 0.2, 0.2, 0.2, 0.2, 0.2):
        schedule.hear(mean_ap)
        rates.append(schedule.set_rates(optimiser, 1.0))
    assert rates == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125]
    assert schedule.best == 0.3 and schedule.finished_early
    assert schedule.hear(0.3) and not schedule.hear(0.29)  # of equals the later is kept


def test_a_schedule_goes_on_from_its_state() -> None:
    first, second = (Schedule(ScheduleSettings(schedule="plateau", plateau_epochs=1)) for _ in range(2))
    for mean_ap in (0.5, 0.4, 0.3):
        first.hear(mean_ap)
    second.load_state_dict(first.state_dict())
    assert second == first and second.downs == 2
