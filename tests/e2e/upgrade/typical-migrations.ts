import type { Migration } from "../../../db/migrate.ts";

/**
 * The steps of an expansion and of a contraction, each in a form that holds no table of a shop that runs. None is of this
 * product: they run behind its own in a test.
 */
const outside = "-- outside a transaction\n";

const steps: Readonly<Record<string, string>> = {
	// Expand: what the version before does not know, it does not have to fill.
	"9001_column.sql": `
		alter table orders add column gift boolean not null default false, add column former_note text;
		create table gift_card (order_id uuid primary key references orders, text text not null);`,
	"9002_index.sql": `${outside}create index concurrently orders_of_gifts on orders (created_at) where gift;`,
	// Each batch is a transaction of its own, so that no row is locked for long.
	"9003_backfill.sql": `${outside}do $$
		declare
			reached uuid := '00000000-0000-0000-0000-000000000000';
			page uuid[];
		begin
			loop
				page := array(select id from orders where id > reached order by id limit 500);
				exit when cardinality(page) = 0;
				update orders set former_note = 'of ' || user_id where id = any (page);
				reached := page[cardinality(page)];
				commit;
			end loop;
		end $$;`,
	"9004_constraint.sql": `
		alter table orders add constraint note_is_short check (length(former_note) < 1000) not valid;`,
	"9005_valid.sql": `${outside}alter table orders validate constraint note_is_short;`,
	// Contract: what no version that runs reads any more.
	"9006_former_note.sql": `
		-- contract: no version has read former_note since it was replaced.
		alter table orders drop column former_note;`
};

export const typicalMigrations: readonly Migration[] = Object.entries(steps).map(([file, sql]) => ({
	service: "order",
	file,
	sql
}));
