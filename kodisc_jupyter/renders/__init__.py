"""The life of a render on this machine: journal, watching, reuse, budget."""
