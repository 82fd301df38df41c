"""Floor 2b: the database, embedded SpatiaLite or PostGIS."""
