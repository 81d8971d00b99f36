"""What a person looks at in the end: the annotated video, the ranked strip, tables and figures."""
