"""The server's HTTP: addresses, requests, answers, connections. `app` is where to start."""
