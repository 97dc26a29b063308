import { rmSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { derivedId } from "../../../lib/id.ts";
import { freePort } from "../../../launch/process/free-port.ts";
import { type Ended, run } from "../../support/servers/processes.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";

const order_id = "00000000-0000-4000-8000-000000000002";
const review = derivedId(order_id, "charge");

/** Charged again with another amount, a payment goes to review; with this card the provider's reference is lost. */
function chargeOf(amount: number): string {
	const asked = { user_id: "user-123", payment_method: "pm_sim_dropConnection" };
	const lines = [{ product_id: "prod-001", amount }];
	const charge = { order_id, amount: { amount, currency: "USD" }, lines, ...asked };
	return `call payment.charge '${JSON.stringify({ charges: [charge] })}'`;
}

const commands = [
	"nodes",
	"actions",
	"call product.list --limit 1",
	"call order.list",
	"stock prod-001",
	"place prod-001 1",
	"stock prod-001",
	"place prod-001 0",
	"order not-an-id",
	"sagas",
	"saga 00000000-0000-4000-8000-000000000000",
	"saga retry 00000000-0000-4000-8000-000000000001",
	"reviews",
	chargeOf(1250),
	chargeOf(1251),
	"reviews",
	`review ${review} maybe "the desk says so"`,
	`review ${review} charged`,
	`review ${review} charged "the desk says so"`,
	`review ${review} charged "the desk says so" ch_at_the_desk`,
	`review ${review} charged "once more"`,
	"reviews"
];

describe("npm run repl without a bus", () => {
	let DATA_DIR: string;
	let ended: Ended;
	let lines: string[];

	beforeAll(async () => {
		DATA_DIR = temporaryFolder();
		const env = { DATA_DIR, PORT: String(await freePort()), HOME: DATA_DIR };
		ended = await run("repl.ts", [], env, [...commands, "quit", "stock prod-002"].join("\n"));
		lines = stripVTControlCharacters(ended.output)
			.split("\n")
			.map(line => line.replace(/^(shop \$ )+/, ""));
	}, 60_000);

	afterAll(() => rmSync(DATA_DIR, { recursive: true, force: true }));

	const stocks = () =>
		lines
			.filter(line => line.includes("on hand"))
			.map(line => Number(/on hand (\d+)/.exec(line)![1]));

	it("ends on quit with exit code 0, before the line after it", () => {
		expect(ended.code).toBe(0);
		expect(ended.output).not.toContain("prod-002  on hand");
	});

	it("shows the node and its actions", () => {
		expect(lines).toContainEqual(expect.stringMatching(/║ shop\..* \(\*\)/));
		expect(lines).toContainEqual(expect.stringMatching(/║ order\.place /));
		expect(lines).toContainEqual(expect.stringMatching(/║ product\.stock\.get .*│ product_id +║/));
	});

	it("calls actions as the operator", () => {
		expect(lines).toContainEqual(expect.stringContaining(">> Call 'order.list'"));
		expect(lines.filter(line => line.startsWith(">> Response"))).toHaveLength(4);
		expect(ended.output).not.toContain(">> ERROR");
	});

	it("places an order, which takes a unit from stock", () => {
		expect(lines).toContainEqual(
			expect.stringMatching(/^[0-9a-f-]{36} {2}confirmed {2}\d+\.\d\d USD$/)
		);
		const [before, after, ...more] = stocks();
		expect(after).toBe(before! - 1);
		expect(more).toEqual([]);
	});

	it("shows which orders have a running saga, and knows no other", () => {
		expect(lines).toContainEqual(expect.stringContaining("No saga is running."));
		const refused = lines.filter(line => line.startsWith("Not found"));
		expect(refused).toEqual(["Not found: No saga is running for this order", "Not found"]);
	});

	it("lists payments in review and resolves one", () => {
		const listed = lines.filter(line => line.startsWith(`${review}  payment of `));
		expect(listed).toEqual([
			expect.stringContaining(`12.50 USD (amount_mismatch)  order ${order_id}, since 20`)
		]);
		expect(lines).toContain(`${review}  succeeded  12.50 USD, refunded 0.00 USD`);
		expect(lines.filter(line => line === "No payment or refund is in review.")).toHaveLength(2);
	});

	it("refuses an incomplete or repeated decision", () => {
		expect(lines).toContainEqual(expect.stringContaining("/decision must be"));
		expect(lines).toContainEqual(expect.stringContaining("missing required argument 'note'"));
		expect(lines).toContainEqual(expect.stringContaining("/provider_ref is required"));
		expect(lines).toContain("The payment is not in review");
	});

	it("prints a refusal as a message without a stack", () => {
		expect(lines).toContainEqual(expect.stringContaining("/items/0/quantity must be >= 1"));
		expect(lines).toContainEqual(expect.stringContaining("/id must be a UUID"));
		expect(lines.filter(line => /^\s+at /.test(line))).toEqual([]);
	});
});
