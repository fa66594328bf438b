"""Why and when what is learned holds for new data: bias and variance, double descent, implicit bias, bounds."""
