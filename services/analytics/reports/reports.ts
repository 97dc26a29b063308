import {
	mostCategories,
	type analytics,
	type ProductSales,
	type Sales,
	type WindowChanges
} from "../../../contracts/analytics.ts";
import type { Database } from "../../../db/database.ts";
import { addCapped } from "../../../lib/money.ts";
import type { Params, Result as Answer } from "../../../lib/service.ts";
import { cutToMessage, jsonBytes, KeysetList, Milliseconds } from "../../../lib/keyset.ts";
import { T } from "../../../lib/schema.ts";
import { iso, toWindow } from "../windows/window-messages.ts";
import { rangeOf } from "./time-range.ts";
import * as sql from "./report.statements.ts";
import { averageOf, type Result } from "../windows/tumbling.window.ts";

type Actions = typeof analytics.actions;
type Tally = Sales["refunds"];

interface Sum {
	currency: string;
	orders: number;
	revenue: number;
}
type Reversed = Tally & { currency: string; type: "cancelled" | "refunded" | "returned" };
type Category = Sales["categories"][number] & { currency: string };

const Currency = T.String({ pattern: "^[A-Z]{3}$" });

/** The start of a window, and when the first page was read: the range of the next ones is by that. */
const WindowPosition = T.Array(Milliseconds, { minItems: 2, maxItems: 2 });

function windowList(name: string, now = 0): KeysetList<Result, typeof WindowPosition> {
	const keysetOf = ({ start, currency }: Result) => ({ value: [start, now], id: currency });
	return new KeysetList({ name, value: WindowPosition, id: Currency, keysetOf });
}

/** Reports of sales. Ranges are validated here. */
export class Reports {
	readonly #pg: Database;
	readonly #topic: string;

	constructor(pg: Database, topic: string) {
		this.#pg = pg;
		this.#topic = topic;
	}

	/** @throws VALIDATION_FAILED */
	async windows(query: Params<Actions["windows"]>): Promise<Answer<Actions["windows"]>> {
		const { limit = 20, cursor, currency, from = "", to = "" } = query;
		const name = `windows ${currency ?? ""} ${from} ${to}`;
		const after = windowList(name).after(cursor);
		const [start = null, now = await this.#now()] = after?.value ?? [];
		const values = [...spanOf(query, now), start, after?.id ?? null, limit + 1];
		const rows = await this.#pg.query<Result>(sql.listResults, values);
		const { data, next_cursor } = windowList(name, now).page(rows, limit);
		return { data: data.map(toWindow), watermark: await this.#watermark(), next_cursor };
	}

	/** Results that changed after an event, in their current state; without an event, the last id. */
	async changes(after: number | undefined, limit: number): Promise<WindowChanges> {
		if (after === undefined) {
			const [row] = await this.#pg.query<{ last: number }>(sql.lastChange);
			return { data: [], last: row!.last };
		}
		const rows = await this.#pg.query<Result & { id: number }>(sql.listChanges, [after, limit]);
		const data = rows.map(({ id, ...result }) => ({ id, window: toWindow(result) }));
		return { data, last: data.at(-1)?.id ?? after };
	}

	/** @throws VALIDATION_FAILED */
	async summary(query: Params<Actions["summary"]>): Promise<Answer<Actions["summary"]>> {
		const span = spanOf(query, await this.#now());
		const sums = await this.#pg.query<Sum>(sql.sumWindows, span);
		const reversed = await this.#pg.query<Reversed>(sql.sumReversals, span);
		const categories = await this.#pg.query<Category>(sql.sumCategories, [...span, mostCategories]);
		const [late] = await this.#pg.query<{ late: number }>(sql.countLate, span);
		const currencies = new Set([...sums, ...reversed].map(({ currency }) => currency));
		return {
			from: iso(span[0]),
			to: iso(span[1]),
			watermark: await this.#watermark(),
			late_events: late!.late,
			data: [...currencies].sort().map(currency => salesIn(currency, sums, reversed, categories))
		};
	}

	/** @throws VALIDATION_FAILED */
	async topProducts(query: Params<Actions["topProducts"]>): Promise<{ data: ProductSales[] }> {
		const { by = "revenue", limit = 20 } = query;
		const values = [...spanOf(query, await this.#now()), by, limit];
		const ranked = await this.#pg.query<ProductSales>(sql.rankProducts, values);
		return { data: cutToMessage(ranked, jsonBytes) };
	}

	async #now(): Promise<number> {
		const [row] = await this.#pg.query<{ now: number }>(sql.readClock);
		return row!.now;
	}

	async #watermark(): Promise<string | null> {
		const [row] = await this.#pg.query<{ watermark: number }>(sql.readWatermark, [this.#topic]);
		return row ? iso(row.watermark) : null;
	}
}

function spanOf(
	query: { from?: string; to?: string; currency?: string },
	now: number
): [number, number, string | null] {
	const { from, to } = rangeOf(query, now);
	return [from, to, query.currency ?? null];
}

function salesIn(
	currency: string,
	sums: readonly Sum[],
	reversed: readonly Reversed[],
	categories: readonly Category[]
): Sales {
	const inIt = <R extends { currency: string }>(rows: readonly R[]) =>
		rows.filter(row => row.currency === currency);
	const { orders = 0, revenue = 0 } = inIt(sums)[0] ?? {};
	const tallied = (...types: Reversed["type"][]): Tally =>
		inIt(reversed)
			.filter(({ type }) => types.includes(type))
			.reduce((a, b) => ({ orders: a.orders + b.orders, amount: addCapped(a.amount, b.amount) }), {
				orders: 0,
				amount: 0
			});
	return {
		currency,
		orders,
		revenue,
		average_order_value: orders === 0 ? 0 : averageOf(revenue, orders),
		cancellations: tallied("cancelled"),
		refunds: tallied("refunded", "returned"),
		categories: inIt(categories).map(({ category, units, revenue }) => ({
			category,
			units,
			revenue
		}))
	};
}
