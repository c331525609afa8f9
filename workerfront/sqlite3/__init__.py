"""The database engine of the embedded default."""
