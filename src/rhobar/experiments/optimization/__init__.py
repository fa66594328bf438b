"""Optimisers: how fast, how stable, and what each term of a rule is for."""
