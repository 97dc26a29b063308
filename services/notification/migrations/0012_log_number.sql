-- The number of the log that an offset is of: it grows when the log was lost, and when the shop moves to another one. A
-- dead letter of an earlier log is then not taken for the message at its offset of this one.
alter table position add column log int not null default 0;
alter table dead_letter add column log int not null default 0;
