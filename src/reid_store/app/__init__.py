"""Web app: click a person in a frame to find them in all other frames."""
