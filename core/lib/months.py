"""Months of calendars: the one that an address asks for, and those before and after one."""

from datetime import date

YEARS_SHOWN = 20  # before and after today


def asked_for(text: str, *, today: date) -> date:
    """The first day of a month such as 2026-11; of today's where the text is none, or very far away."""
    this = today.replace(day=1)
    try:
        month = date.fromisoformat(f"{text.strip()}-01")
    except ValueError:
        return this
    return month if abs(month.year - this.year) <= YEARS_SHOWN else this


def shifted(first: date, months: int) -> date:
    """The first day of the month that is so many after that of `first`."""
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)
