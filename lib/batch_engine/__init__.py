"""Durable batches, usable by themselves: the parts live in ``batch_engine.core``."""
