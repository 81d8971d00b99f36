"""Suggestions in error messages."""

from learning_reid.errors import did_you_mean


def test_at_most_the_requested_number_of_similar_names() -> None:
    names = ["osnet_x1_0", "osnet_x0_75", "osnet_x0_5", "osnet_x0_25", "resnet50"]
    assert did_you_mean("osnet_x0_2", names, most=1) == "did you mean 'osnet_x0_25'?"
    assert did_you_mean("osnet_x0_2", names).count("osnet") == 3


def test_without_similar_names_the_first_twelve_are_listed() -> None:
    hint = did_you_mean("#", [f"name{i}" for i in range(20)])
    assert hint.startswith("valid: 'name0'") and "name11" in hint and "name12" not in hint and hint.endswith("…")
