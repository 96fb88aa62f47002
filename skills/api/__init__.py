"""The skill API: what a skill is made of and what it is given."""

from skills.api.arguments import Area, Implied, Unit
from skills.api.context import (
    Clock,
    Context,
    Dialogue,
    Environment,
    Journal,
    Resource,
    Resources,
    Vehicle,
)
from skills.api.errors import (
    AnswerNeeded,
    Choice,
    NotFound,
    OutOfRange,
    Refused,
    SignatureInvalid,
    SkillError,
)
from skills.api.results import Change, Result, Status, Value, VehicleResult, joint_status
from skills.api.skill import Function, Skill, SkillSet, define_skill, function

__all__ = [
    "AnswerNeeded",
    "Area",
    "Change",
    "Choice",
    "Clock",
    "Context",
    "Dialogue",
    "Environment",
    "Function",
    "Implied",
    "Journal",
    "NotFound",
    "OutOfRange",
    "Refused",
    "Resource",
    "Resources",
    "Result",
    "SignatureInvalid",
    "Skill",
    "SkillError",
    "SkillSet",
    "Status",
    "Unit",
    "Value",
    "Vehicle",
    "VehicleResult",
    "define_skill",
    "function",
    "joint_status",
]
