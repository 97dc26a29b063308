import type { ServiceBroker } from "moleculer";
import { CloseLast, closeLast } from "./close-last.ts";

const { stopped } = CloseLast as unknown as { stopped(broker: ServiceBroker): Promise<void> };

it("closes the latest first, each once, of one broker, and also after one that fails", async () => {
	const failed: string[] = [];
	const logger = { warn: (...words: string[]) => failed.push(words.join(" ")) };
	const [broker, other] = [{ logger }, { logger }] as unknown as [ServiceBroker, ServiceBroker];
	const closed: string[] = [];
	const add = (to: ServiceBroker, what: string, error?: Error) =>
		closeLast(to, {
			what,
			async close() {
				closed.push(what);
				if (error) throw error;
			}
		});
	add(broker, "pool");
	add(broker, "log", new Error("it is silent"));
	add(other, "other");
	add(broker, "models");
	await stopped(broker);
	await stopped(broker);
	expect(closed).toEqual(["models", "log", "pool"]);
	expect(failed).toEqual(["log was not closed: it is silent"]);
});
