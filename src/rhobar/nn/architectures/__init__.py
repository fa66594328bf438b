"""Architectures of the textbook, each with its paper, the equation of its block and its parameter count."""
