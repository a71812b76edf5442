"""The command ``template-create``: the only part that prints and exits."""

from template_creation.cli.app import main

__all__ = ["main"]
