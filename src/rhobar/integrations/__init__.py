"""Adapters to other libraries: each one thin, in a file of its own, and imported only by whom it serves."""
