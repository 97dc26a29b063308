-- When the log was last found to have lost messages that were handled: a replay that resets effects has to know.
alter table position add column lost_at timestamptz;
