import { Periodic } from "../../lib/periodic.ts";

export interface ReviewersOptions {
	/** Where the shop is now. */
	url(): string;
	/** Of staff. */
	token(): string;
}

const everyMs = 1000;
const timeoutMs = 2500;
/** Rounds between two retries of the orders that wait for staff. */
const retryEvery = 10;

/**
 * Staff who decide refunds in review. Those of a run were refused or came back from a bank, so each was not made, and
 * the shop makes it again where it is owed. They also retry orders that wait for staff: a decision wakes its order by a
 * hint, and one that is lost with a node costs 10 minutes, more than a run waits.
 */
export class Reviewers {
	readonly #options: ReviewersOptions;
	readonly #periodic: Periodic;
	#rounds = 0;

	constructor(options: ReviewersOptions) {
		this.#options = options;
		// The shop may be down: the next round asks again.
		const onError = () => undefined;
		this.#periodic = new Periodic({ everyMs, work: () => this.#decideAll(), onError });
	}

	start(): void {
		this.#periodic.start();
	}

	stop(): Promise<void> {
		return this.#periodic.stop();
	}

	async #decideAll(): Promise<void> {
		const reviews = await this.#list<{ id: string; kind: string }>("payments/reviews");
		for (const { id } of reviews.filter(({ kind }) => kind === "refund")) {
			const decision = { decision: "charged", note: "not made" };
			await this.#fetch("POST", `payments/reviews/${id}/decision`, decision);
		}
		if (++this.#rounds % retryEvery !== 0) return;
		for (const { order_id } of await this.#list<{ order_id: string }>("sagas?waits_for=human"))
			await this.#fetch("POST", `sagas/${order_id}/retry`);
	}

	async #list<R>(path: string): Promise<R[]> {
		return ((await this.#fetch("GET", path)) as { data: R[] }).data;
	}

	async #fetch(method: string, path: string, body?: object): Promise<unknown> {
		const { url, token } = this.#options;
		const response = await fetch(`${url()}/api/v1/ops/${path}`, {
			method,
			headers: { authorization: `Bearer ${token()}`, "content-type": "application/json" },
			...(body && { body: JSON.stringify(body) }),
			signal: AbortSignal.timeout(timeoutMs)
		});
		return response.json();
	}
}
