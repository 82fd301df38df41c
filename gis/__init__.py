"""Everything that works without a web server: domain, files, storage, services."""
