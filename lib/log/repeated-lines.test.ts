import { RepeatedLines } from "./repeated-lines.ts";

let logged: string[];
let lines: RepeatedLines;
beforeEach(() => {
	logged = [];
	lines = new RepeatedLines(line => logged.push(line));
});
afterEach(() => lines.stop());

const read = () => logged.splice(0);

describe("log lines that repeat", () => {
	it("are one line at once and one with their number for an interval", () => {
		for (let n = 1; n <= 600; n++) lines.add("overloaded", `request ${n}: overloaded`);
		expect(read()).toEqual(["request 1: overloaded"]);
		lines.flush();
		expect(read()).toEqual(["request 600: overloaded (599 of this kind since the last line)"]);
	});

	it("are counted by kind", () => {
		for (const kind of ["a", "b", "a", "a"]) lines.add(kind, kind);
		expect(read()).toEqual(["a", "b"]);
		lines.flush();
		expect(read()).toEqual(["a (2 of this kind since the last line)"]);
	});

	it("stay counted while they go on, and the next is logged at once after an interval without any", () => {
		lines.add("a", "first");
		lines.add("a", "second");
		lines.flush();
		lines.add("a", "third");
		expect(read()).toEqual(["first", "second (1 of this kind since the last line)"]);
		lines.flush();
		expect(read()).toEqual(["third (1 of this kind since the last line)"]);
		lines.flush();
		lines.add("a", "fourth");
		expect(read()).toEqual(["fourth"]);
	});

	it("are logged with their number when the process stops", () => {
		lines.add("a", "first");
		lines.add("a", "second");
		lines.stop();
		expect(read()).toEqual(["first", "second (1 of this kind since the last line)"]);
		lines.stop();
		expect(read()).toEqual([]);
	});

	it("are logged by themselves after the interval", async () => {
		await new Promise<void>(resolve => {
			const own = new RepeatedLines(line => {
				logged.push(line);
				if (logged.length === 2) resolve(own.stop());
			}, 5);
			own.add("a", "first");
			own.add("a", "second");
			// The interval alone does not keep a process alive.
			setTimeout(resolve, 5000).unref();
		});
		expect(read()).toHaveLength(2);
	});
});
