"""Ruby: Gemfile, gemspecs and .ruby-version."""

from __future__ import annotations

import re

from template_creation.analysis.manifests.model import Dependency, Manifest
from template_creation.analysis.text import line_at, name_of

__all__ = ["is_ruby_manifest", "read_ruby"]

_GEM = re.compile(
    r"^\s*gem\s*\(?\s*[\"']([\w.\-]+)[\"'](?:\s*,\s*[\"']([^\"']*)[\"'])?", re.MULTILINE
)
_SPEC = re.compile(
    r"\.add_(?:runtime_|development_)?dependency\s*\(?\s*[\"']([\w.\-]+)[\"']"
    r"(?:\s*,\s*[\"']([^\"']*)[\"'])?"
)
_VERSION = re.compile(r"^\s*ruby\s+[\"']([^\"']+)[\"']", re.MULTILINE)


def is_ruby_manifest(path: str) -> bool:
    """Whether the file name is one that this module reads."""
    name = name_of(path)
    return name in {"Gemfile", "gems.rb", ".ruby-version"} or name.endswith(".gemspec")


def read_ruby(path: str, text: str) -> Manifest:
    """The Gemfile, gemspec or version file at ``path``; Ruby code is read, never run."""
    name = name_of(path)
    if name == ".ruby-version":
        version = text.strip().removeprefix("ruby-")
        return Manifest(path, "ruby", languages=(("Ruby", version, 1),) if version else ())
    is_spec = name.endswith(".gemspec")
    found = tuple(
        Dependency(
            "ruby", match.group(1), match.group(2) or "", path, line_at(text, match.start(1))
        )
        for match in (_SPEC if is_spec else _GEM).finditer(text)
    )
    ruby = _VERSION.search(text)
    languages = (("Ruby", ruby.group(1), line_at(text, ruby.start(1))),) if ruby else ()
    licence = re.search(r"\.license\s*=\s*[\"']([^\"']+)[\"']", text)
    return Manifest(
        path,
        "ruby",
        name=name.removesuffix(".gemspec") if is_spec else "",
        is_root=True,
        licence=licence.group(1) if licence else "",
        dependencies=found,
        languages=languages,
    )
