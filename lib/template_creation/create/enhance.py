"""Agents of a package that is already there, enhanced in place: ours, or anyone's folder with
``agents/`` and ``templates/``. (Issue 4; seed 002, phase 7.5 by itself.)
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from batch_engine.core import Listener, RunStore
from template_creation.agents import (
    SEED,
    AgentEnhancer,
    AgentOutcome,
    EnhancementContext,
    EnhancementResult,
    Ledger,
    Profile,
    check_folder,
    ignore,
    load_folder,
    profile_from_settings,
    write_over,
)
from template_creation.bridges import AgentBridgeInvoker
from template_creation.create.bridging import open_bridge, put_request_away
from template_creation.create.pauses import SetAside, kept_at_a_pause, put_back, tell_changes
from template_creation.create.runs import (
    RunRecord,
    begin_run,
    resume_run,
    run_open,
    settled_places,
)
from template_creation.create.state import durability_for, forget_results, open_store, state_copy
from template_creation.errors import BadInput, ExitCode
from template_creation.evidence import load_memories, with_memories
from template_creation.exchange import load_prices
from template_creation.package import (
    MANIFEST,
    SETTINGS,
    agent_files,
    load_package,
    nested_agents,
    product_home,
    reseal,
)
from template_creation.values.agent import Issue
from template_creation.values.analysis import Memory
from template_creation.values.enhancement import EnhancementOptions

__all__ = ["EnhanceOptions", "Enhanced", "enhance_agents"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnhanceOptions:
    """Which agents of which package, and how.

    ``agents`` names them; empty means all. ``memories`` are places of memories to hand to them,
    in place of those that the package was made with. With ``resume`` all but the package is what
    the run that goes on was asked for, which has to be as ``expected``. ``dry_run`` writes nothing
    and asks no model: the offline bridge shows what it would change, others what they would be
    asked.
    """

    package: Path
    agents: tuple[str, ...] = ()
    enhancement: EnhancementOptions | None = None
    memories: tuple[str, ...] | None = None
    max_cost_usd: float | None = None
    prices: Path | None = None
    state: Path | None = None
    dry_run: bool = False
    fresh: bool = False
    resume: bool = False
    expected: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.resume and (self.fresh or self.dry_run):
            other = "--fresh" if self.fresh else "--dry-run"
            raise BadInput(f"--resume and {other} exclude each other", hint="leave one out")
        if self.max_cost_usd is not None and not 0 < self.max_cost_usd < float("inf"):
            raise BadInput(f"the cost limit is {self.max_cost_usd!r}", hint="give dollars above 0")

    @property
    def state_folder(self) -> Path:
        """Where the state of this run is: one folder for each package, by its place."""
        if self.state is not None:
            return self.state.expanduser().absolute()
        root = self.package.expanduser().resolve()
        place = hashlib.sha256(str(root).encode("utf-8", "surrogateescape")).hexdigest()[:8]
        name = re.sub(r"[^a-z0-9]+", "-", root.name.lower()).strip("-")[:50] or "package"
        return product_home() / "state" / f"enhance-{name}-{place}"


@dataclass(frozen=True, kw_only=True)
class Enhanced:
    """What came of it. ``changes`` (a dry run of the offline bridge) maps agents to diffs;
    ``prompts`` and ``requests`` (a dry run) say what would be asked. ``findings`` is what is amiss
    in a package that is not ours (frontmatter that no host reads, references to nothing), and
    which agents others changed while they were asked for."""

    package: Path
    result: EnhancementResult
    status: Literal["done", "partial", "failed", "skipped", "planned"]
    changes: dict[str, str]
    findings: tuple[Issue, ...] = ()
    prompts: tuple[str, ...] = ()
    requests: dict[str, Any] | None = None

    @property
    def exit_code(self) -> ExitCode:
        """0 where all was done; 7 where some agents stayed as they were, 1 where all did, also
        where nothing could be tried."""
        codes = {
            "partial": ExitCode.PARTIAL,
            "failed": ExitCode.FAILED,
            "skipped": ExitCode.FAILED,
        }
        return codes.get(self.status, ExitCode.DONE)

    def to_document(self) -> dict[str, Any]:
        """The seed's keys and what else there is, as one JSON object."""
        return {
            **self.result.to_dict(),
            "status": self.status,
            "exit_code": int(self.exit_code),
            "package": str(self.package),
            "changes": self.changes,
            "findings": [asdict(item) for item in self.findings],
            "prompts": list(self.prompts),
            "requests": self.requests or {},
        }


