"""Durable batches: errors, events, chunks, retry, store, progress and the runner."""
