-- How many letters wait is measured every few seconds, and those that were redriven are kept.
create index dead_letter_waiting on dead_letter (at) where redriven_at is null;
