"""Accounts, categories, payees, transactions and imports: the truth about money."""
