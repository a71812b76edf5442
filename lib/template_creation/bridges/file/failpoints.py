"""The file bridge's places where a test can kill the process, in the order of a request's life."""

from __future__ import annotations

__all__ = ["FILE_BRIDGE_FAILPOINTS"]

FILE_BRIDGE_FAILPOINTS: dict[str, str] = {
    "request_before_write": "nothing of a new request is on disk",
    "request_mid_write": "its folder is being filled under a temporary name",
    "request_after_write": "its folder is there, .agent-request.json is not",
    "request_mid_publish": ".agent-request.json has its temporary name",
    "request_after_publish": ".agent-request.json is there, the pause was not raised",
    "answer_after_read": "answers were read, nothing was handed over",
    "answer_mid_handover": "one agent was handed over, others were not",
    "answer_before_mark": "all agents were handed over, the request does not say so",
    "answer_after_mark": "the request says so, the answer's files are where the host wrote them",
    "answer_mid_move": "one of the answer's files was moved",
    "answer_after_move": "all were moved, .agent-request.json is still there",
    "refuse_mid_move": "the reason of a refusal is written, the answer was not moved",
    "withdraw_mid_move": "the old request says that it is withdrawn, its file was not moved",
}
