"""Table of models: each value in its column, a dash for unknown values, no empty columns."""

from learning_reid.cli._zoo_compare import Accuracy, ModelRow, model_table
from learning_reid.embedding.benchmark import Speed


def cells(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def test_all_columns() -> None:
    rows = [
        ModelRow(
            "osnet_ain_x1_0",
            {"torch": Speed(27.04, 701.6), "openvino": Speed(175.4, 320.4)},
            2_193_616,
            978_878_352,
            Accuracy(0.733, 0.458, "Market-1501"),
        ),
        ModelRow("shufflenet", {"torch": Speed(9.127, 655.0), "openvino": None}, measured=Accuracy(0.5, 0.25, "")),
    ]
    header, _, first, second = cells(model_table(rows))
    assert header == [
        "model",
        "parameters, M",
        "multiply-adds, G",
        "torch, images/s",
        "OpenVINO, images/s",
        "torch, peak MB",
        "OpenVINO, peak MB",
        "published rank-1 / mAP",
        "measured rank-1 / mAP",
    ]
    assert first == ["osnet_ain_x1_0", "2.19", "0.98", "27", "175", "702", "320", "73.3 / 45.8 Market-1501", "–"]
    assert second == ["shufflenet", "–", "–", "9.13", "–", "655", "–", "–", "50.0 / 25.0"]


def test_an_empty_column_is_left_out() -> None:
    header, _, row = cells(model_table([ModelRow("mlfn", {"onnx": None}, parameters=32_473_024)]))
    assert (header, row) == (["model", "parameters, M"], ["mlfn", "32.47"])


def test_backends_in_the_order_of_the_first_row_that_has_them() -> None:
    rows = [ModelRow("a", {"openvino": Speed(1, 1)}), ModelRow("b", {"torch": Speed(2, 2), "openvino": Speed(3, 3)})]
    header, *_ = cells(model_table(rows))
    assert header[1:3] == ["OpenVINO, images/s", "torch, images/s"]
