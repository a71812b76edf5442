"""What can be wrong with a pipeline, told before anything runs, and what merging can meet."""

from __future__ import annotations

from batch_engine.core import ConfigurationError, FieldProblem, WorkError

__all__ = ["DefinitionError", "MergeConflictError"]


class DefinitionError(ConfigurationError):
    """A pipeline that cannot work as it is written: ``stage`` and ``field`` say where, ``fix``
    says what to write instead. All three are in the message.

    >>> raise DefinitionError("the chunk size is 0", stage="Find", field="chunk_size",
    ...                       fix="give a whole number of at least 1")
    DefinitionError: stage 'Find', field 'chunk_size': the chunk size is 0; give a whole number...
    """

    code = "input.pipeline_definition"

    def __init__(self, problem: str, *, stage: str, field: str, fix: str) -> None:
        super().__init__(
            f"stage {stage!r}, field {field!r}: {problem}; {fix}",
            hint=fix,
            fields=(FieldProblem(path=f"{stage}.{field}", problem=problem, expected=fix),),
        )
        self.stage = stage
        self.field = field
        self.fix = fix


class MergeConflictError(WorkError):
    """Two chunks, or two branches, gave different values for what can have one."""

    code = "internal.merge_conflict"
