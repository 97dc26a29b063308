-- When a window was last emitted to the topic of results.
alter table windows rename column told_at to emitted_at;
alter index windows_to_tell rename to windows_due;
alter table results rename column told_at to emitted_at;
alter function take_back(timestamptz) rename to reset_windows;
alter function forget_published() rename to purge_published;
