"""From a request to an accepted job: reuse, budget, intent, submission."""
