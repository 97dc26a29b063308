import type { Notification, NotificationList, Preview } from "../../contracts/notification.ts";
import type { Contact } from "../../contracts/user.ts";
import { fail } from "../../lib/errors.ts";
import { TimeList } from "../../lib/keyset.ts";
import type { Shop } from "./templates/content.templates.ts";
import { factOf } from "./dispatch/delivery.ts";
import { toNotification } from "./notification.representation.ts";
import type { NotificationStore, StoredNotification } from "./tracking-store.ts";
import { render } from "./templates/render.templates.ts";

export interface MessagesOptions {
	store: NotificationStore;
	shop: Shop;
	contacts(of: { ids: string[] } | { role: "admin" }): Promise<Contact[]>;
}

/** Messages, as users and staff see them. */
export class Messages {
	readonly #options: MessagesOptions;

	constructor(options: MessagesOptions) {
		this.#options = options;
	}

	/** Newest event first. @param of `owner` undefined: of any user @throws VALIDATION_FAILED */
	async list(
		{ owner, isForStaff }: { owner: string | undefined; isForStaff: boolean },
		limit: number,
		cursor?: string
	): Promise<NotificationList> {
		const timeOf = (row: StoredNotification) => row.occurred_at;
		const list = new TimeList(`notifications of ${owner}`, timeOf);
		const rows = await this.#options.store.list(owner, list.position(cursor), limit + 1);
		const { data, next_cursor } = list.page(rows, limit);
		return { data: data.map(row => toNotification(row, isForStaff)), next_cursor };
	}

	/** @param owner undefined: of any user, for staff @throws NOT_FOUND */
	async get(id: string, owner?: string): Promise<Notification> {
		const found = (await this.#options.store.get(id, owner)) ?? fail("NOT_FOUND");
		return toNotification(found, owner === undefined);
	}

	/** Resends it, or sends it now if it is pending; for staff. @throws NOT_FOUND */
	async resend(id: string): Promise<Notification> {
		return toNotification((await this.#options.store.resend(id)) ?? fail("NOT_FOUND"), true);
	}

	/** Renders it now, for its first recipient. @throws NOT_FOUND */
	async preview(id: string): Promise<Preview> {
		const { store, shop, contacts } = this.#options;
		const { user_id, fact } = (await store.get(id)) ?? fail("NOT_FOUND");
		const [reader] = await contacts(user_id === null ? { role: "admin" } : { ids: [user_id] });
		return render(factOf(fact), reader ?? { name: "", locale: "en" }, shop);
	}
}
