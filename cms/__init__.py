"""The roof: settings, addresses, the front page, the API, the demo newsroom, and running it all."""
