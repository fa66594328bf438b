"""A network (or data) in, numbers out: measurements with error bars that leave no trace."""
