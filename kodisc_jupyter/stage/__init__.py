"""What happens inside one render process: Manim itself. Never imported by a kernel."""
