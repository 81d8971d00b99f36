"""Write a frozen graph with the tensors of TensorFlow's detection API, FILE.pb, and another graph, FILE_other.pb.

It runs in its own process, because the tests do not import TensorFlow.

The bright part of the image is detected with score 0.9 if it has more red than blue, otherwise 0.2, so that swapped
channels show; further rows are a person of score 0.6 in the left half, a car of score 0.95, and two rows beyond
`num_detections`.
"""

import sys

import numpy as np


def main(path: str) -> None:
    import tensorflow as tf  # imported here, so that test collection does not import it

    graph = tf.Graph()
    with graph.as_default():
        image = tf.compat.v1.placeholder(tf.uint8, (1, None, None, 3), name="image_tensor")
        pixels = tf.cast(image[0], tf.float32)
        shape = tf.cast(tf.shape(pixels)[:2], tf.float32)
        bright = tf.cast(tf.where(tf.reduce_max(pixels, axis=2) > 128), tf.float32)  # (k, 2) row, column
        low, high = tf.reduce_min(bright, axis=0) / shape, (tf.reduce_max(bright, axis=0) + 1) / shape
        red, blue = tf.reduce_sum(pixels[:, :, 0]), tf.reduce_sum(pixels[:, :, 2])
        found = tf.concat([low, high], axis=0)  # y1, x1, y2, x2 as shares
        others = tf.constant([[0, 0, 1, 0.5], [0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1]], tf.float32)
        score = tf.where(red > blue, 0.9, 0.2)
        tf.identity(tf.concat([found[None], others], axis=0)[None], name="detection_boxes")
        tf.identity(tf.concat([score[None], [0.6, 0.95, 0.99, 0.99]], axis=0)[None], name="detection_scores")
        tf.constant([[1, 1, 3, 1, 1]], tf.float32, name="detection_classes")
        tf.constant([3], tf.float32, name="num_detections")
    with open(path, "wb") as file:
        file.write(graph.as_graph_def().SerializeToString())
    other = tf.Graph()
    with other.as_default():
        tf.constant(np.zeros(3, np.float32), name="logits")
    with open(path.replace(".pb", "_other.pb"), "wb") as file:
        file.write(other.as_graph_def().SerializeToString())


if __name__ == "__main__":
    main(sys.argv[1])
