"""The zoo: what others have published, fetched, checked and read."""
