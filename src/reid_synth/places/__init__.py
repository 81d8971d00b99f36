"""Synthetic streets: ground, facades, objects, weather, and the scenes composed of them."""
