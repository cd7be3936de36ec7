"""Where the code of a scene stands: in a cell that was run, in the notebook's file, in a class."""
