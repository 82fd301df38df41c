"""Floor 1, pure: frames in, frames out; no file, database, clock or environment."""
