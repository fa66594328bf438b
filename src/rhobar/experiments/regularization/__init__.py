"""What keeps a network from fitting noise: priors, dropout, stopping early, averages, softened labels."""
