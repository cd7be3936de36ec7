"""What a cell says, before a credit is spent. Pure functions, no I/O."""
