"""Frames: a folder of pictures, a video file or a generated scene, one picture at a time."""
