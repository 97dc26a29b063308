import pg from "pg";
import { handOver } from "../../../cli/handover/handover.ts";
import {
	EngineLog,
	type Engine,
	type Ownership
} from "../../../services/analytics/ownership/engine-log.ts";
import { obstacle } from "../../../services/analytics/ownership/engine-owner.ts";
import { toMessage } from "../../../services/analytics/windows/window-messages.ts";
import type { Driver } from "../../../streams/driver.ts";
import { topics, topicSpecs } from "../../../streams/messages/topics.ts";
import { useEventLog } from "../../support/streams/stream-driver.ts";

/** Handovers of windows that end in the middle, and are repeated, or made in the other direction. */

const log = useEventLog(4);
const { database } = log;
const start = Date.UTC(2026, 2, 1, 12);
let client: pg.Client;
let driver: Driver;
let engines: EngineLog;

beforeAll(async () => {
	// A log in Postgres has the calls of Kafka that a handover makes, but keeps nothing for ever.
	driver = changed(log.driver, {
		createTopics: specs =>
			log.driver.createTopics(specs.map(spec => ({ ...spec, retentionMs: 3_600_000 })))
	});
	await driver.createTopics(topicSpecs({ partitions: 1, retentionMs: 3_600_000 }));
	engines = new EngineLog(driver);
	client = new pg.Client({ connectionString: database.url });
	await client.connect();
	database.defer(() => client.end());
	database.defer(() => engines.close());
});

const crash = () => {
	throw new Error("interrupted");
};

/** Where the command ends: what it uses from then on fails. */
const steps: Record<string, (given: { driver: Driver; client: pg.Client }) => object> = {
	"before its first record": ({ driver }) => ({ driver: failing(driver, 1) }),
	"after its first record, in the wait": () => ({ print: crash }),
	"while the database gets the revisions": ({ client }) => ({
		client: changed(client, {
			query: (sql: string, values?: unknown[]) =>
				sql.includes("insert into analytics.windows") ? crash() : client.query(sql, values)
		} as Partial<pg.Client>)
	}),
	"before its second record": ({ driver }) => ({ driver: failing(driver, 2) })
};

function changed<T extends object>(whole: T, changes: Partial<T>): T {
	return new Proxy(whole, {
		get(_, name) {
			const member = Reflect.get({ ...changes }, name) ?? Reflect.get(whole, name);
			return typeof member === "function" ? member.bind(whole) : member;
		}
	});
}

/** Its n-th record of an engine does not arrive. */
function failing(driver: Driver, n: number): Driver {
	let count = 0;
	return changed(driver, {
		publish: async (topic, messages) => (++count === n ? crash() : driver.publish(topic, messages))
	});
}

const handing = (to: Engine, more: object = {}) =>
	handOver({
		driver,
		to,
		waitMs: 0,
		keptMs: async () => 30 * 86_400_000,
		print: () => undefined,
		...(to === "builtin" && { client }),
		...more
	});

const publishers = (ownership: Ownership | undefined) =>
	(["builtin", "flink"] as const).filter(engine => obstacle(ownership, engine) === undefined);

/** Of a window that the service has marked: it knows revision 2, and readers know 7. */
async function publishedByFlink(): Promise<void> {
	await database.rows("delete from analytics.windows");
	await database.rows(
		`insert into analytics.windows
			(window_start, currency, orders, revenue_minor, unique_users, revision, dirty, emitted_at)
		values ($1, 'USD', 3, 300, 1, 2, false, clock_timestamp())`,
		[new Date(start)]
	);
	const totals = { orders: 3, revenue: 300, users: 1, average: 100, revision: 7, final: false };
	const event = toMessage({ start, currency: "USD", ...totals }, Date.now());
	const message = { key: event.partitionkey, value: JSON.stringify(event) };
	await driver.publish(topics.windows, [message]);
}

async function windowNow() {
	const [row] = await database.rows<{ revision: number; dirty: boolean }>(
		"select revision, dirty from analytics.windows"
	);
	return row!;
}

describe.each(Object.keys(steps))("a handover that is interrupted %s", step => {
	const rows = (["flink", "builtin"] as const).flatMap(to =>
		(["flink", "builtin"] as const).map(end => ({ to, end }))
	);
	// Flink has no database.
	const possible = rows.filter(({ to }) => to === "builtin" || !step.includes("database"));

	it.each(possible)(
		"to $to has one publisher after another one to $end, and no revision falls",
		async ({ to, end }) => {
			const before = to === "flink" ? "builtin" : "flink";
			await handing(before);
			await publishedByFlink();
			const interrupted = handing(to, steps[step]!({ driver, client }));
			await expect(interrupted).rejects.toThrow("interrupted");
			const between = step.includes("first record,") || !step.includes("first") ? [] : [before];
			expect(publishers(await engines.read())).toEqual(between);
			await handing(end);
			expect(publishers(await engines.read())).toEqual([end]);
			if (end === "builtin" && between.length === 0)
				expect(await windowNow()).toEqual({ revision: 7, dirty: true });
		},
		30_000
	);
});

it.each<[first: Engine, second: Engine]>([
	["flink", "builtin"],
	["builtin", "flink"]
])(
	"a handover to %s that is overtaken by one to %s says so, and leaves one publisher",
	async (first, second) => {
		await handing(second);
		const overtaking = changed(driver, {
			publish: async (topic, messages) => {
				await driver.publish(topic, messages);
				if (String(messages[0]!.value).includes("release")) await handing(second);
			}
		});
		await expect(handing(first, { driver: overtaking })).rejects.toThrow(
			`The windows were not handed over to the engine ${first}, because another handover has started since. Windows are published by the engine ${second}.`
		);
		expect(publishers(await engines.read())).toEqual([second]);
	},
	30_000
);
