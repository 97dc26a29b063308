import { derivedId, newId } from "./id.ts";

describe("newId", () => {
	it("generates UUIDv7 that differ and sort by time", () => {
		const ids = Array.from({ length: 1000 }, newId);
		expect(new Set(ids).size).toBe(1000);
		expect([...ids].sort()).toEqual(ids);
		expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
	});
});

describe("derivedId", () => {
	const owner = newId();

	it("is the same for the same owner and purpose, on any node", () => {
		expect(derivedId(owner, "charge")).toBe(derivedId(owner, "charge"));
		expect(derivedId("018f0000-0000-7000-8000-000000000000", "charge")).toMatch(/-5[0-9a-f]{3}-/);
	});

	it("differs by owner and by purpose", () => {
		const ids = [
			derivedId(owner, "charge"),
			derivedId(owner, "refund"),
			derivedId(newId(), "charge")
		];
		expect(new Set(ids).size).toBe(3);
	});
});
