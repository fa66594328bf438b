"""Choosing models and settings: criteria, resampling and search."""
