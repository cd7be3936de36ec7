"""What tests in several rooms share: servers, states, tables of cells, videos. Typed as the package is."""
