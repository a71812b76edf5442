"""The template package on disk: load, stage, write at once, keep what a user edited."""
