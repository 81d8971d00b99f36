"""Where in a frame are people? Four detectors, found by name; nothing heavy is imported before one is chosen."""
