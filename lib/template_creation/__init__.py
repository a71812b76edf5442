"""template-create: a codebase you like becomes a proven template package with agents."""
