"""Building blocks of networks, each held to its equation."""
