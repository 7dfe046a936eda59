"""The database: embedded server, connections and their roles, migrations and SQL functions."""
