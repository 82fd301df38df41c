"""Floor 4: one module per verb; owns transactions, time, provenance and permission."""
