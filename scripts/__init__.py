"""One command per service, run as ``python -m scripts.<command>``."""
