"""Files of ours in somebody else's folder: placed, recorded, told when they differ, taken away.

A record beside them holds the hash of what was written last; what differs from it was edited and
is never written over without being asked for. (Facts on Claude Code, section 9, wish 4.)
"""

from template_creation.deployment.blocks import BrokenMarks, find_block, put_block
from template_creation.deployment.cited import cite_from, cited_templates, templates_home
from template_creation.deployment.failpoints import DEPLOYMENT_FAILPOINTS
from template_creation.deployment.place import carry_out, plan, take_away
from template_creation.deployment.record import RECORD, Deployed, Record, read_record
from template_creation.deployment.values import Change, Item, Plan, Site, Step

__all__ = [
    "DEPLOYMENT_FAILPOINTS",
    "RECORD",
    "BrokenMarks",
    "Change",
    "Deployed",
    "Item",
    "Plan",
    "Record",
    "Site",
    "Step",
    "carry_out",
    "cite_from",
    "cited_templates",
    "find_block",
    "plan",
    "put_block",
    "read_record",
    "take_away",
    "templates_home",
]
