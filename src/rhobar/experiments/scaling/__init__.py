"""How error and cost change with size, and what finite precision and many devices do to a sum."""
