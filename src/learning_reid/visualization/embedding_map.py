"""Embeddings of a few persons in two dimensions by t-SNE (van der Maaten & Hinton 2008).

Only neighborhoods are meaningful in such a map, not the distance between clusters or their sizes.
"""

from pathlib import Path

import numpy as np

from learning_reid.metrics.labels import Labels
from learning_reid.visualization.figures import create_figure, save_figure

MAX_PERSONS, MAX_IMAGES_EACH = 12, 40
_MARKERS = {"o": "●", "^": "▲", "s": "■", "D": "◆", "v": "▼", "P": "✚", "X": "✖", "*": "★"}  # and their characters
_MIN_IMAGES = 6  # fewer have no meaningful neighborhoods


def select_rows(labels: Labels) -> np.ndarray:
    """Return the rows of the persons with the most images, at most forty of each."""
    _, unique = np.unique(labels.image, return_index=True)  # images that are query and gallery occur twice
    unique = unique[labels.person[unique] >= 0]
    persons, counts = np.unique(labels.person[unique], return_counts=True)
    chosen = persons[np.argsort(-counts, kind="stable")][:MAX_PERSONS]
    rows = [unique[labels.person[unique] == person][:MAX_IMAGES_EACH] for person in np.sort(chosen)]
    return np.concatenate([np.empty(0, np.int64), *rows])


def draw_embedding_map(
    path: Path, embeddings: np.ndarray, labels: Labels, persons: list[str], cameras: list[str], seed: int = 0
) -> bool:
    """Draw the persons with the most images, with a color for each person and a marker for each camera.

    Args:
        path: PNG file to write.
        embeddings: (n, d).
        labels: Of the n images.
        persons, cameras: Names, by the numbers in `labels`.
        seed: Of the random initialization of t-SNE.

    Returns:
        False if nothing was drawn, because there are fewer than six images or all embeddings are equal.
    """
    rows = select_rows(labels)
    if len(rows) < _MIN_IMAGES or np.ptp(embeddings[rows], axis=0).max() < 1e-6:
        return False
    from matplotlib import colormaps
    from sklearn.manifold import TSNE

    perplexity = min(15.0, (len(rows) - 1) / 3)
    points = TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(embeddings[rows])  # (n, 2)
    figure = create_figure(7.6, 6.2, layout="constrained")
    ax = figure.subplots()
    colors = colormaps["tab20"].colors  # type: ignore[attr-defined]
    person, camera = labels.person[rows], labels.camera[rows]
    markers = {name: list(_MARKERS)[index % len(_MARKERS)] for index, name in enumerate(np.unique(camera))}
    for index, each in enumerate(np.unique(person)):
        seen_by = np.unique(camera[person == each])
        for view in seen_by:
            x, y = points[(person == each) & (camera == view)].T
            label = persons[each] if view == seen_by[0] else None  # one legend entry for each person
            color = colors[index % len(colors)]
            ax.plot(x, y, markers[view], color=color, markersize=6, markeredgecolor="white", label=label)
    ax.set(xticks=[], yticks=[])
    ax.set_title(f"{len(np.unique(person))} persons, {len(rows)} images (t-SNE)", loc="left", fontweight="bold")
    key = ", ".join(f"{_MARKERS[marker]} = {cameras[view] or '(none)'}" for view, marker in markers.items())
    ax.set_xlabel(f"color: person · marker: camera ({key}) · only neighborhoods are meaningful", fontsize=9)
    ax.legend(title="person", loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=8)
    save_figure(figure, path)
    return True
