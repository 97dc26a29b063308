import type { ServiceBroker } from "moleculer";
import { until } from "../tests/support/until.ts";
import { Gauges, type Gauge } from "./gauges.ts";

const gauge = (channel: string, value: number): Gauge => ({
	name: "shop_notifications_waiting",
	labels: { channel },
	value
});

/** What was published for measurements that give these results, one after the other. */
async function published(...results: (Gauge[] | Error)[]): Promise<[string, number | null][][]> {
	const sets: [string, number | null][][] = [];
	const current: [string, number | null][] = [];
	const broker = {
		broadcastLocal(_: string, { labels, value }: Gauge) {
			current.push([labels.channel!, value]);
		}
	} as unknown as ServiceBroker;
	const onError = jest.fn();
	const [...left] = results;
	const measure = async () => {
		sets.push(current.splice(0));
		const result = left.shift() ?? [];
		if (result instanceof Error) throw result;
		return result;
	};
	const gauges = new Gauges(broker, measure, { everyMs: 1, onError });
	gauges.start();
	await until(() => sets.length > results.length);
	await gauges.stop();
	expect(onError.mock.calls.flat()).toEqual(results.filter(one => one instanceof Error));
	return sets.slice(1, results.length + 1);
}

const away = new Error("connection refused");
const both = [gauge("email", 3), gauge("sms", 0)];

describe("gauges that are measured", () => {
	it("are published as they were measured", async () => {
		expect(await published(both)).toEqual([
			[
				["email", 3],
				["sms", 0]
			]
		]);
	});

	it("are unknown while they cannot be measured, and then again what is measured", async () => {
		const unknown = [
			["email", null],
			["sms", null]
		];
		expect(await published(both, away, away, [gauge("email", 1)])).toEqual([
			both.map(({ labels, value }) => [labels.channel, value]),
			unknown,
			unknown,
			[["email", 1]]
		]);
	});

	it("are not published before they could be measured once", async () => {
		expect(await published(away)).toEqual([[]]);
	});
});
