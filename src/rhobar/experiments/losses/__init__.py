"""Losses: what they assume of the data, and what their minimum is."""
