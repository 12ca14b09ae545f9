"""Users, sessions, books and members."""
