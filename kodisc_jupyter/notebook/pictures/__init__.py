"""Pictures instead of a video: stills and storyboards, drawn on this machine. Start: `cell`."""
