"""From a folder to a `Codebase`: the only part that reads the reference codebase."""
