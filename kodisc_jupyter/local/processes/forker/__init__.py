"""The process that has Manim loaded, and the render processes that it makes."""
