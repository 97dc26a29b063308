import { ScriptedProvider, succeeded } from "../../../tests/support/shop/scripted-provider.ts";
import { until } from "../../../tests/support/until.ts";
import { insideTransaction } from "../../../lib/transaction-scope.ts";
import { GuardedProvider, NotSent, type GuardOptions } from "./guarded.ts";
import { ProviderUnavailable, RateLimited } from "./provider.ts";

const request = {
	key: "k",
	order_id: "o",
	amount: { amount: 1, currency: "USD" },
	payment_method: "pm_card_visa"
};

function guard(options: Partial<GuardOptions> = {}) {
	const provider = new ScriptedProvider();
	const states: string[] = [];
	const calls: string[] = [];
	const guarded = new GuardedProvider(provider, {
		onState: state => states.push(state),
		onCall: (call, result) => calls.push(`${call} ${result}`),
		pauseMs: 1,
		...options
	});
	const charge = () => guarded.charge(request).catch((error: Error) => error);
	return { provider, guarded, states, calls, charge };
}

const away = () => Promise.reject(new ProviderUnavailable("connection refused"));

async function opened(options: Partial<GuardOptions> = {}) {
	const guarded = guard(options);
	guarded.provider.onCharge = away;
	while (guarded.states.at(-1) !== "open") expect(await guarded.charge()).toBeInstanceOf(Error);
	return guarded;
}

describe("the breaker before the provider", () => {
	it("opens when most calls fail, and then makes none", async () => {
		const { provider, states, charge } = await opened({ pauseMs: 60_000 });
		expect(states).toEqual(["closed", "open"]);
		expect(provider.charged).toHaveLength(10);
		expect(await charge()).toBeInstanceOf(NotSent);
		expect(provider.charged).toHaveLength(10);
	});

	it("stays closed for declines, conflicts, and one failure in three calls", async () => {
		const { provider, states, charge } = guard();
		let calls = 0;
		provider.onCharge = () => {
			calls++;
			if (calls % 3 === 0) return away();
			return calls % 3 === 1 ? Promise.resolve(succeeded()) : Promise.reject(new Error("conflict"));
		};
		while (calls < 100) await charge();
		expect(states).toEqual(["closed"]);
	});

	it("stays closed for rate-limited calls, and reports them", async () => {
		const { provider, states, calls, charge } = guard();
		provider.onCharge = () => Promise.reject(new RateLimited("too many", 1000));
		for (let n = 0; n < 100; n++) expect(await charge()).toBeInstanceOf(RateLimited);
		expect(states).toEqual(["closed"]);
		expect(calls).toEqual(Array(100).fill("charge rate_limited"));
	});

	it("closes when the trial call is rate-limited: the provider is back", async () => {
		const { provider, states, charge } = await opened();
		provider.onCharge = () => Promise.reject(new RateLimited("too many", 1000));
		await until(async () => (await charge()) instanceof RateLimited);
		expect(states.at(-1)).toBe("closed");
	});

	it("allows one trial call, refuses others meanwhile, and closes when it succeeds", async () => {
		const { provider, states, charge } = await opened();
		const answer = Promise.withResolvers<void>();
		provider.onCharge = () => answer.promise.then(() => succeeded());
		const before = provider.charged.length;
		let probe: Promise<unknown> | undefined;
		await until(() => {
			probe = charge();
			return provider.charged.length > before;
		});
		expect(states.at(-1)).toBe("half_open");
		expect(await charge()).toBeInstanceOf(NotSent);
		answer.resolve();
		expect(await probe).toMatchObject({ status: "succeeded" });
		expect(states.at(-1)).toBe("closed");
		expect(provider.charged).toHaveLength(before + 1);
	});

	it.each([-600_000, 600_000])(
		"pauses as long as it should when the clock steps by %d ms meanwhile",
		async stepMs => {
			const { provider, charge } = await opened({ pauseMs: 150 });
			const now = Date.now.bind(Date);
			const clock = jest.spyOn(Date, "now").mockImplementation(() => now() + stepMs);
			try {
				provider.onCharge = () => Promise.resolve(succeeded());
				expect(await charge()).toBeInstanceOf(NotSent);
				await until(async () => !((await charge()) instanceof Error), 5000, 10);
			} finally {
				clock.mockRestore();
			}
		}
	);

	it("is half open once its pause is over, without a call", async () => {
		expect((await opened({ pauseMs: 60_000 })).guarded.state).toBe("open");
		const { guarded, states } = await opened();
		await until(() => guarded.state === "half_open");
		expect(states.at(-1)).toBe("open");
	});

	it("opens again when the trial fails", async () => {
		const { provider, states, charge } = await opened();
		const before = provider.charged.length;
		await until(async () => {
			await charge();
			return provider.charged.length > before;
		});
		expect(states.at(-1)).toBe("open");
	});
});

describe("the bulkhead before the provider", () => {
	it("limits running and waiting calls, and reports which were not made", async () => {
		const { provider, calls, charge } = guard({ concurrency: 2, queue: 1 });
		const answer = Promise.withResolvers<void>();
		provider.onCharge = () => answer.promise.then(() => succeeded());
		const running = [charge(), charge(), charge()];
		expect(await charge()).toBeInstanceOf(NotSent);
		expect(provider.charged).toHaveLength(2);
		answer.resolve();
		for (const outcome of await Promise.all(running))
			expect(outcome).toMatchObject({ status: "succeeded" });
		expect(calls.toSorted()).toEqual(["charge not_sent", ...Array(3).fill("charge ok")]);
	});

	it("times a call out, which counts as a failure", async () => {
		const { provider, calls, charge } = guard({ answerWithinMs: 1 });
		provider.onCharge = () => new Promise(() => undefined);
		const error = await charge();
		expect(error).toBeInstanceOf(ProviderUnavailable);
		expect(error).not.toBeInstanceOf(NotSent);
		expect(calls).toEqual(["charge unavailable"]);
	});

	it("refuses to call while a transaction is open", async () => {
		const { provider, guarded } = guard();
		const asked = insideTransaction(() => guarded.charge(request));
		await expect(asked).rejects.toThrow("inside a database transaction");
		expect(provider.charged).toEqual([]);
	});
});
