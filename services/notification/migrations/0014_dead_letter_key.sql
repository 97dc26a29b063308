-- A node of the version before cannot store a dead letter from here on: its partition waits until the node is replaced.
alter table dead_letter drop constraint dead_letter_pkey,
	add constraint dead_letter_pkey primary key using index dead_letter_by_log;
