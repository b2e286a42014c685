"""The newsroom's part of surveys that are no award."""

from surveys.admin.questionnaires import surveys

__all__ = ["surveys"]
