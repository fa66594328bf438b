"""What layers make of their inputs: principal components, symmetry, shape."""
