"""Where memories are kept."""

from memory_processing.stores.protocol import MemoryStore

__all__ = ["MemoryStore"]
