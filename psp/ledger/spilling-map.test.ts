import fc from "fast-check";
import { SpillFile, SpillingMap } from "./spilling-map.ts";

const limits = { keep: 3, step: 2 };

interface Value {
	n: number;
}

describe("a map with bounded memory", () => {
	let file: SpillFile;
	beforeEach(() => {
		file = new SpillFile(limits);
	});
	afterEach(() => file.close());

	it("is like any map, whichever entries it has moved out", () => {
		const key = fc.integer({ min: 0, max: 30 }).map(n => `key-${n}'é`);
		fc.assert(
			fc.property(fc.array(fc.tuple(key, fc.integer()), { maxLength: 80 }), writes => {
				const model = new Map<string, Value>();
				const map = new SpillingMap<Value>(file);
				for (const [name, n] of writes) {
					model.set(name, { n });
					map.set(name, { n });
					expect(map.get(name)).toEqual({ n });
				}
				expect(map.size).toBe(model.size);
				for (let n = 0; n <= 30; n++) {
					const name = `key-${n}'é`;
					expect([map.has(name), map.get(name)]).toEqual([model.has(name), model.get(name)]);
				}
				expect([...map.values()]).toEqual([...model.values()]);
			})
		);
	});

	it("keeps one file for several maps, and their values apart", () => {
		const [a, b] = [new SpillingMap<number>(file), new SpillingMap<number>(file)];
		for (let n = 0; n < 20; n++) {
			a.set(`${n}`, n);
			b.set(`${n}`, -n);
		}
		expect([a.get("1"), b.get("1"), a.size, b.size]).toEqual([1, -1, 20, 20]);
	});

	it("keeps in memory what cannot be written, and moves it out later", () => {
		const map = new SpillingMap<number>(file);
		for (let n = 0; n < 10; n++) map.set(`${n}`, n);
		file.database.exec("pragma query_only = on");
		for (let n = 10; n < 20; n++) map.set(`${n}`, n);
		expect([...map.values()]).toEqual(Array.from({ length: 20 }, (_, n) => n));
		file.database.exec("pragma query_only = off");
		for (let n = 20; n < 40; n++) map.set(`${n}`, n);
		expect([...map.values()]).toEqual(Array.from({ length: 40 }, (_, n) => n));
	});

	it("fails after its file is closed", () => {
		const map = new SpillingMap<number>(file);
		file.close();
		expect(() => {
			for (let n = 0; n < 10; n++) map.set(`${n}`, n);
		}).toThrow("closed");
	});

	it.each([0, 1194, 1195, 1196, 1197, 1198])(
		"is read to its end while entries are moved out, from the %s. on",
		from => {
			const map = new SpillingMap<number>(file);
			const add = (n: number) => map.set(`${n}`, n);
			for (let n = 0; n < 1200; n++) add(n);
			const read: number[] = [];
			for (const n of map.values()) {
				read.push(n);
				if (n >= from && n < 1200) for (let more = 0; more < 2; more++) add(10_000 + 2 * n + more);
			}
			expect(read.filter(n => n < 10_000)).toEqual(Array.from({ length: 1200 }, (_, n) => n));
			expect(new Set(read).size).toBe(read.length);
		}
	);
});
