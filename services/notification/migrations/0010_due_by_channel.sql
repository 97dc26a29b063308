-- Each channel claims its own messages, so that one that hangs does not delay the others.
create index notifications_due_by_channel on notifications (channel, due_at) where state = 'pending';
drop index notifications_due;
