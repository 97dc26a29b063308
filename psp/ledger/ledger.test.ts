import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LedgerState } from "./book.ts";
import { Ledger, readLedger } from "./ledger.ts";
import type { AnswerLine, ChargeLine, RefundLine } from "./lines.ts";

let folder: string;
let path: string;
const open: Ledger[] = [];

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "ledger-"));
	path = join(folder, "made", "psp-ledger.jsonl");
});

afterEach(async () => {
	await Promise.all(open.splice(0).map(ledger => ledger.close()));
	await rm(folder, { recursive: true });
});

async function ledger(): Promise<Ledger> {
	const opened = await Ledger.open(path);
	open.push(opened);
	return opened;
}

function charge(key: string, over: Partial<ChargeLine> = {}): ChargeLine {
	return {
		kind: "charge",
		key,
		amount: 1000,
		currency: "USD",
		payment_method: "pm_card_visa",
		metadata: { order_id: `order of ${key}` },
		status: "succeeded",
		failure_code: null,
		challenge: null,
		asked: null,
		ref: `ch_${key}`,
		at: "2026-01-01T00:00:00.000Z",
		...over
	};
}

function refund(key: string, charge_ref: string, over: Partial<RefundLine> = {}): RefundLine {
	const at = "2026-01-01T00:00:00.000Z";
	const rest = { charge_ref, amount: 400, currency: "USD", reason: "broken", ref: `re_${key}`, at };
	return { kind: "refund", key, metadata: {}, asked: null, ...rest, ...over };
}

describe("the ledger of the simulated provider", () => {
	it("keeps appended lines after a restart", async () => {
		const first = await ledger();
		await first.append(charge("a"));
		const second = await ledger();
		expect(second.state.chargeOf("a")!.line).toEqual(charge("a"));
	});

	it("uses the first line of a key as the charge, and counts the others as attempts", async () => {
		const written = await ledger();
		await written.append(charge("a"));
		await written.append(charge("a", { amount: 5 }));
		expect(written.state.chargeOf("a")!.line.amount).toBe(1000);
		const charges = [{ key: "a", order_id: "order of a", payment_id: "", amount: 1000 }];
		expect(await readLedger(path)).toMatchObject({ charges, attempts: 2 });
	});

	it("lets two writers race for the same keys and agree on every winner", async () => {
		const writers = [await ledger(), await ledger()];
		const keys = Array.from({ length: 200 }, (_, index) => `k${index}`);
		await Promise.all(
			keys.flatMap(key => writers.map((w, n) => w.append(charge(key, { amount: n + 1 }))))
		);
		await Promise.all(writers.map(w => w.refresh()));
		const [a, b] = writers.map(w =>
			Array.from(w.state.charges(), ({ line }) => [line.key, line.amount])
		);
		expect(a).toHaveLength(200);
		expect(b).toEqual(a);
		const report = await readLedger(path);
		expect(report.charges.map(({ key, amount }) => [key, amount])).toEqual(a);
		expect(report.attempts).toBe(400);
	});

	it("has read the winner of a key by the time an append resolves", async () => {
		const [a, b] = [await ledger(), await ledger()];
		await a.append(charge("a", { amount: 1 }));
		await b.append(charge("a", { amount: 2 }));
		expect(b.state.chargeOf("a")!.line.amount).toBe(1);
	});

	it("closes a torn last line, so that the next one is not swallowed", async () => {
		const before = await ledger();
		await before.append(charge("a"));
		await appendFile(path, '{"kind":"charge","key":"torn","amo');
		const after = await ledger();
		await after.append(charge("b"));
		expect(keysOf(after.state)).toEqual(["a", "b"]);
		expect((await readLedger(path)).charges.map(({ key }) => key)).toEqual(["a", "b"]);
	});

	it("does not read a line before it is whole", async () => {
		const reader = await ledger();
		const text = `${JSON.stringify(charge("é"))}\n`;
		const bytes = Buffer.from(text);
		const middle = bytes.indexOf(Buffer.from("é")) + 1;
		await appendFile(path, bytes.subarray(0, middle));
		await reader.refresh();
		expect(keysOf(reader.state)).toEqual([]);
		await appendFile(path, bytes.subarray(middle));
		await reader.refresh();
		expect(keysOf(reader.state)).toEqual(["é"]);
	});

	it("writes lines that come together in one piece, in their order", async () => {
		const written = await ledger();
		await Promise.all(["a", "b", "c"].map(key => written.append(charge(key))));
		const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
		expect(lines.map(line => JSON.parse(line).key)).toEqual(["a", "b", "c"]);
	});

	it("refuses refunds beyond the charge, of declined or unknown charges, or in another currency", async () => {
		const { append, book } = await bound();
		await append(charge("a"));
		await append(charge("declined", { status: "failed", failure_code: "card_declined" }));
		await append(refund("r1", "ch_a"));
		await append(refund("r2", "ch_a", { amount: 601 }));
		await append(refund("r3", "ch_a", { amount: 600 }));
		await append(refund("r4", "ch_declined"));
		await append(refund("r5", "ch_nothing"));
		await append(refund("r6", "ch_a", { currency: "EUR", amount: 1 }));
		await append(refund("r1", "ch_a", { amount: 1 }));
		expect(Array.from(book.refunds.values(), ({ line, refused }) => [line.key, refused])).toEqual([
			["r1", null],
			["r2", "refund_exceeds_charge"],
			["r3", null],
			["r4", "charge_not_found"],
			["r5", "charge_not_found"],
			["r6", "currency_mismatch"]
		]);
		expect((await readLedger(path)).refunds.map(({ key }) => key)).toEqual(["r1", "r3"]);
	});
});

