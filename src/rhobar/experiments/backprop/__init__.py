"""Backpropagation: the chain rule, and what it costs."""
