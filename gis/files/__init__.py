"""Floor 2a: reading and writing data sets and passports."""
