"""Play a scene frame by frame without drawing it. `stepping` is where to start."""
