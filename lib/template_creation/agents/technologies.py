"""Technologies that prose names: well-known ones have to be proved by the package's facts.

Many are also words of English, so case and word boundaries count, and a word at the start of
a sentence says nothing ("Express the price in cents", "React to errors").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from template_creation.agents.context import EnhancementContext
from template_creation.agents.markdown import Document
from template_creation.analysis import known_technologies
from template_creation.values.agent import Issue

__all__ = ["check_technologies"]

_CODE = re.compile(r"(`+).+?\1")
_QUOTE = re.compile(r"\"[^\"]*\"")
_SENTENCE_START = re.compile(r"(?:^|[.:;!?]\s+|[-*>]\s+|\d\.\s+|[*_\"(])$")


def _words(text: str) -> list[str]:
    return text.split()


_ALSO_ENGLISH = frozenset(
    _words("""Agenda Android Askama Bandit Beanie Black Bottle Bull Bullet Caddy Caffeine Carter
    Celery Chai Clerk Click Commander Connect Connexion Criterion Cucumber Dash Diesel Drift Drizzle
    Echo Emotion Expo Exposed Express Faker Falcon Faraday Fiber Flask Freezed Gin Got Grape
    Graphene Hibernate Hive Husky Hypothesis Immer Inertia Ink Jest Joi Karma Koa Kong Lit
    Locust Mail Marten Mediator Micrometer Mocha Motor Mustache Next Parcel Passport Pest Plop
    Poem Poetry Polly Prefect Prisma Provider Puppeteer Pyramid Quartz Rails React Recoil Redux
    Refit Remix Requests Resque Rich Rocket Rollup Room Scalar Sentry Sequel Sinon Slim Sphinx
    Spotless Spring Squirrel Steep Stimulus Storybook Tenacity Tera Textual Tornado Tower Turbo
    Typer Verify Viper Vite Wire Winston Wolverine Yup""")
)
"""Names that also begin sentences; told from English only inside one."""

_NEVER = frozenset(
    _words("""Mail Room Verify Provider Connect Commander Mediator Requests Black Scalar
    Criterion Click Exposed Wire Motor Slim Rich Textual Lit Got Ink Pest
    attrs behave chi clap cron emails ent garde goose hapi hive hyper insta jose jwt log pq prek
    responses tracing ty uv validator warp yoyo zap Fx Ky Nx RQ H2 D3 AVA""")
)
"""Names that are too common as words, or too short, to be told from them at all."""


def check_technologies(document: Document, context: EnhancementContext) -> Iterator[Issue]:
    """Every well-known technology that prose or a heading names without any evidence.

    Code, quoted rules and fences may name what they like. Without facts of a codebase nothing
    is known to be missing, and nothing is said.
    """
    if not (context.analysis.layers or context.analysis.languages):
        return
    proved = _proved(context)
    for line, text in (*document.prose, *document.headings):
        plain = _QUOTE.sub('""', _CODE.sub("``", text))
        for match in _pattern().finditer(plain):
            name = match[0]
            starts = name in _ALSO_ENGLISH and _SENTENCE_START.search(plain[: match.start()])
            if name.casefold() in proved or name.casefold() in context.own_words or starts:
                continue
            yield Issue(
                "technology",
                f"line {line}",
                f"nothing in the codebase proves {name!r}",
                "name only technologies of the request",
            )


def _proved(context: EnhancementContext) -> frozenset[str]:
    analysis = context.analysis
    names = {item.name for item in analysis.technologies}
    names |= {item.package for item in analysis.technologies}
    names |= {item.name for item in analysis.languages} | {analysis.project.name}
    names |= {name for item in context.templates for name in item.technologies}
    return frozenset(name.casefold() for name in names)


@cache
def _pattern() -> re.Pattern[str]:
    names = [name for name in known_technologies() if name not in _NEVER]
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    words = "|".join(re.escape(name) for name in longest_first)
    return re.compile(rf"(?<![\w@./-])(?:{words})(?![\w-]|\.\w)")
