"""Hypotheses put to the test: a training's first steps run again with one thing changed."""
