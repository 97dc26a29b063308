-- outside a transaction
create unique index concurrently dead_letter_by_log on dead_letter (topic, partition, "offset", log);
