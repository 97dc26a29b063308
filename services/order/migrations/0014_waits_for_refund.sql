-- The provider has a refund and has not made it, which may take days: that is no fault.
alter table saga drop constraint saga_waits_for_check,
	add check (waits_for in ('fault', 'outcome', 'customer', 'refund', 'human'));
