"""What Studio is built of: its controls, and the picture beside them. Start: `controls`."""
