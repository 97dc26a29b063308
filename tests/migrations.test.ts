import { readFileSync } from "node:fs";
import { join } from "node:path";
import { migrations } from "../db/migrate.ts";
import { faultsOf } from "../db/migration-files.ts";
import { frozenChecksums } from "../scripts/release/checksums.ts";
import { lastRelease } from "./support/release/last-release.ts";
import { breaksFormer, heldTables } from "./migrations.rules.ts";

/** From before the rule. No migration is added here: a table that is small today is not in a shop that has run for a year. */
const before = [
	"user/0002_contact.sql",
	"user/0004_standings.sql",
	"product/0003_takeback.sql",
	"product/0008_price_by_currency.sql",
	"product/0009_skus.sql",
	"product/0010_search.sql",
	"product/0011_reservation_share.sql",
	"order/0002_history.sql",
	"order/0003_saga_waits.sql",
	"order/0004_limits.sql",
	"order/0005_returns.sql",
	"order/0006_stream.sql",
	"order/0007_waits_for_customer.sql",
	"order/0010_archive.sql",
	"order/0011_refill_pages.sql",
	"order/0014_waits_for_refund.sql",
	"payment/0002_events.sql",
	"payment/0003_look_back.sql",
	"payment/0008_provider_changes.sql",
	"payment/0009_disputes_in_order.sql",
	"notification/0005_replay.sql",
	"notification/0006_letters.sql",
	"notification/0007_void.sql",
	"notification/0008_sns_topic.sql",
	"notification/0009_dead_letter_time.sql",
	"notification/0010_due_by_channel.sql",
	"analytics/0003_products.sql",
	"analytics/0005_replay.sql",
	"analytics/0006_letters.sql",
	"analytics/0009_dead_letter_time.sql",
	"analytics/0010_capped_sums.sql"
];

it("the migrations have the names and forms that a start demands", async () => {
	expect(faultsOf(await migrations())).toEqual([]);
});

it("no migration holds a table of a running shop", async () => {
	const found = (await migrations()).filter(({ sql }) => heldTables(sql).length > 0);
	expect(found.map(({ service, file }) => `${service}/${file}`)).toEqual(before);
});

it("no migration since the last release fails the nodes of that release", () => {
	const { checksums } = lastRelease();
	const added = Object.keys(frozenChecksums()).filter(
		path => path.endsWith(".sql") && checksums[path] === undefined
	);
	const read = (path: string) => readFileSync(join(import.meta.dirname, "..", path), "utf8");
	expect(added.flatMap(path => breaksFormer(read(path)).map(what => `${path}: ${what}`))).toEqual(
		[]
	);
});

const outside = "-- outside a transaction\n-- Why.\n";
const index = "builds an index that is not `concurrently`";
const constraint = "adds a constraint that is not `not valid`";

it.each<[sql: string, found: string[]]>([
	["create index a on t (x);", [`t: ${index}`]],
	["CREATE UNIQUE INDEX\n\ta ON t (x);", [`t: ${index}`]],
	["create index if not exists a on only t (x);", [`t: ${index}`]],
	["create index concurrently a on t (x);", [`t: ${index}`]],
	[`${outside}create index concurrently if not exists a on t (x);`, []],
	[`${outside}create unique index concurrently a on t (x);`, []],
	["create table t (x int check (x > 0) references u); create index a on t (x);", []],
	["create table if not exists t (x int); alter table t add check (x > 0);", []],
	["create table t (x int); create index a on u (x);", [`u: ${index}`]],
	["do $$ begin create index a on t (x); end $$;", [`t: ${index}`]],
	["create function f() returns void as $$ create index a on t (x); $$ language sql;", []],
	["-- create index a on t (x);\nselect 'create index a on t (x)';", []],
	["alter table t add constraint c check (x in (1, 2));", [`t: ${constraint}`]],
	["alter table only t add check (x > 0);", [`t: ${constraint}`]],
	["alter table t add foreign key (x) references u (id);", [`t: ${constraint}`]],
	["alter table t add constraint c check (x in (1, 2)) not valid;", []],
	["alter table t drop constraint c, add constraint c check (f(x, 1)) not valid;", []],
	["alter table t add constraint c foreign key (x) references u not valid;", []],
	["alter table t add check (x > 0) not valid, add check (y > 0);", [`t: ${constraint}`]],
	[
		"alter table t add column x int check (x > 0);",
		["t: adds a column with a constraint: add that by itself, `not valid`"]
	],
	["alter table t add column x int not null default 0;", []],
	["alter table t add column x text default 'check (x)';", []],
	["alter table t add constraint c unique (x);", [`t: ${index}`]],
	["alter table t add constraint c unique using index a;", []],
	[
		"alter table t validate constraint c;",
		["t: validates in the transaction of the other migrations"]
	],
	[`${outside}alter table t validate constraint c;`, []],
	["alter table t alter column x set default 0;", []],
	["alter table t alter column x type bigint;", ["t: rewrites all rows"]],
	["alter table t add column x bigserial;", ["t: rewrites all rows"]],
	["alter table t add x uuid default gen_random_uuid();", ["t: rewrites all rows"]],
	["alter table t add x int generated always as (y + 1) stored;", ["t: rewrites all rows"]],
	["alter table t add x int generated always as identity;", ["t: rewrites all rows"]],
	[
		"alter table t alter column x set not null;",
		["t: reads all rows: add a check that is `not valid`"]
	],
	["alter table t add column x int primary key;", [`t: ${index}`]],
	["alter table t add exclude using gist (x with &&);", [`t: ${index}`]]
])("%j holds %j", (sql, found) => {
	expect(heldTables(sql)).toEqual(found);
});

