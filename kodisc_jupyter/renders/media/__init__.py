"""Finished videos on this machine: kept, fetched again, made smaller, converted."""
