import type pg from "pg";

/**
 * A table without a page is planned as an empty one, whatever its statistics are, so each gets one: a row that is
 * rolled back leaves its page. The constraints that forbid a row without values are dropped before, and rolled back too.
 */
const addPages = (schemas: readonly string[]) => `
do $$
declare
	one record;
	rule record;
begin
	for one in
		select c.oid, c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = relnamespace
		where relkind = 'r' and pg_relation_size(c.oid) = 0 and nspname in (${schemas.map(name => `'${name}'`).join(", ")})
	loop
		begin
			for rule in
				select conname as name from pg_constraint where conrelid = one.oid and not exists (
					select from pg_attribute where attrelid = one.oid and attnum = any (conkey) and contype = 'n' and attidentity <> ''
				)
				order by contype <> 'p', contype = 'n'
			loop
				execute format('alter table %s drop constraint if exists %I cascade', one.name, rule.name);
			end loop;
			execute format('insert into %s default values', one.name);
			raise exception 'undone' using errcode = 'ZZ001';
		exception when sqlstate 'ZZ001' then
		end;
	end loop;
end
$$`;

/** Triggers do not fire. @param client of the owner */
export async function addFirstPages(client: pg.Client, schemas: readonly string[]): Promise<void> {
	await client.query("set session_replication_role = 'replica'");
	await client.query(addPages(schemas));
	await client.query("reset session_replication_role");
}
