"""The fault laboratory."""
