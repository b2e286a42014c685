"""The newsroom's part of surveys that are no award: their list, a page for each, the builder, invitations."""

from surveys.admin.questionnaires import surveys

__all__ = ["surveys"]