def enhance_agents(
    package: Path | str | EnhanceOptions,
    *,
    bridge: AgentBridgeInvoker | None = None,
    listeners: Sequence[Listener] = (),
    notify: Callable[[str], None] = ignore,
) -> Enhanced:
    """The agents of ``package`` enhanced in place, all by one request where it fits.

    ``bridge`` answers; without it the one that the options choose (by default: extraction).
    Every agent is written whole or not at all, text that a person wrote stays, and the manifest
    and report of a package of ours follow.

    Raises `BadInput` where there is no package or no such agent, `WriteError`, or
    `InvocationPending` where the bridge waits; finished agents are written by then.

    >>> enhance_agents("packages/shop").result.status
    'success'
    """
    options = (
        package if isinstance(package, EnhanceOptions) else EnhanceOptions(package=Path(package))
    )
    root = options.package.expanduser().resolve()
    _check_folder(root)
    if options.dry_run:
        with state_copy(options.state_folder) as store:
            return _planned(root, _chosen(root, options.agents), options, bridge, store)
    if not options.resume:  # else agents that are missing are put back first
        _chosen(root, options.agents)
    run = None if options.resume else _settled(root, options)
    with open_store(
        options.state_folder,
        durability=durability_for(run),
        resume=str(options.package) if options.resume else "",
    ) as store:
        if options.fresh:
            forget_results(store)
        opened = (
            begin_run(store, run, fresh=options.fresh)
            if run is not None
            else resume_run(
                store,
                root.name,
                {
                    "agents": options.agents or None,
                    "memories": None
                    if options.memories is None
                    else settled_places(options.memories),
                    **options.expected,
                },
            )
        )
        with run_open(store, opened):
            enhanced = _enhanced(root, opened, options, bridge, store, listeners, notify)
        put_request_away(opened, options.state_folder)
        return enhanced


def _check_folder(root: Path) -> None:
    if not root.is_dir():
        raise BadInput(f"no such package: {str(root)!r}", hint="give the package's folder")


def _chosen(root: Path, names: Sequence[str]) -> list[Path]:
    """The agent files asked for; `BadInput` names what there is instead."""
    files = {path.stem: path for path in agent_files(root)}
    if not files:
        raise BadInput(
            f"there are no agents in {str(root)!r}",
            hint="a package has agents/NAME.md and templates/",
        )
    wanted = [name.removesuffix(".md") for name in names]
    for name in wanted:
        if name not in files:
            near = difflib.get_close_matches(name, files, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(files))}"
            raise BadInput(f"there is no agent {name!r} in the package", hint=hint)
    return [files[name] for name in dict.fromkeys(wanted)] or list(files.values())


def _not_asked(root: Path, names: Sequence[str]) -> tuple[AgentOutcome, ...]:
    """Agents that lie deeper than agents of a package do, where all are asked for."""
    if names:
        return ()
    error = "it is in a folder below agents/, so it is not enhanced; move it into agents/"
    places = (path.relative_to(root / "agents").with_suffix("") for path in nested_agents(root))
    return tuple(AgentOutcome(place.as_posix(), "failed", error=error) for place in places)


def _settled(root: Path, options: EnhanceOptions) -> RunRecord:
    return RunRecord(
        run_id=uuid4().hex,
        name=root.name,
        path=str(root),
        output=str(root),
        enhancement=options.enhancement or EnhancementOptions(),
        agents=options.agents,
        memories=settled_places(options.memories or ()),
    )


def _context(root: Path, places: Sequence[str] = ()) -> EnhancementContext:
    """What is known of the package, ours by its documents, another's by its folders; and of the
    memories at ``places``."""
    context = _known(root)
    records = load_memories(places).records
    if not records:
        return context
    return replace(context, analysis=with_memories(context.analysis, context.agents, records))


def _known(root: Path) -> EnhancementContext:
    if (root / MANIFEST).is_file():
        try:
            return EnhancementContext.of(load_package(root))
        except BadInput:
            if not (root / "agents").is_dir():
                raise
    return load_folder(root)


