"""A source taken apart once: its tree, its names and scopes, its classes, and what is reached."""
