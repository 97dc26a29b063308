import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Order } from "../../../contracts/order.ts";
import { withClient } from "../../../db/client.ts";
import { keyedSession } from "../../../db/session-settings.ts";
import { run, startShop, type Running } from "../../support/servers/processes.ts";
import { startRdsPostgres, type RdsPostgres } from "../../support/servers/rds-postgres.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { signIn } from "../../support/shop/api-client.ts";
import {
	calledStatements,
	exportedStatements
} from "../../support/statements/collect-statements.ts";
import { isPrepared, recorded } from "../../support/statements/plans.ts";
import type { RecordedStatement } from "../../support/statements/record-statements.ts";
import { statementsIn } from "../../support/statements/source-statements.ts";
import { sourceTree } from "../../source-tree.ts";
import { parametersIn, type Parameter } from "../../terraform/parameter-group.ts";
import { read } from "../terraform/places.rules.ts";
import { sizes } from "../terraform/expected/sizes.table.ts";
import { basket } from "./rest.orders.ts";
import { restSuite } from "./rest.suite.ts";

/**
 * The product on a Postgres with the parameter group of terraform/aws, by TLS, as an owner who is no superuser. That the group
 * is rendered so is checked in tests/e2e/terraform.
 */

const connections = Math.min(
	...Object.values(sizes).map(({ database }) => Number(database.connections))
);
const parameters = parametersIn(read("terraform/aws/modules/rds/main.tf"), String(connections));

const recorder = join(import.meta.dirname, "../../support/statements/record-statements.ts");
const statementsFile = join(temporaryFolder(), "statements.json");

const environmentOf = ({ url, caFile }: RdsPostgres) => ({
	DATABASE_URL: url,
	NODE_EXTRA_CA_CERTS: caFile,
	// The receiver of the tests; http:// leads nowhere else.
	WEBHOOK_ALLOWED_NETWORKS: "127.0.0.1"
});

/** `npm run migrate`. @throws Error with its output */
async function migrate(postgres: RdsPostgres): Promise<void> {
	const { code, output } = await run("migrate.ts", [], environmentOf(postgres));
	if (code !== 0) throw new Error(output);
}

describe("the shop on the parameter group of RDS", () => {
	let postgres: RdsPostgres;

	beforeAll(async () => {
		postgres = await startRdsPostgres(parameters);
		await migrate(postgres);
	}, 60_000);
	afterAll(() => postgres?.stop());

	// Apart, because the shop writes the file of its statements when it ends.
	describe("with its whole API", () =>
		restSuite(async () => {
			const running = await startShop({
				...environmentOf(postgres),
				NODE_OPTIONS: `--import=${pathToFileURL(recorder)}`,
				STATEMENTS_FILE: statementsFile
			});
			return { url: running.url, stop: () => running.remove() };
		}));

	it("has its statements prepared, each with the settings of its session", async () => {
		const prepared = await allStatements(postgres);
		expect(prepared.length).toBeGreaterThan(250);
		expect(await refusedStatements(postgres.url, prepared)).toEqual([]);
		const wrong = { name: "wrong", text: "select nothing from orders.saga" };
		expect(await refusedStatements(postgres.url, [wrong])).toEqual([
			'wrong: column "nothing" does not exist'
		]);
	});

	it.each(parameters.filter(({ name }) => !name.startsWith("rds.")))(
		"has $name = $value, applied by $apply_method",
		async ({ name, value, apply_method }) => {
			const [found] = await postgres.superuser<{ source: string; context: string; same: boolean }>(
				`select source, context, setting in ('${value}', ${value === "1" ? "'on'" : "''"}) as same
				from pg_settings where name = '${name}'`
			);
			expect(found).toMatchObject({ source: "command line", same: true });
			// RDS refuses an immediate change of one that Postgres reads at its start only.
			expect(apply_method === "pending-reboot").toBe(found!.context === "postmaster");
		}
	);

	it("refuses a connection without TLS", async () => {
		const url = new URL(postgres.url);
		url.searchParams.set("sslmode", "disable");
		await expect(withClient(url.toString(), async () => undefined)).rejects.toThrow(
			"no encryption"
		);
	});
});

/** All prepared statements: those that the shop sent, and those that its source has. */
async function allStatements(postgres: RdsPostgres): Promise<RecordedStatement[]> {
	const consumers = await postgres.owner<{ schema: string }>(
		"select table_schema as schema from information_schema.tables where table_name = 'inbox'"
	);
	const found = [
		...recorded(statementsFile).statements,
		...(await exportedStatements(statementsIn(sourceTree(), {}).paths)),
		...(await calledStatements(consumers.map(({ schema }) => schema)))
	].filter(isPrepared);
	return [...new Map(found.map(one => [`${one.name} ${one.text}`, one])).values()];
}

/** `<name>: <error>` of each that Postgres does not prepare. */
function refusedStatements(url: string, statements: readonly RecordedStatement[]) {
	return withClient(
		url,
		async client => {
			const refused: string[] = [];
			for (const [index, { name, text }] of statements.entries())
				await client
					.query(`prepare tried_${index} as ${text}`)
					.catch(({ message }: Error) => refused.push(`${name}: ${message}`));
			return refused;
		},
		{ options: keyedSession() }
	);
}

/** Parameter, another value, and what the product cannot do then. */
const planted: readonly [name: string, value: string, step: Step][] = [
	["shared_preload_libraries", "pg_nothing", "start Postgres"],
	["statement_timeout", "1", "migrate"],
	["default_transaction_read_only", "on", "migrate"],
	["max_connections", "12", "open the shop"],
	["standard_conforming_strings", "off", "migrate"]
];

type Step = "start Postgres" | "migrate" | "open the shop" | "place an order";

/** The first step at which the product fails; undefined if it sells. */
async function failedStep(changed: readonly Parameter[]): Promise<Step | undefined> {
	let step: Step = "start Postgres";
	await using stack = new AsyncDisposableStack();
	try {
		const postgres = await startRdsPostgres(changed);
		stack.defer(() => postgres.stop());
		step = "migrate";
		await migrate(postgres);
		step = "open the shop";
		const running: Running = await startShop(environmentOf(postgres));
		stack.defer(() => running.remove());
		step = "place an order";
		const { alice } = await signIn(running.url);
		const headers = { prefer: "wait=10" };
		const { body } = await alice.post<Order>("/api/v1/orders", basket("prod-001"), { headers });
		return body.status === "confirmed" && body.payment?.status === "succeeded" ? undefined : step;
	} catch {
		return step;
	}
}

describe("a parameter that the product does not work with", () => {
	it.each(planted)(
		"is reported: %s = %s",
		async (name, value, step) => {
			const rest = parameters.filter(one => one.name !== name);
			const changed = [...rest, { name, value, apply_method: "immediate" }];
			expect(await failedStep(changed)).toBe(step);
		},
		60_000
	);

	it.each<[what: string, more: Omit<Parameter, "apply_method">[]]>([
		["those of the group", []],
		// Sessions set their own.
		["them, nor is another format of dates", [{ name: "DateStyle", value: "SQL, DMY" }]]
	])(
		"is not among %s",
		async (_, more) => {
			const changed = more.map(one => ({ ...one, apply_method: "immediate" }));
			expect(await failedStep([...parameters, ...changed])).toBeUndefined();
		},
		60_000
	);

	it("is reported: one of RDS that no Postgres of the tests has", async () => {
		const changed = [...parameters, { name: "rds.other", value: "1", apply_method: "immediate" }];
		await expect(startRdsPostgres(changed)).rejects.toThrow("nothing like rds.other = 1");
	});
});
