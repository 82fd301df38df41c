"""Speed, beside the straightforward way with the same libraries, in one run."""
