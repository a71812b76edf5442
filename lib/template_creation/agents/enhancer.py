"""Phase 7.5: every agent of a package enhanced by one batch request.

The engine's runner cuts the agents into shards, stores what is finished and retries; here is
what one shard means: ask, parse, expand, validate, write. The unit of success is the agent.
(Seed 002; DESIGN section 3.)
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from batch_engine.core import Listener, RejectedResultError, RetryPolicy, RetryRule, RunStore
from batch_engine.pipeline import Flow, Pipeline
from template_creation.agents.apply import Applied, apply_answer, finish_markdown
from template_creation.agents.asking import Asked, Asker, Terms, ignore, write_over
from template_creation.agents.context import EnhancementContext, PackageView
from template_creation.agents.files import (
    context_of_files,
    load_folder,
    spec_for,
    write_atomically,
)
from template_creation.agents.ledger import Ledger
from template_creation.agents.obstacles import find_obstacles, obstacle
from template_creation.agents.origins import Origins
from template_creation.agents.parse import KnownIds, ParsedAnswer, parse_answer
from template_creation.agents.planning import Planner
from template_creation.agents.plans import RequestPlan
from template_creation.agents.preview import Preview
from template_creation.agents.profiles import SEED, Profile
from template_creation.agents.request import build_catalog, build_request
from template_creation.agents.results import EnhancementResult
from template_creation.agents.reuse import agent_keys, fingerprint_of_all
from template_creation.agents.scope import (
    ENHANCEMENT_FIELDS,
    STEP,
    Unfit,
    enhancement_scope,
    outcome_of,
)
from template_creation.agents.validate import has_errors, validate_agent
from template_creation.bridges import AgentBridgeInvoker, OfflineBridge, identity_of
from template_creation.exchange import PriceList, request_document
from template_creation.package import agent_files
from template_creation.values.agent import AgentSpec
from template_creation.values.enhancement import EnhancementOptions
from template_creation.values.template import TemplateSet

__all__ = ["RETRY", "AgentEnhancer"]

logger = logging.getLogger(__name__)

Loader = Callable[[Path], PackageView]

RETRY = RetryPolicy(
    rules=(RetryRule(retry=True, on=(RejectedResultError,), max_attempts=2, initial_s=0),),
    max_attempts=4,
    initial_s=1.0,
    max_delay_s=30.0,
    retry_after_cap_s=120.0,
)
"""A refused or missing answer is asked for once more, with the reasons; a model that cannot be
reached or has no time, three times more."""


class AgentEnhancer:
    """Enhances the agents of a package through a bridge.

    ``bridge_invoker`` answers; without one nothing is tried. ``options`` say in which form, and
    whether one agent at a time (``use_batch_enhancement=False`` is the same, by the seed's
    word). ``load`` reads a package folder. ``store``, ``retry`` and ``listeners`` are the
    engine's; without ``retry`` a bridge to a model is asked once more for what is missing or
    was refused (`RETRY`). ``ledger`` keeps what requests cost, ``max_cost_usd`` bounds it by
    ``prices``, and ``notify`` tells it before each request. ``in_place`` is for packages whose
    agents were not just written as stubs; ``set_aside`` keeps what others write into an agent
    while it is asked for, before that is written over. With ``dry_run`` nobody but the offline
    bridge is asked, and `planned` is what would be; it is for copies of a package and of a run's
    state, as files and ``store`` are written to.

    >>> AgentEnhancer(bridge_invoker=None)._validate_enhancement("# Too short")
    False
    """

    def __init__(
        self,
        bridge_invoker: AgentBridgeInvoker | None = None,
        *,
        options: EnhancementOptions | None = None,
        use_batch_enhancement: bool = True,
        load: Loader = load_folder,
        profile: Profile = SEED,
        store: RunStore | None = None,
        retry: RetryPolicy | None = None,
        listeners: Iterable[Listener] = (),
        ledger: Ledger | None = None,
        max_cost_usd: float | None = None,
        prices: PriceList | None = None,
        notify: Callable[[str], None] = ignore,
        in_place: bool = False,
        set_aside: Callable[[Path], None] = write_over,
        dry_run: bool = False,
    ) -> None:
        self.bridge_invoker = bridge_invoker
        self.profile = profile
        self.options = options or EnhancementOptions()
        if not use_batch_enhancement:
            self.options = replace(self.options, use_batch_enhancement=False)
        self._load = load
        self._store = store
        self._retry = retry
        self._listeners = tuple(listeners)
        self._origins = Origins(store) if in_place and store is not None else None
        self.planner = Planner(self.options, bridge=bridge_invoker, prices=prices, ledger=ledger)
        self._dry_run = dry_run
        self._preview: Preview | None = None
        self._terms = Terms(
            profile=profile,
            enhancement=self.enhancement,
            planner=self.planner,
            ledger=ledger,
            origins=self._origins,
            max_cost_usd=max_cost_usd,
            notify=notify,
            set_aside=set_aside,
        )

    @property
    def enhancement(self) -> str:
        """What the frontmatter of an enhanced agent says of how it was made."""
        return "none" if self.bridge_invoker is None else identity_of(self.bridge_invoker)

    # -- the seed's surface -----------------------------------------------------------------

    def enhance_all_agents(self, output_path: Path) -> dict[str, Any]:
        """Every agent of the package in ``output_path`` enhanced; the result has the seed's
        keys (`EnhancementResult.to_dict`).

        Raises `InvocationPending` when a bridge has to wait; agents that are finished by then
        are written. Raises `BadInput` where there is no package.
        """
        package = self._load(output_path)
        context = (
            package if isinstance(package, EnhancementContext) else EnhancementContext.of(package)
        )
        return self.enhance(context, output_path).to_dict()

    def enhance(
        self,
        context: EnhancementContext,
        output_path: Path,
        files: Sequence[Path] | None = None,
    ) -> EnhancementResult:
        """As `enhance_all_agents`, with a context that was loaded before; of all agents, or of
        those in ``files``."""
        chosen = self._get_agent_files(output_path) if files is None else files
        return self._enhance_files(chosen, context, output_path)

    @property
    def planned(self) -> RequestPlan:
        """What a run would ask, after one with ``dry_run``."""
        return self._preview.plan if self._preview else self.planner.merged(())

    # -- as a part of a pipeline --------------------------------------------------------------

    def flow(self) -> Flow:
        """A scope over the agents, one chunk a request, and then their outcomes: takes
        `fields`, gives the field ``enhanced`` (an `EnhancementResult`)."""
        bridge = self.bridge_invoker or OfflineBridge()  # never asked: `_reason_to_skip`
        asker = Asker(bridge, self._terms, single=not self.options.use_batch_enhancement)
        offline = isinstance(bridge, OfflineBridge)
        if self._dry_run:
            self._preview = Preview(self.planner, asker if offline else None)
        return enhancement_scope(
            self._preview or asker, self.planner, self._retry or (None if offline else RETRY)
        )

    def fields(self, context: EnhancementContext, output_path: Path) -> dict[str, Any]:
        """What `flow` takes (`ENHANCEMENT_FIELDS`), for the package in ``output_path``."""
        return self._fields(self._get_agent_files(output_path), context, output_path)

    def _get_agent_files(self, output_path: Path) -> list[Path]:
        """The agent files of the package; ``-ext`` files are no agents."""
        return list(agent_files(output_path))

    def _batch_enhance_agents(
        self, agent_files: Sequence[Path], templates: TemplateSet, output_path: Path
    ) -> dict[str, Any]:
        """These agents enhanced by ``templates``; what is asked at once is up to the shards."""
        if self.bridge_invoker is None:
            return self._create_skip_result(agent_files, templates)
        context = context_of_files(agent_files, templates)
        return self._enhance_files(agent_files, context).to_dict()

    def _build_batch_enhancement_request(
        self,
        agent_files: Sequence[Path],
        templates: TemplateSet,
        context: EnhancementContext | None = None,
    ) -> dict[str, Any]:
        """The request for these agents as JSON-able data: ``agents``, ``template_catalog``,
        ``enhancement_instructions`` and, with a ``context``, the measured facts."""
        if context is None:
            context = context_of_files(agent_files, templates)
        specs = [spec_for(path, context) for path in agent_files]
        return request_document(build_request(context, specs))

    def _build_template_catalog(self, templates: TemplateSet) -> list[dict[str, Any]]:
        """Every template of every layer, compact, with the ids that answers cite."""
        context = context_of_files((), templates)
        return [item.model_dump(mode="json") for item in build_catalog(context)]

    def _apply_batch_enhancements(
        self,
        agent_files: Sequence[Path],
        batch_response: Mapping[str, Any],
        output_path: Path,
        context: EnhancementContext | None = None,
    ) -> dict[str, Any]:
        """The answer parsed, checked and written, agent by agent."""
        if context is None:
            loaded = self._load(output_path)
            context = (
                loaded if isinstance(loaded, EnhancementContext) else EnhancementContext.of(loaded)
            )
        specs = [spec_for(path, context) for path in agent_files]
        parsed = parse_answer(batch_response, [spec.name for spec in specs], KnownIds.of(context))
        outcomes = []
        for path, spec in zip(agent_files, specs, strict=True):
            applied = self._applied(path, spec, parsed, context)
            if applied.text:
                write_atomically(path, applied.text)
            outcomes.append(outcome_of(applied))
        return EnhancementResult(tuple(outcomes), requests=1).to_dict()

    def _apply_single_enhancement(self, agent_file: Path, enhancement: Mapping[str, Any]) -> bool:
        """Whether the file was rewritten with the enhancement's ``enhanced_content``, below the
        frontmatter that it has; a rejected one leaves the file as it was."""
        content = enhancement.get("enhanced_content")
        if not isinstance(content, str) or not content.strip():
            logger.warning("No enhanced content for %s", agent_file.name)
            return False
        current = agent_file.read_text(encoding="utf-8")
        text = finish_markdown(current, content, enhancement=self.enhancement)
        if not self._validate_enhancement(text):
            return False
        write_atomically(agent_file, text)
        return True

    def _validate_enhancement(self, content: str) -> bool:
        """Whether ``content`` has the profile's sections with substance, within its window."""
        issues = validate_agent(content, profile=self.profile)
        for issue in issues:
            logger.log(
                logging.WARNING if issue.severity == "error" else logging.INFO,
                "%s at %s: %s",
                issue.rule,
                issue.place,
                issue.message,
            )
        return not has_errors(issues)

    def _create_skip_result(
        self, agent_files: Sequence[Path], templates: TemplateSet
    ) -> dict[str, Any]:
        """Nothing is tried; the reason says what is missing."""
        names = [path.stem for path in agent_files]
        missing = "no templates" if not len(templates) else "no bridge invoker"
        return EnhancementResult.skipped(names, f"{missing} available").to_dict()

    # -- the road -----------------------------------------------------------------------------

    def _reason_to_skip(
        self, files: Sequence[Path], context: EnhancementContext, output_path: Path
    ) -> str:
        if not files:
            return "no agents in the package"
        if not len(context.templates):
            return "no templates available"
        on_disk = sum((output_path / item.path).is_file() for item in context.templates)
        if on_disk < len(context.templates):
            missing = len(context.templates) - on_disk
            return f"{missing} of {len(context.templates)} templates are not on disk"
        return "" if self.bridge_invoker else "no bridge invoker available"

    def _enhance_files(
        self, files: Sequence[Path], context: EnhancementContext, output_path: Path | None = None
    ) -> EnhancementResult:
        pipeline = Pipeline(self.flow(), inputs=ENHANCEMENT_FIELDS, listeners=self._listeners)
        fields = self._fields(files, context, output_path)
        hurry: dict[str, Any] = {"sleep": ignore} if self._dry_run else {}
        result = pipeline.run(fields, store=self._store, **hurry)
        enhanced: EnhancementResult = result["enhanced"]
        return enhanced

    def _fields(
        self, files: Sequence[Path], context: EnhancementContext, output_path: Path | None
    ) -> dict[str, Any]:
        logger.info("Found %d agents and %d templates", len(files), context.templates.total_count)
        reason = self._reason_to_skip(files, context, output_path) if output_path else ""
        if reason:
            logger.info("Agents stay basic: %s", reason)
            names = [path.stem for path in files]
            return {"agents": [], "asked": (), "shape": "", "skipped": (names, reason)}
        unfit = find_obstacles(files)
        fit = [path for path in files if path not in unfit]
        keys = agent_keys(fit, context, origins=self._origins)
        asked = tuple(
            Unfit(path, unfit[path]) if path in unfit else Asked(path, keys[path], context)
            for path in dict.fromkeys(files)
        )
        shape = fingerprint_of_all(
            STEP,
            context,
            bridge=self.enhancement,
            contract=self.options.contract,
            profile=self.profile,
        )
        agents = [item for item in asked if isinstance(item, Asked)]
        return {"agents": agents, "asked": asked, "shape": shape, "skipped": None}

    def _applied(
        self, path: Path, spec: AgentSpec, parsed: ParsedAnswer, context: EnhancementContext
    ) -> Applied:
        data = path.read_bytes()
        if error := obstacle(data, f"agents/{path.name}"):
            return Applied(path.stem, "", "", error, ())
        current = data.decode("utf-8")
        return apply_answer(
            spec,
            parsed,
            context,
            current=current,
            profile=self.profile,
            enhancement=self.enhancement,
        )
