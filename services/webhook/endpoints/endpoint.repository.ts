import {
	mostWebhooks,
	type Webhook,
	type WebhookEventType,
	type WebhookWithSecret
} from "../../../contracts/webhook.ts";
import type { Database, Transaction } from "../../../db/database.ts";
import { fail } from "../../../lib/errors.ts";
import { toWebhook, type EndpointRow } from "./endpoint.ts";
import * as statements from "./endpoint.statements.ts";

export interface NewEndpoint {
	id: string;
	url: string;
	description: string | null;
	event_types: readonly WebhookEventType[];
	secret: string;
}

export interface EndpointChanges {
	url?: string | undefined;
	description?: string | null | undefined;
	event_types?: readonly WebhookEventType[] | undefined;
	enabled?: boolean | undefined;
}

const isSame = (row: EndpointRow, changes: EndpointChanges) =>
	Object.entries(changes).every(
		([name, value]) =>
			value === undefined ||
			JSON.stringify(row[name as keyof EndpointRow]) === JSON.stringify(value)
	);

/** The endpoints of webhooks. */
export class EndpointRepository {
	readonly #db: Database;

	constructor(db: Database) {
		this.#db = db;
	}

	/** @throws DUPLICATE_WEBHOOK, TOO_MANY_WEBHOOKS */
	create({ id, url, description, event_types, secret }: NewEndpoint): Promise<WebhookWithSecret> {
		return this.#db.transaction(async tx => {
			await this.#assertFree(url, tx);
			const [{ count } = { count: 0 }] = await tx.query<{ count: number }>(statements.known, [url]);
			if (count >= mostWebhooks) fail("TOO_MANY_WEBHOOKS", `there are ${mostWebhooks} already`);
			const values = [id, url, description, event_types, secret];
			const [row] = await tx.query<EndpointRow>(statements.insert, values);
			return { ...toWebhook(row!), secret };
		});
	}

	async list(): Promise<Webhook[]> {
		return (await this.#db.query<EndpointRow>(statements.list)).map(toWebhook);
	}

	/** @throws NOT_FOUND */
	async get(id: string): Promise<Webhook> {
		const [row] = await this.#db.query<EndpointRow>(statements.find, [id]);
		return toWebhook(row ?? fail("NOT_FOUND"));
	}

	/** @throws NOT_FOUND, DUPLICATE_WEBHOOK */
	update(id: string, changes: EndpointChanges): Promise<Webhook> {
		return this.#db.transaction(async tx => {
			const row = await this.#lock(id, tx);
			if (isSame(row, changes)) return toWebhook(row);
			const { url = row.url, description = row.description } = changes;
			const { event_types = row.event_types, enabled = row.enabled } = changes;
			if (url !== row.url) await this.#assertFree(url, tx);
			const values = [id, url, description, event_types, enabled];
			const [changed] = await tx.query<EndpointRow>(statements.update, values);
			return toWebhook(changed!);
		});
	}

	/** Its deliveries stay until they expire, and none is sent any more. @throws NOT_FOUND */
	remove(id: string): Promise<Webhook> {
		return this.#db.transaction(async tx => {
			await this.#lock(id, tx);
			const [row] = await tx.query<EndpointRow>(statements.remove, [id]);
			return toWebhook(row!);
		});
	}

	/** The same secret once more changes nothing. @throws NOT_FOUND */
	async rotate(id: string, secret: string): Promise<WebhookWithSecret> {
		const [row] = await this.#db.query<EndpointRow>(statements.rotate, [id, secret]);
		return { ...(row ? toWebhook(row) : await this.get(id)), secret };
	}

	/** Ends a pause. @throws NOT_FOUND, WEBHOOK_DISABLED */
	async resume(id: string): Promise<void> {
		const { enabled } = await this.get(id);
		if (!enabled) fail("WEBHOOK_DISABLED");
		await this.#db.query(statements.resume, [id]);
	}

	async #lock(id: string, tx: Transaction): Promise<EndpointRow> {
		const [row] = await tx.query<EndpointRow>(statements.lock, [id]);
		return row ?? fail("NOT_FOUND");
	}

	/** @throws DUPLICATE_WEBHOOK */
	async #assertFree(url: string, tx: Transaction): Promise<void> {
		await tx.query(statements.lockCount);
		const [row] = await tx.query<{ is_taken: boolean }>(statements.known, [url]);
		if (row!.is_taken) fail("DUPLICATE_WEBHOOK");
	}
}
