import {
	arm,
	disarmAll,
	failpoint,
	isArmed,
	onHit,
	parseArmings,
	type Arming,
	type Hit
} from "./failpoint.ts";

const point = "payment.charge.before_reply";
const elsewhere = "order.place.before_reply";

afterEach(() => {
	disarmAll();
	onHit(() => Promise.resolve());
	jest.restoreAllMocks();
});

describe("a failpoint", () => {
	it("returns undefined while none is armed", () => {
		expect(failpoint(point)).toBeUndefined();
	});

	it("does nothing while another is armed", async () => {
		arm({ point: elsewhere, mode: "throw" });
		await expect(failpoint(point)).resolves.toBeUndefined();
		expect(isArmed(point)).toBe(false);
	});

	it("is hit as often as it was armed for, once by default", async () => {
		arm({ point, mode: "throw" });
		await expect(failpoint(point)).rejects.toThrow(`failpoint ${point}`);
		expect(failpoint(point)).toBeUndefined();
		arm({ point, mode: "throw", count: 2 });
		await expect(failpoint(point)).rejects.toThrow();
		await expect(failpoint(point)).rejects.toThrow();
		expect(failpoint(point)).toBeUndefined();
	});

	it("continues after a delay", async () => {
		arm({ point, mode: "delay", ms: 1 });
		await expect(failpoint(point)).resolves.toBeUndefined();
	});

	it.each([
		["kill", "SIGKILL"],
		["stop", "SIGSTOP"]
	] as const)(
		"sends this process, for %s, a %s after it has reported the hit",
		async (mode, signal) => {
			const calls: string[] = [];
			jest.spyOn(process, "kill").mockImplementation((_pid, sent) => {
				calls.push(String(sent));
				return true;
			});
			const hitPromise = Promise.withResolvers<Hit>();
			onHit(hit => {
				calls.push(hit.mode);
				hitPromise.resolve(hit);
				return Promise.resolve();
			});
			arm({ point, mode });
			void failpoint(point);
			await expect(hitPromise.promise).resolves.toEqual({ point, mode });
			await new Promise(setImmediate);
			expect(calls).toEqual([mode, signal]);
		}
	);

	it("never resolves when a reply is dropped", async () => {
		arm({ point, mode: "drop_reply" });
		const answer = Promise.race([failpoint(point), new Promise(r => setTimeout(r, 20, "none"))]);
		await expect(answer).resolves.toBe("none");
	});
});

describe("an arming as text", () => {
	const cases: [text: string, armings: Arming[]][] = [
		["", []],
		[`${point}=kill`, [{ point, mode: "kill" }]],
		[`${point}=delay:250`, [{ point, mode: "delay", ms: 250 }]],
		[
			`${point}=stop*3, ${elsewhere}=drop_reply`,
			[
				{ point, mode: "stop", count: 3 },
				{ point: elsewhere, mode: "drop_reply" }
			]
		]
	];
	it.each(cases)("is read: %p", (text, armings) => {
		expect(parseArmings(text)).toEqual(armings);
	});

	it.each(["order.nowhere=kill", "kill", `${point}`, `${point}=kill*`, "=kill"])(
		"is refused when it names no failpoint: %p",
		text => expect(() => parseArmings(text)).toThrow(`"${text}" names no failpoint`)
	);

	it("is refused when it names no mode", () => {
		expect(() => parseArmings(`${point}=explode`)).toThrow("names no mode");
	});
});
