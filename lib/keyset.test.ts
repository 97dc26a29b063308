import fc from "fast-check";
import { newId } from "./id.ts";
import { KeysetList, listById, TextId, TimeList } from "./keyset.ts";
import { T, type TSchema } from "./schema.ts";

const refused = expect.objectContaining({ type: "VALIDATION_FAILED" });
const ofRow = <V>({ value, id }: { value: V; id: string }) => ({ value, id });
const list = <V extends TSchema>(name: string, value: V, id?: TSchema) =>
	new KeysetList({ name, value, ...(id && { id }), keysetOf: ofRow<never> });

describe("a cursor", () => {
	it("decodes to the keyset it was made from", () => {
		fc.assert(
			fc.property(fc.string(), fc.uuid(), (value, id) => {
				const names = list("name", T.String());
				expect(names.after(names.cursor({ value, id }))).toEqual({ value, id });
			})
		);
	});

	it("is refused under another list, and for another type of value or id", () => {
		const prices = list("price", T.Integer(), TextId);
		const cursor = prices.cursor({ value: 5, id: "prod-001" });
		expect(prices.after(cursor)).toEqual({ value: 5, id: "prod-001" });
		for (const other of [
			list("-price", T.Integer(), TextId),
			list("price", T.String(), TextId),
			list("price", T.Integer())
		])
			expect(() => other.after(cursor)).toThrow(refused);
	});

	it.each([
		["an id that Postgres does not take", "urn:uuid:018f4a6e-9f2b-7c1d-8a3e-1234567890ab"],
		["a part of SQL", "' or 1=1"],
		["no text", 7]
	])("is refused with %s", (_, id) => {
		const orders = list("orders", T.Null());
		const cursor = orders.cursor({ value: null, id: id as string });
		expect(() => orders.after(cursor)).toThrow(refused);
	});

	const mine = listById("mine", String).cursor({ value: null, id: newId() });
	it.each(["", `${mine}0`, `${mine}=`, mine.slice(0, -1)])("is refused when it is %p", cursor => {
		expect(() => listById("mine", String).after(cursor)).toThrow(refused);
	});

	it("is refused as any other text", () => {
		const newest = new TimeList("newest", () => new Date());
		fc.assert(
			fc.property(fc.string(), text => {
				expect(() => newest.after(text)).toThrow(refused);
			})
		);
	});
});

describe("a page", () => {
	const rows = [newId(), newId(), newId()].map((id, n) => ({ id, at: new Date(n) }));
	const byTime = new TimeList("by time", (row: (typeof rows)[number]) => row.at);

	it("points to the next one while there is one", () => {
		const { data, next_cursor } = byTime.page(rows, 2);
		expect(data).toEqual(rows.slice(0, 2));
		expect(byTime.after(next_cursor!)).toEqual({ value: 1, id: rows[1]!.id });
	});

	it("has fewer rows when they are large, and at least one", () => {
		const sized = listById<{ id: string; kib: number }>(
			"sized",
			({ id }) => id,
			({ kib }) => kib * 1024
		);
		const pageOf = (...sizes: number[]) => {
			const of = sizes.map(kib => ({ id: newId(), kib }));
			const { data, next_cursor } = sized.page(of, 4);
			const isCursorOfLast = next_cursor === sized.cursor({ value: null, id: data.at(-1)!.id });
			return [data.length, next_cursor === null ? "last" : isCursorOfLast];
		};
		expect(pageOf(512)).toEqual([1, "last"]);
		expect(pageOf(256, 256)).toEqual([2, "last"]);
		expect(pageOf(256, 256, 1)).toEqual([2, true]);
		expect(pageOf(900, 1, 1)).toEqual([1, true]);
		expect(pageOf(1, 900, 1)).toEqual([1, true]);
		expect(pageOf(1, 1, 1, 1, 900)).toEqual([4, true]);
	});

	it("ends with null", () => {
		expect(byTime.page(rows, 3)).toEqual({ data: rows, next_cursor: null });
		expect(byTime.page([], 3)).toEqual({ data: [], next_cursor: null });
		expect(byTime.after(undefined)).toBeUndefined();
		expect(byTime.position(undefined)).toBeUndefined();
		const { next_cursor } = byTime.page(rows, 1);
		expect(byTime.position(next_cursor!)).toEqual({ at: new Date(0), id: rows[0]!.id });
	});
});
