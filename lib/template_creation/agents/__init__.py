"""From an analysis to specialist agents: recommend, ask, validate, render, write."""
