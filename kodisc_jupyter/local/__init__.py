"""A render server that speaks the Kodisc v2 API, with real Manim behind it."""
