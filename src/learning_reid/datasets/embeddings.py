"""Embeddings of samples: computed by an embedder, or read from a file that any other program wrote."""

import os
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from tqdm.auto import tqdm

from learning_reid.datasets.content_hash import BAR_DELAY_S
from learning_reid.datasets.images import read_crop
from learning_reid.datasets.sample import CropDataset, Sample
from learning_reid.embedding.embedder import Embedder
from learning_reid.errors import UserError
from learning_reid.io.atomic_write import atomic_write

_READ_AT_ONCE = 256  # crops in memory


def embed_samples(samples: Sequence[Sample], embedder: Embedder, label: str = "embedding") -> np.ndarray:
    """Embed the crops of samples; a repeated sample is embedded once.

    Returns:
        (n, d) float32, in the order of the samples.

    Raises:
        UserError: An image cannot be read, or an embedding is zero or not finite.
    """
    unique = list(dict.fromkeys(samples))
    embeddings = np.empty((len(unique), embedder.dimension), np.float32)
    with tqdm(total=len(unique), desc=label, unit="crop", delay=BAR_DELAY_S, dynamic_ncols=True) as bar:
        for start in range(0, len(unique), _READ_AT_ONCE):
            part = unique[start : start + _READ_AT_ONCE]
            embeddings[start : start + len(part)] = embedder([read_crop(sample) for sample in part])
            bar.update(len(part))
    row = {sample: index for index, sample in enumerate(unique)}
    return check_embeddings(embeddings, unique, "the model")[[row[sample] for sample in samples]]


def load_embeddings(file: Path, samples: Sequence[Sample], dataset: CropDataset) -> np.ndarray:
    """Load embeddings from an .npz file with `img_path` (n,) text and `features` (n, d).

    Args:
        file: Paths in it are relative to the dataset's root.
        samples: n samples; the file may contain more.
        dataset: The dataset that the samples belong to.

    Returns:
        (n, d) float32, in the order of the samples.

    Raises:
        UserError: The file is missing or has another form, a sample has no embedding, or one is zero or not finite.
    """
    if not file.is_file():
        raise UserError(f"{file}: no such file; write one with --save-features, or see docs/evaluation.md")
    try:
        with np.load(file, allow_pickle=False) as arrays:
            paths, embeddings = arrays["img_path"], arrays["features"]
    except (OSError, ValueError, KeyError, BadZipFile, TypeError, EOFError):
        raise UserError(
            f"{file} is not an .npz file with `img_path` (text) and `features` (numbers); write one with numpy.savez"
        ) from None
    is_table = embeddings.ndim == 2 and len(paths) == len(embeddings) and embeddings.size > 0
    if not is_table or embeddings.dtype.kind not in "fiu":
        raise UserError(
            f"{file}: {len(paths)} paths and embeddings of shape {embeddings.shape}; "
            "one row of numbers is needed for each path, all of equal length"
        )
    row = {str(path): index for index, path in enumerate(paths)}
    if len(row) < len(paths):
        raise UserError(f"{file} has {len(paths) - len(row)} paths twice; give each image one row of embeddings")
    names = [sample_name(sample, dataset) for sample in samples]
    missing = [name for name in names if name not in row]
    if missing:
        raise UserError(
            f"{file} has no embeddings for {len(missing)} of {len(names)} images, such as {missing[0]}; "
            f"its own paths look like {next(iter(row))}"
        )
    return check_embeddings(embeddings[[row[name] for name in names]].astype(np.float32), samples, str(file))


def save_embeddings(file: Path, samples: Sequence[Sample], embeddings: np.ndarray, dataset: CropDataset) -> None:
    """Write embeddings in the form that `load_embeddings` reads.

    Raises:
        UserError: The file cannot be written.
    """
    names = [sample_name(sample, dataset) for sample in samples]
    _, first = np.unique(names, return_index=True)
    with atomic_write(file) as temporary, temporary.open("wb") as stream:  # np.savez would append .npz to a path
        np.savez(stream, img_path=np.array(names)[first], features=embeddings[first])


def sample_name(sample: Sample, dataset: CropDataset) -> str:
    """Return the name of a sample in result files: its path below the dataset's root, with / between folders.

    A symbolic link has its own name, not its target's.
    """
    root = dataset.root if dataset.root.is_dir() else dataset.root.parent
    path, root = Path(os.path.abspath(sample.path)), Path(os.path.abspath(root))
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
    box = "" if sample.box_xyxy is None else "#" + ",".join(f"{edge:g}" for edge in sample.box_xyxy)
    return name + box


def check_embeddings(embeddings: np.ndarray, samples: Sequence[Sample], source: str) -> np.ndarray:
    """Return (n, d) embeddings unchanged if all are finite and none is zero.

    Raises:
        UserError: Some are not; a zero vector has equal distances to all others.
    """
    with np.errstate(over="ignore"):  # lengths that overflow float32 become infinite
        not_finite = ~np.isfinite(np.linalg.norm(embeddings, axis=1))
    zero = ~embeddings.any(axis=1)
    for wrong, what in ((not_finite, "not finite, or too large"), (zero, "all zero")):
        if wrong.any():
            example = samples[int(np.argmax(wrong))].path
            raise UserError(
                f"{source}: the embeddings of {wrong.sum()} of {len(samples)} images are {what}, "
                f"such as those of {example}; check the weights and the images"
            )
    return embeddings
