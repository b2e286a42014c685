"""What sponsors owe: tax, invoices, credit notes, terms, and the ledger that adds them up."""
