import { Periodic } from "../../lib/periodic.ts";

export interface ReviewersOptions {
	/** Where the shop is now. */
	url(): string;
	/** Of staff. */
	token(): string;
}

const everyMs = 1000;
const timeoutMs = 2500;

/**
 * Staff who decide refunds in review. Those of a run were refused or came back from a bank, so each was not made, and
 * the shop makes it again where it is owed.
 */
export class Reviewers {
	readonly #options: ReviewersOptions;
	readonly #periodic: Periodic;

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
		const { data } = (await this.#fetch("GET", "")) as { data: { id: string; kind: string }[] };
		for (const { id } of data.filter(({ kind }) => kind === "refund"))
			await this.#fetch("POST", `/${id}/decision`, { decision: "charged", note: "not made" });
	}

	async #fetch(method: string, path: string, body?: object): Promise<unknown> {
		const { url, token } = this.#options;
		const response = await fetch(`${url()}/api/v1/ops/payments/reviews${path}`, {
			method,
			headers: { authorization: `Bearer ${token()}`, "content-type": "application/json" },
			...(body && { body: JSON.stringify(body) }),
			signal: AbortSignal.timeout(timeoutMs)
		});
		return response.json();
	}
}
