"""From exemplars to proven templates, and from templates to code again."""
