"""Recurrent networks and maps as dynamical systems: attractors, stability and chaos."""
