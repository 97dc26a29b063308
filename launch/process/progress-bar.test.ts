import { ProgressBar, progressLine } from "./progress-bar.ts";

function screen(isTTY: boolean, columns?: number) {
	let text = "";
	const output = { isTTY, columns, write: (part: string) => (text += part) };
	return { output: output as unknown as NodeJS.WriteStream, text: () => text };
}

describe("the progress of long work", () => {
	it("shows progress, rate and remaining time", () => {
		expect(progressLine(50, 200, 5000, "orders")).toBe(
			`${"█".repeat(8)}${"░".repeat(22)} 50 of 200 orders, 10/s, 15 s left`
		);
	});

	it("is full when there is nothing to do, and shows no time when all is done", () => {
		expect(progressLine(0, 0, 0, "orders")).toBe(`${"█".repeat(30)} 0 of 0 orders, 0.0/s`);
		expect(progressLine(3, 3, 1000, "orders")).not.toContain("left");
	});

	it.each([
		[200, `${"█".repeat(8)}${"░".repeat(22)} 50 of 200 orders, 10/s, 15 s left`],
		[64, `${"█".repeat(8)}${"░".repeat(22)} 50 of 200 orders, 10/s, 15 s left`],
		[63, `${"█".repeat(7)}${"░".repeat(22)} 50 of 200 orders, 10/s, 15 s left`],
		[42, `${"█".repeat(2)}${"░".repeat(6)} 50 of 200 orders, 10/s, 15 s left`],
		[41, `${"█".repeat(3)}${"░".repeat(10)} 50 of 200 orders, 15 s left`],
		[36, `${"█".repeat(2)}${"░".repeat(6)} 50 of 200 orders, 15 s left`],
		[35, "50 of 200 orders, 15 s left"],
		[27, "50 of 200 orders, 15 s left"],
		[26, "50 of 200 orders"],
		[16, "50 of 200 orders"],
		[15, "50/200"],
		[6, "50/200"],
		[5, "50"],
		[1, "5"]
	])("fits a terminal of %i columns", (columns, line) => {
		expect(progressLine(50, 200, 5000, "orders", columns)).toBe(line);
		expect(line.length).toBeLessThanOrEqual(columns);
	});

	it("leaves the last column of a terminal free, and knows nothing of one without a width", () => {
		for (const [columns, longest] of [
			[40, 39],
			[0, 65],
			[undefined, 65]
		] as const) {
			const { output, text } = screen(true, columns);
			let now = 0;
			const bar = new ProgressBar({ things: "orders", output, now: () => now });
			now = 5000;
			bar.show(50, 200);
			expect(text().replace("\r\u001b[2K", "").length).toBeLessThanOrEqual(longest);
			expect(text()).toContain("15 s left");
		}
	});

	it("redraws one line on a terminal, at most ten times a second", () => {
		const { output, text } = screen(true);
		let now = 0;
		const bar = new ProgressBar({ things: "events", output, now: () => now });
		for (now = 0; now <= 1000; now += 10) bar.show(now, 1000);
		bar.end(1000, 1000);
		expect(text().split("\r").length - 1).toBe(12);
		expect(text().split("\n")).toHaveLength(2);
	});

	it("writes whole lines at longer intervals without a terminal", () => {
		const { output, text } = screen(false);
		let now = 0;
		const bar = new ProgressBar({ things: "events", output, now: () => now });
		for (now = 0; now < 10_000; now += 100) bar.show(now, 10_000);
		bar.end(10_000, 10_000);
		expect(text()).not.toContain("\r");
		expect(text().trimEnd().split("\n")).toHaveLength(3);
	});
});
