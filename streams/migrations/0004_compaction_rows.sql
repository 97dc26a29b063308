-- Each compacted partition has its row from the start, so that members that remove messages insert none.
insert into compaction (topic, partition)
select topic, partition from partition join topic on name = topic where cleanup = 'compact'
on conflict do nothing;
