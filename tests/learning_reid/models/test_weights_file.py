"""From the setting `embedder.weights` to a file."""

import hashlib
from pathlib import Path

import pytest

from learning_reid.errors import UserError
from learning_reid.models import weights_file
from learning_reid.models.weights_file import resolve_weights
from learning_reid.zoo import fetch


def test_path_is_returned(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"1")
    assert resolve_weights("osnet_x1_0", str(tmp_path / "mine")) == tmp_path / "mine"


@pytest.mark.parametrize(
    "weights", ["nowhere.pth", "some/folder/without_suffix", "a.safetensors", "b.onnx", "c.pth.tar"]
)
def test_missing_file_raises_in_one_line(weights: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"no weights file .*; correct the path") as error:
        resolve_weights("osnet_x0_25", weights)
    assert len(str(error.value).splitlines()) == 1


def test_other_words_name_published_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fetched = []
    monkeypatch.setattr(fetch, "fetch_published", lambda name: fetched.append(name) or tmp_path)
    assert resolve_weights("osnet_ain_x1_0", "msmt17+dukemtmcreid+cuhk03") == tmp_path
    assert fetched == ["osnet_ain_x1_0.msmt17+dukemtmcreid+cuhk03"]


def test_unknown_published_weights_raise() -> None:
    with pytest.raises(UserError, match="no weights 'msmt71' for osnet_x0_25; use 'embedded', a file, or pub.*msmt17"):
        resolve_weights("osnet_x0_25", "msmt71")


def test_embedded_weights_belong_to_one_model() -> None:
    with pytest.raises(UserError, match="belong to osnet_x0_25, not to osnet_x1_0"):
        resolve_weights("osnet_x1_0", "embedded")


def test_embedded_weights_are_compared_with_their_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "reid.safetensors"
    monkeypatch.setattr(weights_file, "EMBEDDED_FILE", file)
    with pytest.raises(UserError, match="are missing"):
        resolve_weights("osnet_x0_25", "embedded")
    file.write_bytes(b"weights")
    card = tmp_path / "reid.yml"
    card.write_text(f"file: reid.safetensors\nsha256: {hashlib.sha256(b'weights').hexdigest()}\n")
    assert resolve_weights("osnet_x0_25", "embedded") == file
    assert resolve_weights("osnet_x0_25", str(card)) == file
    file.write_bytes(b"weight")
    for named in ("embedded", str(card)):
        with pytest.raises(UserError, match="does not match its card"):
            resolve_weights("osnet_x0_25", named)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("metric: cosine\n", "is not a card of weights"),
        ("file: gone.pth\nsha256: abc\n", "is not in the same folder"),
        ("file: ../../etc/passwd\nsha256: abc\n", "describes passwd, which is not in the same folder"),
    ],
)
def test_invalid_card_raises_in_one_line(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "card.yml").write_text(content)
    with pytest.raises(UserError, match=message) as error:
        resolve_weights("osnet_x0_25", str(tmp_path / "card.yml"))
    assert "\n" not in str(error.value)


def test_file_is_compared_with_the_card_beside_it(tmp_path: Path) -> None:
    file, card = tmp_path / "mine.safetensors", tmp_path / "mine.yml"
    file.write_bytes(b"weights")
    card.write_text(f"file: mine.safetensors\nsha256: {hashlib.sha256(b'weights').hexdigest()}\n")
    assert resolve_weights("osnet_x1_0", str(file)) == file
    file.write_bytes(b"damaged")
    with pytest.raises(UserError, match="does not match its card"):
        resolve_weights("osnet_x1_0", str(file))
    card.write_text("what: notes of mine\n")  # not a card
    assert resolve_weights("osnet_x1_0", str(file)) == file
