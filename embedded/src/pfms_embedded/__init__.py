"""All of PFMS in one process on an embedded PostgreSQL and Valkey."""
