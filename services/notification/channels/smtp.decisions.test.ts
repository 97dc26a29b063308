import { refusalBySmtp } from "./smtp.decisions.ts";

const kindOf = (responseCode: number | undefined, command: string) =>
	refusalBySmtp({ message: "", command, ...(responseCode && { responseCode }) }).kind;

describe("replies of a mail server", () => {
	it.each([
		[550, "RCPT TO"],
		[551, "RCPT TO"],
		[553, "RCPT TO"],
		[552, "DATA"],
		[554, "DATA"]
	])("are permanent about the recipient or the message: %d to %s", (code, command) => {
		expect(kindOf(code, command)).toBe("permanent");
	});

	it.each([
		[421, "CONN"],
		[421, "RCPT TO"],
		[454, "MAIL FROM"],
		[454, "DATA"]
	])("are throttling: %d to %s", (code, command) => {
		expect(kindOf(code, command)).toBe("throttled");
	});

	it.each([
		[535, "AUTH PLAIN"],
		[454, "AUTH PLAIN"],
		[530, "MAIL FROM"],
		[550, "MAIL FROM"],
		[554, "CONN"],
		[503, "DATA"],
		[450, "RCPT TO"],
		[451, "DATA"],
		[452, "RCPT TO"],
		[undefined, "CONN"]
	])("are temporary: %s to %s", (code, command) => {
		expect(kindOf(code, command)).toBe("temporary");
	});

	it.each([
		["451 4.7.1 Greylisted, try again in 300 seconds", 300_000],
		["421 Too many connections, come back in 5 minutes", 300_000],
		["451 come back in 99999 minutes", 3_600_000],
		["450 4.2.0 Greylisted", undefined]
	])("may state when to retry: %s", (message, ms) => {
		const refusal = refusalBySmtp({ message, responseCode: 451, command: "RCPT TO" });
		expect(refusal.retryAfterMs).toBe(ms);
	});
});
