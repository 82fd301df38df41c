"""The invented town of the demonstration: one module per subject, nothing in it is real."""
