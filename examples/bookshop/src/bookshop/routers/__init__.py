"""The HTTP side, one module per entity."""
