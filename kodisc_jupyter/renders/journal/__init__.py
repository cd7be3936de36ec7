"""What every kernel of this user knows about every render, in one SQLite file."""
