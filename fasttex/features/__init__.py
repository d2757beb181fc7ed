"""Features: each defined once, as a row of data with its name, IBSI code, unit and function."""
