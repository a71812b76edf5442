"""YAML workflows with durable batch steps.

A workflow is a file with steps; a ``batch`` step runs a task for each of its items, stores every
result on its own, and never does finished work twice::

    from pathlib import Path
    from batch_engine.workflow import WorkflowEngine, load_workflow

    workflow = load_workflow(Path("digest.yaml"))          # InvalidWorkflowError: file:line:column
    engine = WorkflowEngine(workflow, workspace=Path("runs/digest"))
    result = engine.run({"folder": "docs"})
    result.status                       # completed, completed_with_errors, failed
    result.steps["digest"].counts       # total, processed, loaded, failed, retried
    engine.run(resume=True)             # after a crash; retry=True: only what failed

Tasks of your own, of one item or of a whole chunk::

    from batch_engine.workflow import create_batch_task_handler, register_task

    @register_task("resize")
    def resize(path: str, width: int = 100) -> dict: ...

    @register_task("embed")
    @create_batch_task_handler
    def embed(items, step, batch_context): ...

`BatchProcessor` is the batch without a file around it. Guide: ``docs/workflows.md``.
"""

from batch_engine.workflow.batch_handler import create_batch_task_handler
from batch_engine.workflow.batch_options import BatchOptions
from batch_engine.workflow.batch_outcome import BatchOutcome, FailedItem
from batch_engine.workflow.batch_processor import BatchProcessor
from batch_engine.workflow.definition import Step, Workflow
from batch_engine.workflow.engine import WorkflowEngine
from batch_engine.workflow.errors import (
    AbandonedError,
    ChangedWorkflowError,
    CommandFailedError,
    ExpressionError,
    HttpError,
    InterruptedItemError,
    InvalidWorkflowError,
    ParameterError,
    Place,
    Problem,
    StepFailedError,
    Stopped,
    TaskInputError,
    UndefinedNameError,
    UnsafePathError,
    WorkflowError,
)
from batch_engine.workflow.file_agent import AnswerPending, FileAgent
from batch_engine.workflow.json_schema import workflow_schema
from batch_engine.workflow.load import load_workflow, parse_workflow
from batch_engine.workflow.migration import FormerRun, read_former_state
from batch_engine.workflow.migration_import import ImportReport, import_former_run
from batch_engine.workflow.params import read_param
from batch_engine.workflow.plan import PlannedStep, plan_workflow
from batch_engine.workflow.report import StepReport, WorkflowResult
from batch_engine.workflow.runs import latest_workspace, new_workspace, state_folder
from batch_engine.workflow.spec import RetrySpec, Tolerance
from batch_engine.workflow.state import RunRecord, StepRecord, WorkflowState
from batch_engine.workflow.task import (
    AgentInvoker,
    Services,
    TaskCall,
    TaskHandler,
    TaskInput,
    TaskRegistry,
    load_task_module,
    register_task,
)

__all__ = [
    "AbandonedError",
    "AgentInvoker",
    "AnswerPending",
    "BatchOptions",
    "BatchOutcome",
    "BatchProcessor",
    "ChangedWorkflowError",
    "CommandFailedError",
    "ExpressionError",
    "FailedItem",
    "FileAgent",
    "FormerRun",
    "HttpError",
    "ImportReport",
    "InterruptedItemError",
    "InvalidWorkflowError",
    "ParameterError",
    "Place",
    "PlannedStep",
    "Problem",
    "RetrySpec",
    "RunRecord",
    "Services",
    "Step",
    "StepFailedError",
    "StepRecord",
    "StepReport",
    "Stopped",
    "TaskCall",
    "TaskHandler",
    "TaskInput",
    "TaskInputError",
    "TaskRegistry",
    "Tolerance",
    "UndefinedNameError",
    "UnsafePathError",
    "Workflow",
    "WorkflowEngine",
    "WorkflowError",
    "WorkflowResult",
    "WorkflowState",
    "create_batch_task_handler",
    "import_former_run",
    "latest_workspace",
    "load_task_module",
    "load_workflow",
    "new_workspace",
    "parse_workflow",
    "plan_workflow",
    "read_former_state",
    "read_param",
    "register_task",
    "state_folder",
    "workflow_schema",
]
