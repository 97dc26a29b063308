import { ServiceBroker } from "moleculer";
import { user, type Contact } from "../contracts/user.ts";
import { within } from "../lib/retry.ts";
import { call } from "../lib/service.ts";
import brokerOptions from "../moleculer.config.ts";

/** How long the bus, then a user node, and then its answer may take. */
export const foundWithinMs = 5_000;

/**
 * Contact data from the user service, over the bus. It is connected to at the first question: an invocation without messages
 * needs no node. A connection is never kept for the next invocation, because Lambda freezes the process between the two, and
 * the bus then takes the node for dead.
 */
export class ContactsOverBus {
	#broker: Promise<ServiceBroker> | undefined;

	async read(of: { ids: string[] } | { role: "admin" }): Promise<Contact[]> {
		const broker = await (this.#broker ??= connect());
		return (await call(broker, user.actions.contacts, of, { timeout: foundWithinMs })).contacts;
	}

	async close(): Promise<void> {
		await this.#broker?.then(broker => broker.stop()).catch(() => undefined);
	}
}

async function connect(): Promise<ServiceBroker> {
	const broker = new ServiceBroker(brokerOptions());
	try {
		const started = await within(
			foundWithinMs,
			broker.start().then(() => true)
		);
		if (!started) throw new Error(`the bus has not answered within ${foundWithinMs} ms`);
		await broker.waitForServices(user.name, foundWithinMs, 50);
		return broker;
	} catch (error) {
		void broker.stop().catch(() => undefined);
		throw error;
	}
}
