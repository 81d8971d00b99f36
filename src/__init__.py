"""learning-reid: the folders below are the steps of person re-identification, in the order of the README's table."""
