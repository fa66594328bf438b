"""From a record to findings: rules, ranking and the active exam."""
