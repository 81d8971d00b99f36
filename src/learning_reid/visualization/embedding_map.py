"""The features of a few persons on one sheet of paper: t-SNE keeps neighbours together (van der Maaten & Hinton 2008).

What it shows is who lies beside whom. The distance between two far clusters and their sizes mean nothing.
"""

from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from sklearn.manifold import TSNE

from learning_reid.metrics.labels import Labels
from learning_reid.visualization.figures import save_figure

PERSONS, PICTURES_EACH = 12, 40
_MARKERS = {"o": "●", "^": "▲", "s": "■", "D": "◆", "v": "▼", "P": "✚", "X": "✖", "*": "★"}  # and their signs
_FEWEST = 6  # points below which neighbourhoods mean nothing


def pictures_to_map(labels: Labels) -> np.ndarray:
    """Rows of the persons with the most pictures, at most forty of each."""
    _, once = np.unique(labels.image, return_index=True)  # where everybody asks, each picture is there twice
    once = once[labels.person[once] >= 0]
    persons, counts = np.unique(labels.person[once], return_counts=True)
    chosen = persons[np.argsort(-counts, kind="stable")][:PERSONS]
    rows = [once[labels.person[once] == person][:PICTURES_EACH] for person in np.sort(chosen)]
    return np.concatenate([np.empty(0, np.int64), *rows])


def draw_embedding_map(
    path: Path, features: np.ndarray, labels: Labels, persons: list[str], cameras: list[str], seed: int = 0
) -> bool:
    """Draw the persons with the most pictures: a colour for each person, a shape for each camera.

    Args:
        path: the PNG file to write or replace.
        features: (n, d) embeddings.
        labels: of the n pictures.
        persons, cameras: their names, by the numbers of the labels.
        seed: of t-SNE, which starts from chance.

    Returns:
        Whether it was drawn: of less than six pictures, or of features all alike, there is nothing to see.
    """
    rows = pictures_to_map(labels)
    if len(rows) < _FEWEST or np.ptp(features[rows], axis=0).max() < 1e-6:
        return False
    perplexity = min(15.0, (len(rows) - 1) / 3)
    spots = TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(features[rows])  # (n, 2)
    figure = Figure(figsize=(7.6, 6.2), dpi=110, facecolor="white", layout="constrained")
    axes = figure.subplots()
    colours = colormaps["tab20"].colors  # type: ignore[attr-defined]
    who, where = labels.person[rows], labels.camera[rows]
    shapes = {camera: list(_MARKERS)[place % len(_MARKERS)] for place, camera in enumerate(np.unique(where))}
    for place, person in enumerate(np.unique(who)):
        seen_by = np.unique(where[who == person])
        for camera in seen_by:
            x, y = spots[(who == person) & (where == camera)].T
            label = persons[person] if camera == seen_by[0] else None
            colour = colours[place % len(colours)]
            axes.plot(x, y, shapes[camera], color=colour, markersize=6, markeredgecolor="white", label=label)
    axes.set(xticks=[], yticks=[])
    axes.set_title(f"{len(np.unique(who))} persons, {len(rows)} pictures (t-SNE)", loc="left", fontweight="bold")
    key = ", ".join(f"{_MARKERS[shape]} = {cameras[camera] or '(none)'}" for camera, shape in shapes.items())
    axes.set_xlabel(f"colour: person · shape: camera ({key}) · only who lies beside whom has a meaning", fontsize=9)
    axes.legend(title="person", loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=8)
    save_figure(figure, path)
    return True
