"""An invoice as a PDF: made once from what was issued, kept, and the same bytes for whoever asks."""

from hashlib import sha256

from sponsors.models import Invoice, InvoiceDocument


def pdf_of(invoice: Invoice) -> bytes:
    """The document; made by whoever asks first."""
    kept = InvoiceDocument.objects.filter(invoice=invoice).first()
    if kept is None:
        from sponsors.money.invoice_page import render  # which takes a second and 40 MB to load

        content = render(invoice)
        row = InvoiceDocument(invoice=invoice, pdf=content, sha256=sha256(content).hexdigest())
        InvoiceDocument.objects.bulk_create([row], ignore_conflicts=True)
        kept = InvoiceDocument.objects.get(invoice=invoice)
    return bytes(kept.pdf)
