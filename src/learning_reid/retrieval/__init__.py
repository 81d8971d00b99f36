"""Who is nearest? Distances between embeddings, ranks, the choice of the query, and the answer "not here"."""
