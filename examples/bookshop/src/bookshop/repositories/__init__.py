"""Questions to the database, one module per model."""
