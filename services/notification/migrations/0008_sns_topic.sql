-- The channel is called after what it publishes to: an Amazon SNS topic.
alter table notifications drop constraint notifications_channel_check;
update notifications set channel = 'sns_topic' where channel = 'cascade';
alter table notifications add constraint notifications_channel_check check (channel in ('email', 'sms', 'sns_topic'));
