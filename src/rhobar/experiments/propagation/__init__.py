"""Signals and gradients through depth and time: initialisation, normalisation, shortcuts."""
