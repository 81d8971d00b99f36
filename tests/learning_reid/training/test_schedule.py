"""Learning rates over time, parameter groups, and the reaction to validations."""

import numpy as np
import pytest
import torch
from torch.optim import SGD

from learning_reid.config.training import ScheduleSettings
from learning_reid.models.osnet import build_osnet
from learning_reid.training.model import TrainingModel
from learning_reid.training.schedule import LearningRateSchedule, build_optimizer, lr_factor


@pytest.fixture(scope="module")
def model() -> TrainingModel:
    return TrainingModel(build_osnet("osnet_x0_25"), 512, 64, classes=7)


@pytest.mark.parametrize("schedule", ["cosine", "multistep", "plateau"])
def test_every_schedule_warms_up_linearly(schedule: str) -> None:
    settings = ScheduleSettings(epochs=40, warmup_epochs=4, schedule=schedule, milestones=[20, 30])
    factors = [lr_factor(settings, epoch) for epoch in np.linspace(0, 4, 9)]
    np.testing.assert_allclose(np.diff(factors), np.diff(factors)[0])
    assert factors[0] == pytest.approx(0.1) and factors[-1] == pytest.approx(1)
    later = [lr_factor(settings, epoch) for epoch in range(4, 41)]
    assert (np.diff(later) <= 0).all()
    assert later[-1] == pytest.approx({"cosine": 0.01, "multistep": 0.01, "plateau": 1.0}[schedule])


def test_backbone_and_head_have_their_own_rates_and_norms_no_weight_decay(model: TrainingModel) -> None:
    settings = ScheduleSettings(lr=1e-2, backbone_lr=1e-3, weight_decay=0.1, warmup_epochs=0, fixbase_epochs=2)
    optimizer = build_optimizer(settings, model.parameters(), model.backbone.parameters())
    schedule = LearningRateSchedule(settings)
    backbone = set(map(id, model.backbone.parameters()))
    assert schedule.set_rates(optimizer, 3.0) < 1e-2
    factor = lr_factor(settings, 3.0)
    count = 0
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            count += 1
            assert group["lr"] == pytest.approx(factor * (1e-3 if id(parameter) in backbone else 1e-2))
            assert group["weight_decay"] == (0.1 if parameter.ndim > 1 else 0)
    assert count == sum(parameter.requires_grad for parameter in model.parameters())
    schedule.set_rates(optimizer, 1.0)
    assert {group["lr"] == 0 for group in optimizer.param_groups if group["is_backbone"]} == {True}


@pytest.mark.parametrize(("name", "kind"), [("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW), ("sgd", SGD)])
def test_the_optimizer_is_the_one_named(name: str, kind: type, model: TrainingModel) -> None:
    assert type(build_optimizer(ScheduleSettings(optimiser=name), model.parameters())) is kind


def test_plateau_reduces_the_rate_when_validation_does_not_improve() -> None:
    settings = ScheduleSettings(schedule="plateau", plateau_epochs=2, gamma=0.5, warmup_epochs=0, patience=5, lr=1)
    schedule = LearningRateSchedule(settings)
    optimizer = build_optimizer(settings, [torch.nn.Parameter(torch.ones(1))])
    rates = []
    for mean_ap in (0.1, 0.2, 0.2, 0.1, 0.3, 0.2, 0.2, 0.2, 0.2, 0.2):
        schedule.update(mean_ap)
        rates.append(schedule.set_rates(optimizer, 1.0))
    assert rates == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125]
    assert schedule.best == 0.3 and schedule.should_stop
    assert schedule.update(0.3) and not schedule.update(0.29)  # of equal scores the later is kept


def test_a_schedule_is_restored_from_its_state() -> None:
    first, second = (LearningRateSchedule(ScheduleSettings(schedule="plateau", plateau_epochs=1)) for _ in range(2))
    for mean_ap in (0.5, 0.4, 0.3):
        first.update(mean_ap)
    second.load_state_dict(first.state_dict())
    assert second == first and second.num_reductions == 2
