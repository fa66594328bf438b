"""What one hidden layer and what many can compute."""
