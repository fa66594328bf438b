"""A network in, numbers out. Every probe leaves the network as it found it."""
