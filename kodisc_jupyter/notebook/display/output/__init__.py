"""What stays in the notebook when a render has ended: the figure with its video and poster."""
