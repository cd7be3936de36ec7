"""The free checks, a rule or a family of rules in each module; ``scene.checks`` calls them."""
