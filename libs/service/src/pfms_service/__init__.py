"""A PFMS service: its record, its app, its roles and its command line."""
