-- Events that never have an effect (cli/restore-reconcile.ts): asked for before messages are planned outside this database.
create index inbox_void on inbox (event_id) where replay = 2147483647;
