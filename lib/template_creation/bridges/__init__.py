"""How a batch request reaches something that can answer it."""
