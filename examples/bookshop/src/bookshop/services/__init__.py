"""The rules of the shop, one module per entity."""
