-- What a sleeping saga waits for: an error to pass, the provider's answer, or a human.
alter table saga add column waits_for text check (waits_for in ('fault', 'outcome', 'human'));