describe("a charge that waits for its customer", () => {
	const waiting = {
		status: "action_required",
		challenge: { secret: "s", return_url: null }
	} as const;
	const answer = (says: AnswerLine["says"]): AnswerLine => ({
		kind: "answer",
		charge_ref: "ch_a",
		says,
		asked: null,
		at: "2026-01-01T00:01:00.000Z"
	});

	it.each([
		["approved", "succeeded", null],
		["refused", "failed", "payment_intent_authentication_failure"],
		["canceled", "failed", "canceled"]
	] as const)(
		"ends when it is %s, and does not change any more",
		async (says, status, failure_code) => {
			const { append, book } = await bound();
			await append(charge("a", waiting));
			expect(book.chargeOf("a")).toMatchObject({ status: "action_required", failure_code: null });
			for (const next of [says, "approved", "refused", "canceled"] as const) {
				await append(answer(next));
				expect(book.chargeOf("a")).toMatchObject({ status, failure_code });
			}
		}
	);

	it("is declined by its bank after the customer has approved", async () => {
		const { append, book } = await bound();
		await append(charge("a", { ...waiting, failure_code: "card_declined" }));
		await append(answer("approved"));
		expect(book.chargeOf("a")).toMatchObject({ status: "failed", failure_code: "card_declined" });
	});

	it("has one event for each change, with ids that are the same after a restart", async () => {
		const { append, book } = await bound();
		await append(charge("a", waiting));
		for (const says of ["approved", "approved", "canceled"] as const) await append(answer(says));
		await append(refund("r", "ch_a"));
		const expectedEvents = [
			["evt_ch_a_begun", "payment_intent.requires_action"],
			["evt_ch_a_approved", "payment_intent.succeeded"],
			["evt_re_r", "refund.created"],
			["evt_re_r_charge", "charge.refunded"]
		];
		for (const { events: happened } of [book, (await ledger()).state])
			expect(Array.from(happened, ({ id, type }) => [id, type])).toEqual(expectedEvents);
	});
});

const keysOf = (state: LedgerState) => Array.from(state.charges(), ({ line }) => line.key);

async function bound() {
	const made = await ledger();
	return {
		append: (line: ChargeLine | AnswerLine | RefundLine) => made.append(line),
		book: made.state
	};
}
