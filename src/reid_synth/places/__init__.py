"""Where people are: ground, walls, things, weather, and a street composed of them."""
