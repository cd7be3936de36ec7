"""What is known of Manim without importing it: names, signatures, ManimGL, likely meanings."""
