"""The render server on this machine, as seen from a kernel: its address, process and locks."""
