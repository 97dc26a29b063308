import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { newClient } from "../../db/client.ts";

/** A product whose counters are inconsistent, and when it was seen. */
export interface BrokenStock {
	at: Date;
	product_id: string;
	on_hand: number;
	reserved: number;
	ledger_on_hand: number;
	ledger_reserved: number;
	/** Units that open reservations hold. */
	held: number;
}

/**
 * Stock invariants, in one snapshot: 0 ≤ reserved ≤ on_hand, both are the sums of the ledger, and
 * reserved is what open reservations hold. Every row is a violation.
 */
export const brokenStock = `
	select clock_timestamp() as at, s.product_id, s.on_hand::int, s.reserved::int,
		coalesce(l.on_hand, 0)::int as ledger_on_hand, coalesce(l.reserved, 0)::int as ledger_reserved,
		coalesce(h.held, 0)::int as held
	from product.stock s
	left join (select product_id, sum(d_on_hand) as on_hand, sum(d_reserved) as reserved
		from product.stock_ledger group by 1) l using (product_id)
	left join (select product_id, sum(quantity) as held
		from product.reservation join product.reservation_head using (order_id)
		where state in ('held', 'locked') group by 1) h using (product_id)
	where not (0 <= s.reserved and s.reserved <= s.on_hand) or s.on_hand is distinct from l.on_hand
		or s.reserved is distinct from l.reserved or s.reserved <> coalesce(h.held, 0)`;

const everyMs = 50;
/** Enough to see what is wrong: an inconsistency stays. */
const maxKept = 20;

/** Samples the stock 20 times a second while it runs, without a proxy. */
export class StockSampler {
	readonly violations: BrokenStock[] = [];
	samples = 0;
	/** Samples that failed because the database was down. */
	missed = 0;
	#stopped = false;
	#running: Promise<void> | undefined;

	/** @param url where Postgres is now: its port changes when it is restarted */
	start(url: () => string): void {
		this.#running = this.#run(url);
	}

	async stop(): Promise<void> {
		this.#stopped = true;
		await this.#running;
	}

	async #run(url: () => string): Promise<void> {
		while (!this.#stopped) {
			const client = newClient({ connectionString: url(), connectionTimeoutMillis: 2000 });
			try {
				await client.connect();
				await this.#sample(client);
			} catch {
				this.missed++;
				await sleep(everyMs);
			} finally {
				await client.end().catch(() => undefined);
			}
		}
	}

	async #sample(client: pg.Client): Promise<void> {
		while (!this.#stopped) {
			const startedAt = performance.now();
			const { rows } = await client.query<BrokenStock>(brokenStock);
			this.samples++;
			this.violations.push(...rows.slice(0, maxKept - this.violations.length));
			await sleep(Math.max(0, startedAt + everyMs - performance.now()));
		}
	}
}
