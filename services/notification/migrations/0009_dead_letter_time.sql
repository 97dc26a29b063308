-- Cursors have milliseconds, and so has the column, so that its index serves the list.
alter table dead_letter alter column at type timestamptz(3);