const beside = "renames what the version before uses: add the new one beside it";
const unfilled = "adds a column that the version before does not fill: give it a default";
const why = "-- contract: nothing has read it since 0.1.0\n";

it.each<[sql: string, found: string[]]>([
	["alter table t rename column a to b;", [`t: ${beside}`]],
	["alter table t rename a to b;", [`t: ${beside}`]],
	["alter table t rename to u;", [`t: ${beside}`]],
	[`${why}alter table t rename to u;`, [`t: ${beside}`]],
	["alter function f(int) rename to g;", [`f: ${beside}`]],
	["alter table t drop column a;", ["t: drops a column: say `-- contract: why nothing reads it`"]],
	["alter table t drop a;", ["t: drops a column: say `-- contract: why nothing reads it`"]],
	[
		"-- contract:\nalter table t drop a;",
		["t: drops a column: say `-- contract: why nothing reads it`"]
	],
	[`${why}alter table t drop column if exists a;`, []],
	["alter table t drop constraint a;", []],
	["alter table t drop default_x;", ["t: drops a column: say `-- contract: why nothing reads it`"]],
	["alter table t set schema old;", [`t: ${beside}`]],
	["alter sequence s rename to r;", [`s: ${beside}`]],
	["alter table t add column a int not null default null;", [`t: ${unfilled}`]],
	["alter table t add constraint_a int not null;", [`t: ${unfilled}`]],
	[
		"alter table t alter column a type bigint;",
		["t: changes the type of a column: say `-- contract: why the version before can use both`"]
	],
	[`${why}alter table t alter a set data type bigint;`, []],
	...["materialized view", "trigger", "sequence", "domain", "procedure", "type"].map(
		(kind): [string, string[]] => [
			`drop ${kind} t;`,
			["t: is dropped: say `-- contract: why nothing uses it`"]
		]
	),
	[
		"create table t (x int); drop table t, u;",
		["u: is dropped: say `-- contract: why nothing uses it`"]
	],
	["revoke select on t from r;", ["t: a right is revoked: say `-- contract: why nothing uses it`"]],
	["drop table t;", ["t: is dropped: say `-- contract: why nothing uses it`"]],
	["drop function if exists f(int);", ["f: is dropped: say `-- contract: why nothing uses it`"]],
	[`${why}drop table t;`, []],
	["drop index concurrently i;", []],
	["create table t (x int); drop table t;", []],
	["alter table t add column a int not null;", [`t: ${unfilled}`]],
	["alter table t add a int not null, add b int;", [`t: ${unfilled}`]],
	["alter table t add column a int not null default 0;", []],
	["alter table t add column a int;", []],
	["alter table t add constraint c check (x is not null) not valid;", []],
	["create table t (x int); alter table t add y int not null;", []],
	[
		"alter table t alter column a set not null;",
		["t: demands a value that the version before may not give: say `-- contract: why it does`"]
	],
	[
		"alter table t alter a drop default;",
		["t: demands a value that the version before may not give: say `-- contract: why it does`"]
	],
	["alter table t alter column a drop not null;", []],
	["update t set a = 1;", []]
])("%j fails the version before: %j", (sql, found) => {
	expect(breaksFormer(sql)).toEqual(found);
});
