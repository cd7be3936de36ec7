"""What tests in several rooms share: servers, states, tables of cells. Typed as the package is."""
