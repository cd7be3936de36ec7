"""What a person sees: panel, figure, words, and how they reach the page."""
