"""Languages, grammars and the facts that a syntax tree gives about one file."""
