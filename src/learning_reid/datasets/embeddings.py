"""The features of labelled crops: computed by an embedder, or by any other program and read from a file."""

from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from tqdm.auto import tqdm

from learning_reid.datasets.content_hash import PATIENCE_S
from learning_reid.datasets.images import read_crop
from learning_reid.datasets.sample import CropDataset, Sample
from learning_reid.embedding.embedder import Embedder
from learning_reid.errors import UserError

_READ_AT_ONCE = 256  # crops in memory


def embed_samples(samples: Sequence[Sample], embedder: Embedder, label: str = "embedding") -> np.ndarray:
    """Describe every sample; one that stands in the list twice is computed once.

    Returns:
        (n, d) float32, in the order of the samples.

    Raises:
        UserError: a picture cannot be read, or the network answers with zeros or no numbers.
    """
    different = list(dict.fromkeys(samples))
    features = np.empty((len(different), embedder.dimension), np.float32)
    with tqdm(total=len(different), desc=label, unit="crop", delay=PATIENCE_S, dynamic_ncols=True) as bar:
        for start in range(0, len(different), _READ_AT_ONCE):
            part = different[start : start + _READ_AT_ONCE]
            features[start : start + len(part)] = embedder([read_crop(sample) for sample in part])
            bar.update(len(part))
    place = {sample: index for index, sample in enumerate(different)}
    return check_embeddings(features, different, "the network")[[place[sample] for sample in samples]]


def load_embeddings(file: Path, samples: Sequence[Sample], crops: CropDataset) -> np.ndarray:
    """Read features that were computed elsewhere: an .npz file with `img_path` (n,) text and `features` (n, d).

    Args:
        file: the file; a path in it is relative to the data set's root.
        samples: whose features are wanted; the file may hold more.
        crops: the data set they belong to.

    Returns:
        (n, d) float32, in the order of the samples.

    Raises:
        UserError: no such file or not of this form, a sample without features, features that are zero or no numbers.
    """
    if not file.is_file():
        raise UserError(f"{file}: no such file; write one with --save-features, or see docs/evaluation.md")
    try:
        with np.load(file, allow_pickle=False) as arrays:
            paths, features = arrays["img_path"], arrays["features"]
    except (OSError, ValueError, KeyError, BadZipFile, TypeError, EOFError):
        raise UserError(
            f"{file} is no .npz file with `img_path` (texts) and `features` (numbers); write one with numpy.savez"
        ) from None
    if features.ndim != 2 or len(paths) != len(features) or features.dtype.kind not in "fiu" or not features.size:
        raise UserError(
            f"{file}: {len(paths)} paths and features of shape {features.shape}; "
            "one row of numbers for each path is needed, all of one length"
        )
    row = {str(path): index for index, path in enumerate(paths)}
    if len(row) < len(paths):
        raise UserError(f"{file} has {len(paths) - len(row)} paths twice; give each picture one row of features")
    wanted = [sample_name(sample, crops) for sample in samples]
    missing = [name for name in wanted if name not in row]
    if missing:
        raise UserError(
            f"{file} has no features for {len(missing)} of {len(wanted)} pictures, such as {missing[0]}; "
            f"its own paths look like {next(iter(row))}"
        )
    return check_embeddings(features[[row[name] for name in wanted]].astype(np.float32), samples, str(file))


def save_embeddings(file: Path, samples: Sequence[Sample], features: np.ndarray, crops: CropDataset) -> None:
    """Write features in the form that `load_embeddings` reads.

    Raises:
        UserError: the file cannot be written.
    """
    names = [sample_name(sample, crops) for sample in samples]
    _, first = np.unique(names, return_index=True)
    try:
        with file.open("wb") as stream:  # a stream, so that NumPy does not add to the name
            np.savez(stream, img_path=np.array(names)[first], features=features[first])
    except OSError as problem:
        raise UserError(f"{file} cannot be written ({problem.strerror}); name another file") from None


def sample_name(sample: Sample, crops: CropDataset) -> str:
    """How files of results call a sample: its path below the data set's root, with / between folders."""
    root = crops.root if crops.root.is_dir() else crops.root.parent
    path, root = sample.path.resolve(), root.resolve()
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
    box = "" if sample.box_xyxy is None else "#" + ",".join(f"{edge:g}" for edge in sample.box_xyxy)
    return name + box


def check_embeddings(features: np.ndarray, samples: Sequence[Sample], source: str) -> np.ndarray:
    """Give the features back if they can be compared.

    Raises:
        UserError: some are not numbers, or all zero: such a vector is as near to everybody as to nobody.
    """
    with np.errstate(over="ignore"):  # lengths too great for float32 become infinite
        broken = ~np.isfinite(np.linalg.norm(features, axis=1))
    empty = ~features.any(axis=1)
    for wrong, what in ((broken, "not numbers, or too large"), (empty, "all zero")):
        if wrong.any():
            example = samples[int(np.argmax(wrong))].path
            raise UserError(
                f"{source}: the features of {wrong.sum()} of {len(samples)} pictures are {what}, "
                f"such as those of {example}; check the weights and the pictures"
            )
    return features
