"""The order desk of a small bookshop."""
