"""Suggestions in messages."""

from learning_reid.errors import did_you_mean


def test_nearest_names_come_first_and_at_most_the_number_asked_for() -> None:
    names = ["osnet_x1_0", "osnet_x0_75", "osnet_x0_5", "osnet_x0_25", "resnet50"]
    assert did_you_mean("osnet_x0_2", names, most=1) == "did you mean 'osnet_x0_25'?"
    assert did_you_mean("osnet_x0_2", names).count("osnet") == 3


def test_without_a_near_name_the_first_twelve_are_listed() -> None:
    said = did_you_mean("#", [f"name{i}" for i in range(20)])
    assert said.startswith("valid: 'name0'") and "name11" in said and "name12" not in said and said.endswith("…")
