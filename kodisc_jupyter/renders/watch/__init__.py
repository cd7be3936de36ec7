"""From an accepted job to its video: polling, pacing, fetching."""
