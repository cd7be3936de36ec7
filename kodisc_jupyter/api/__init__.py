"""The Kodisc v2 protocol: HTTP, JSON, retries, keys. Knows nothing of notebooks."""
