"""Draw a scene's frames: only those that are not there yet, on every core.

Start reading in `drawing`.
"""