def _enhancer(
    run: RunRecord,
    options: EnhanceOptions,
    bridge: AgentBridgeInvoker | None,
    store: RunStore,
    listeners: Sequence[Listener],
    notify: Callable[[str], None],
    set_aside: Callable[[Path], None] = write_over,
    *,
    dry_run: bool = False,
) -> AgentEnhancer:
    ledger = Ledger(store, run=run.run_id)
    return AgentEnhancer(
        bridge or open_bridge(run, options.state_folder, options.prices),
        options=run.enhancement,
        profile=_profile(Path(run.path)),
        ledger=ledger,
        store=store,
        in_place=True,
        dry_run=dry_run,
        max_cost_usd=options.max_cost_usd,
        prices=load_prices(options.prices),
        listeners=listeners,
        notify=notify,
        set_aside=set_aside,
    )


def _enhanced(
    root: Path,
    run: RunRecord,
    options: EnhanceOptions,
    bridge: AgentBridgeInvoker | None,
    store: RunStore,
    listeners: Sequence[Listener],
    notify: Callable[[str], None],
) -> Enhanced:
    aside = SetAside(root, options.state_folder)
    if options.resume:
        put_back(store, root, aside)
        aside.tell(notify)
    else:
        tell_changes(store, root, options.state_folder, notify)
    files = _chosen(root, run.agents)
    enhancer = _enhancer(run, options, bridge, store, listeners, notify, aside)
    context = _context(root, run.memories)
    memories = context.analysis.memories if run.memories else ()
    if run.memories:
        notify(f"Memories: {len(memories)} concern an agent (see `template-create memory agents`).")
    try:
        with kept_at_a_pause(store, root, files):
            result = enhancer.enhance(context, root, files)
    finally:
        _follow(root, files, memories)
        aside.tell(notify)
    _follow(root, files, memories, result)
    result = replace(result, agents=(*result.agents, *_not_asked(root, run.agents)))
    statuses: dict[str, Literal["done", "partial", "failed", "skipped"]] = {
        "success": "done",
        "partial": "partial",
        "failed": "failed",
        "skipped": "skipped",
    }
    return Enhanced(
        package=root,
        result=result,
        status=statuses[result.status],
        changes={},
        findings=(*aside.issues, *_findings(root)),
    )


def _follow(
    root: Path,
    files: Sequence[Path],
    memories: Sequence[Memory],
    result: EnhancementResult | None = None,
) -> None:
    """Manifest and report of a package of ours, brought after its agents."""
    outcomes = [] if result is None else [outcome.to_report() for outcome in result.agents]
    facts = {"memories": [asdict(item) for item in memories]} if memories else None
    paths = [path.relative_to(root).as_posix() for path in files if path.is_file()]
    reseal(root, outcomes, paths, facts=facts)


def _planned(
    root: Path,
    files: Sequence[Path],
    options: EnhanceOptions,
    bridge: AgentBridgeInvoker | None,
    store: RunStore,
) -> Enhanced:
    """What a real run would ask, found by one on copies; of the offline bridge also what it
    would change."""
    if options.fresh:
        forget_results(store)
    run = begin_run(store, _settled(root, options), fresh=options.fresh)
    with tempfile.TemporaryDirectory(prefix="template-create-") as folder:
        copy = Path(folder) / root.name
        shutil.copytree(root, copy, symlinks=True)
        enhancer = _enhancer(run, options, bridge, store, (), ignore, dry_run=True)
        copies = [copy / path.relative_to(root) for path in files]
        result = enhancer.enhance(_context(copy, run.memories), copy, copies)
        changes = {
            path.stem: text
            for path, after in zip(files, copies, strict=True)
            if (text := _diff(path, after, root))
        }
    return Enhanced(
        package=root,
        result=replace(result, agents=(*result.agents, *_not_asked(root, options.agents))),
        status="planned",
        changes=changes,
        prompts=enhancer.planner.prompts(enhancer.planned),
        requests=enhancer.planner.report(enhancer.planned, max_cost_usd=options.max_cost_usd),
        findings=_findings(root),
    )


def _findings(root: Path) -> tuple[Issue, ...]:
    return () if (root / MANIFEST).is_file() else check_folder(root)


def _profile(root: Path) -> Profile:
    """What an agent has to have: what the settings of the package say, else the seed's."""
    try:
        settings = json.loads((root / SETTINGS).read_bytes())
    except (OSError, ValueError):
        return SEED
    told = settings.get("agent_profile") if isinstance(settings, dict) else None
    return SEED if told is None else profile_from_settings(told)


def _diff(before: Path, after: Path, root: Path) -> str:
    name = before.relative_to(root).as_posix()
    lines = difflib.unified_diff(
        before.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True),
        after.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True),
        f"a/{name}",
        f"b/{name}",
    )
    return "".join(lines)
