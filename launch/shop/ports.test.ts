import { portAt, portsOf } from "./ports.ts";

describe("ports of a cluster", () => {
	it.each([
		[8080, 0, 8080],
		[8080, 3, 8083],
		[0, 0, 0],
		[0, 1, 0]
	])("from %i on, number %i is %i", (first, index, port) => {
		expect(portAt(first, index)).toBe(port);
	});

	it("are counted up for each kind; 0 and none need no place", () => {
		expect(
			portsOf([
				{ name: "PORT", first: 8080, count: 2 },
				{ name: "METRICS_PORT", first: 9100, count: 2 },
				{ name: "HEALTH_PORT", first: undefined, count: 2 }
			])
		).toEqual([
			{ name: "PORT", port: 8080 },
			{ name: "PORT", port: 8081 },
			{ name: "METRICS_PORT", port: 9100 },
			{ name: "METRICS_PORT", port: 9101 }
		]);
		expect(portsOf([{ name: "PORT", first: 0, count: 9 }])).toEqual([]);
	});

	it.each([
		[65_535, 1, undefined],
		[65_535, 2, "PORT=65535 leaves no port for each of 2: choose one up to 65534."],
		[65_530, 9, "PORT=65530 leaves no port for each of 9: choose one up to 65527."]
	])("from %i on for %i: %s", (first, count, message) => {
		const run = () => portsOf([{ name: "PORT", first, count }]);
		if (message === undefined) expect(run()).toHaveLength(count);
		else expect(run).toThrow(message);
	});

	it("may not meet those of another kind", () => {
		const ranges = [
			{ name: "PORT", first: 9000, count: 3 },
			{ name: "METRICS_PORT", first: 9002, count: 8 }
		] as const;
		expect(() => portsOf(ranges)).toThrow("Port 9002 would be one of PORT and of METRICS_PORT");
	});
});
