-- `customer`: his bank asks him something (3-D Secure); the shop can only look again.
alter table saga drop constraint saga_waits_for_check,
	add check (waits_for in ('fault', 'outcome', 'customer', 'human'));
