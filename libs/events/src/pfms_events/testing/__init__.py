"""For the tests of services and of this package: a database with the event tables and the three roles."""
