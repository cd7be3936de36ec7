"""What tests in several rooms share: servers, states, tables of cells, an event loop.

Typed as the package is.
"""
