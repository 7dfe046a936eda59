"""The HTTP API: thin routes under /api, RFC 9457 problems, and access that the database enforces."""
