"""Ruby files: the folders and base classes of Rails, rake tasks, gem libraries."""

from __future__ import annotations

import re

from template_creation.analysis.layers.signal import FileView, Signal

__all__ = ["strong", "weak"]

_BASES: tuple[tuple[str, str], ...] = (
    (r"\w*Controller|Grape::API|API|Base", "api"),
    (r"ApplicationRecord|Record", "models"),
    (r"\w*Mailer", "mailers"),
    (r"\w*Job|ActiveJob", "jobs"),
    (r"\w*Policy", "auth"),
    (r"\w*Serializer", "schemas"),
    (r"\w*Validator|EachValidator", "validators"),
    (r"Migration", "data"),
    (r"\w*Error|StandardError", "errors"),
    (r"\w*Component", "components"),
)
_FOLDERS: tuple[tuple[str, str], ...] = (
    (r"(^|/)app/controllers/", "api"),
    (r"(^|/)app/models/", "models"),
    (r"(^|/)app/helpers/", "views"),
    (r"(^|/)app/mailers/", "mailers"),
    (r"(^|/)app/jobs/", "jobs"),
    (r"(^|/)app/policies/", "auth"),
    (r"(^|/)app/services/", "services"),
    (r"(^|/)app/components/", "components"),
    (r"(^|/)config/routes", "pages"),
    (r"(^|/)config/", "config"),
    (r"(^|/)lib/tasks/|\.rake$", "scripts"),
    (r"(^|/)(script|bin)/", "scripts"),
    (r"(^|/)db/seeds", "scripts"),
)


def strong(view: FileView) -> Signal | None:
    """Evidence that outweighs the file's name and folder."""
    for pattern, layer in _FOLDERS:
        found = re.search(pattern, view.path)
        if found:
            return Signal(layer, f"Rails folder {found.group(0).strip('/')}")
    for pattern, layer in _BASES:
        based = view.base(pattern)
        if based and based[1] != "Base":
            return Signal(layer, f"base class {based[1]}", based[0].line)
    return None


def weak(view: FileView) -> Signal | None:
    """Evidence that counts where neither name nor folder says anything."""
    if view.call(r"desc|task|namespace") and view.path.endswith("Rakefile"):
        return Signal("scripts", "rake tasks")
    if view.path.rpartition("/")[2] in {"Gemfile", "config.ru", "Rakefile"}:
        return Signal("config", "project file")
    return None
