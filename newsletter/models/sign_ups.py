"""Sign-ups that wait to be looked at, and the rules that sign-ups are under."""

from typing import Any

from django.db import models
from django.utils import timezone

from core.proof_of_work import ProofRule
from newsletter.domains import check_list, is_disposable, listed
from newsletter.models.audience import Newsletter


class SignUp(models.Model):
    """Somebody asked for a newsletter. The row is the same whatever is known of the address; a worker looks and deletes it."""

    email = models.EmailField()
    canonical = models.EmailField()
    newsletter = models.ForeignKey(Newsletter, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=120, blank=True, default="", db_default="")
    source = models.CharField(max_length=80)
    network = models.CharField(max_length=45, blank=True, help_text="IP network, not the address.")
    asked_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    waits_without_proof = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["due_at", "pk"]
        indexes = [
            models.Index(fields=["due_at", "id"], name="sign_up_due"),
            models.Index(fields=["canonical"], name="sign_up_canonical"),
            models.Index(fields=["due_at"], name="sign_up_unproven", condition=models.Q(waits_without_proof=True)),
        ]

    def __str__(self) -> str:
        return f"{self.email} for {self.newsletter}"


class SignUpRules(ProofRule):
    """What protects the sign-up forms, and where they may be embedded. There is one row."""

    refuses_disposable = models.BooleanField(
        "refuse disposable addresses",
        default=False,
        help_text="Without it, subscribers with such an address are only marked.",
    )
    disposable_domains = models.TextField(
        "further disposable domains",
        blank=True,
        validators=[check_list],
        help_text="One a line; they are added to the list that comes with the site.",
    )
    trusted_domains = models.TextField(
        "not disposable",
        blank=True,
        validators=[check_list],
        help_text="One a line; these are never taken for disposable, listed or not.",
    )
    embedding_sites = models.TextField(
        "sites that may embed the form",
        blank=True,
        validators=[check_list],
        help_text="One host a line, such as partner.example or *.partner.example. Empty: every site.",
    )

    class Meta(ProofRule.Meta):
        verbose_name = verbose_name_plural = "sign-up rules"
        constraints = [
            *ProofRule.Meta.constraints,
            models.CheckConstraint(condition=models.Q(id=1), name="sign_up_rules_is_one_row"),
        ]

    def __str__(self) -> str:
        return "Sign-up rules"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.id = 1
        super().save(*args, **kwargs)

    @classmethod
    def current(cls) -> "SignUpRules":
        """The one row, or the defaults where none was saved yet."""
        return cls.objects.first() or cls()

    def calls_disposable(self, domain: str) -> bool:
        """Whether addresses of a domain are taken for ones to be thrown away."""
        return is_disposable(domain, further=self.disposable_domains, trusted=self.trusted_domains)

    @property
    def may_embed(self) -> tuple[str, ...]:
        """The hosts that may embed the form; empty if every site may."""
        return listed(self.embedding_sites)
