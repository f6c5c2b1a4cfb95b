"""The ledger: the durable record of who was called, in a SQLite file or a PostgreSQL database.

- What a run does: `runs` (start, lock, end), `standings` (who is claimed, and who may not be called), `claims` (claim,
  unclaim) and `batches` (submit, record, split). `ledger.Ledger` has all of these under one name each, and `opening`
  opens it.
- Queries and decisions by people: `campaigns`, `conversations`, `do_not_call`, `last_calls`, `forgetting`, `copying`.
- Below: `database` (one connection, transactions, the statements of `queries.sql`), `group_commit` and `migrations`
  (the schema, step by step).
- The room `engines`: `engine` (what each must offer), `sqlite` with `place`, `file_systems` and `hot_journal` (whether
  a file can be trusted), `postgres` with `postgres_session` and `placeholders`, and `location`.
"""
