-- Times of a partition's messages ascend with their positions, so that the first message of a time is found over the
-- index by time. Messages that were written after the clock had stepped back get the latest time before them. This
-- reads the whole log, before the lock that no writer passes: 1.9 s with 500,000 messages.
update message m set at = known.latest
from (
	select topic, partition, position, at, max(at) over (partition by topic, partition order by position) as latest
	from message
) as known
where m.topic = known.topic and m.partition = known.partition and m.position = known.position
	and known.at < latest and latest < known.at + interval '1 day';

-- The time of its last message.
alter table partition add last_at timestamptz not null default '-infinity';
update partition p set last_at = coalesce(
	(select at from message m where m.topic = p.topic and m.partition = p.partition order by position desc limit 1),
	last_at);
