import type { MailboxEntry, MailboxMessage } from "../../../contracts/notification.ts";
import { Batcher } from "../../../lib/batcher.ts";
import { refusedBySql } from "../../../lib/database-error.ts";
import { bulk } from "../../../lib/bulk.ts";
import type { Statement } from "../../../db/database.ts";
import { fail } from "../../../lib/errors.ts";
import type { PersonalChannel } from "../notification.decisions.ts";
import type { Dispatch } from "../channel.ts";
import type { Queryable } from "../storage/postgres.store.ts";

/** How many messages are kept, the newest. */
export const mailboxSize = 1000;

const keptRows = bulk({
	id: "uuid",
	channel: "text",
	recipient: "text",
	type: "text",
	order_id: "uuid",
	subject: "text",
	html: "text",
	body: "text"
});

type MailboxRow = Parameters<typeof keptRows.values>[0][number];

const keep: Statement = {
	name: "keep_in_mailbox",
	text: `
with kept as (
	insert into notification.mailbox (${keptRows.columns})
	select ${keptRows.columns} from ${keptRows.unnest} with ordinality as x(${keptRows.columns}, n) order by n
	on conflict (id) do nothing returning seq
)
delete from notification.mailbox where exists (select from kept) and seq <= (
	select seq from notification.mailbox order by seq desc
	offset ${mailboxSize} - (select count(*) from kept) limit 1
)`
};

const entry = `id, channel, recipient as "to", type, order_id, subject,
	to_char(received_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as received_at`;

const list: Statement = {
	name: "list_mailbox",
	text: `select ${entry} from notification.mailbox order by seq desc limit $1`
};

const get: Statement = {
	name: "get_from_mailbox",
	text: `select ${entry}, html, body as text from notification.mailbox where id = $1`
};

/** Stored messages for viewing, when nothing is sent. */
export class MailboxStore {
	readonly #db: Queryable;
	readonly #arriving = new Batcher<MailboxRow, void>({
		run: rows => this.#keepAll(rows),
		retryAlone: refusedBySql
	});

	constructor(db: Queryable) {
		this.#db = db;
	}

	/** Does nothing if the id exists. */
	async keep(channel: PersonalChannel, { id, to, rendered, fact }: Dispatch): Promise<void> {
		const orderId = "order_id" in fact.data ? fact.data.order_id : null;
		const { subject, html, text, short } = rendered;
		const parts =
			channel === "email"
				? { subject, html, body: text }
				: { subject: null, html: null, body: short };
		await this.#arriving.add({
			id,
			channel,
			recipient: to,
			type: fact.type,
			order_id: orderId,
			...parts
		});
	}

	/** Newest first. */
	list(limit: number): Promise<MailboxEntry[]> {
		return this.#db.query<MailboxEntry>(list, [limit]);
	}

	/** @throws NOT_FOUND */
	async get(id: string): Promise<MailboxMessage> {
		const [message] = await this.#db.query<MailboxMessage>(get, [id]);
		return message ?? fail("NOT_FOUND");
	}

	async #keepAll(rows: readonly MailboxRow[]): Promise<void[]> {
		await this.#db.query(keep, keptRows.values(rows));
		return rows.map(() => undefined);
	}
}
