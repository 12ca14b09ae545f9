"""The event tables of every service: one SQL file is one statement, the installer runs them in a migration."""
