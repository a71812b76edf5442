"""Facts of Ruby source."""

from __future__ import annotations

import textwrap

from template_creation.syntax import extract_facts
from template_creation.values.facts import Call, FileFacts, Import, Parameter, Raise, Symbol


def facts_of(text: str) -> FileFacts:
    return extract_facts(textwrap.dedent(text).lstrip("\n").encode(), "ruby")


def test_classes_modules_and_visibility() -> None:
    """``private`` counts from where it stands, in its own body, and around a definition."""
    facts = facts_of(
        """
        module Shop
          # A story.
          class Story < ApplicationRecord
            LIMIT = 1
            # Finds.
            def self.find_it(a, b = 1, *c, d:, e: 2, **f, &g)
              a
            end

            def show; end

            private

            def hidden; end
            class << self
              def open = 1
            end
          end
        end
        class Shop::Page < Base; end
        private def helper; end
        """
    )
    assert [(s.kind, s.parent, s.name, s.exported) for s in facts.symbols] == [
        ("module", "", "Shop", True),
        ("class", "Shop", "Story", True),
        ("constant", "Story", "LIMIT", True),
        ("method", "Story", "find_it", True),
        ("method", "Story", "show", True),
        ("method", "Story", "hidden", False),
        ("method", "Story", "open", True),
        ("class", "", "Page", True),
        ("function", "", "helper", False),
    ]
    assert facts.symbols[1].bases == ("ApplicationRecord",)
    assert facts.symbols[1].documented
    assert facts.symbols[3] == Symbol(
        name="find_it",
        kind="method",
        line=6,
        end_line=8,
        body_line=7,
        signature="def self.find_it(a, b = 1, *c, d:, e: 2, **f, &g)",
        parent="Story",
        parameters=tuple(Parameter(name) for name in "abcdefg"),
        documented=True,
        exported=True,
        modifiers=("static",),
    )


def test_class_macros_are_calls_and_declare_names() -> None:
    """``has_many :comments`` is a call with its symbol, and the name is the class's own."""
    facts = facts_of(
        """
        class Story
          has_many :comments, dependent: :destroy
          before_action :login, only: [:x]
          attr_accessor :seen, :read
          scope :recent, ->(user) { where(a: 1) }
        end
        create_table "stories" do |t|
          t.string "title", null: false
          t.references :author
        end
        """
    )
    assert facts.calls[:4] == (
        Call("has_many", 2, "comments"),
        Call("before_action", 3, "login"),
        Call("attr_accessor", 4, "seen"),
        Call("scope", 5, "recent"),
    )
    made = "Story author comments read recent seen t title user"
    assert facts.declared == tuple(made.split())


def test_tests_are_blocks_with_their_titles() -> None:
    """RSpec and minitest blocks nest, with the class as a title too."""
    facts = facts_of(
        """
        RSpec.describe Story do
          let(:user) { create(:user) }
          context "when new" do
            it "works" do
              expect(user).to be_valid
            end
          end
        end
        """
    )
    assert [(s.kind, s.parent, s.name, s.line, s.end_line) for s in facts.symbols] == [
        ("test", "", "Story", 1, 8),
        ("test", "Story", "when new", 3, 7),
        ("test", "when new", "works", 4, 6),
    ]
    assert facts.declared == ("user",)


def test_requires_and_exceptions() -> None:
    """Raised by constant or by its ``new``; rescued one by one."""
    facts = facts_of(
        """
        require "json"
        require_relative "lib/x"
        def f
          raise ArgumentError, "bad" if z
          raise Foo::Bar.new("x")
          raise "text"
        rescue NotFound, Net::Error => ex
          nil
        end
        """
    )
    assert facts.imports == (Import("json", 1), Import("lib/x", 2))
    assert facts.raises == (
        Raise("ArgumentError", 4),
        Raise("Foo::Bar", 5),
        Raise("NotFound", 7, caught=True),
        Raise("Net::Error", 7, caught=True),
    )
    assert facts.declared == ("ex", "f")


def test_symbols_and_heredocs_are_no_identifiers() -> None:
    """Text is text; an interpolated name is used."""
    facts = facts_of("@a = <<~SQL\n  select #{b}\nSQL\nc(:d, e: 1)\n")
    assert facts.identifiers == ("@a", "b", "c")
