"""What a run and a page say they were made with."""

VERSION = "0.1.0"
"""Version of this software."""

METHOD_VERSION = "1.2"
"""Version of the risk method (docs/methods)."""
