"""How messages reach a page: in order, not too many, and into the notebook's file."""
