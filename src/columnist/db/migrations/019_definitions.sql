-- Functions, triggers and policies are defined in functions/, triggers/ and policies/ from here on: db/definitions.py.

revoke all on columnist_definitions from public, anon, authenticated;  -- as in 002

-- What 010 made (how_read and its helpers) stays for one more release: running processes of the last one still call it.
