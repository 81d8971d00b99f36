"""Train the embedded weights: `python -m tools.weights`."""
