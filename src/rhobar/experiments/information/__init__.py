"""What representations know of inputs and targets, and what estimators make of it."""
