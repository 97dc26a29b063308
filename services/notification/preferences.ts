import {
	type NotificationKind,
	type Preferences,
	userKinds
} from "../../contracts/notification.ts";
import { bulk } from "../../lib/bulk.ts";
import type { Statement } from "../../db/database.ts";
import { defaultChannels, type PersonalChannel } from "./notification.decisions.ts";
import { choiceOf, type Choices } from "./planning.ts";
import type { Queryable } from "./storage/postgres.store.ts";

interface Row {
	user_id: string;
	kind: NotificationKind;
	channels: PersonalChannel[];
}

const find: Statement = {
	name: "find_preferences",
	text: "select user_id, kind, channels from notification.preferences where user_id = any ($1::text[])"
};

const givenRows = bulk({ kind: "text", channels: "text" }, 2);

/** Stores the given kinds, and removes the others. */
const replace: Statement = {
	name: "replace_preferences",
	text: `
with given as (select kind, string_to_array(channels, ',') as channels from ${givenRows.as("x")}),
gone as (delete from notification.preferences where user_id = $1 and kind <> all ($2::text[]))
insert into notification.preferences (user_id, kind, channels) select $1, kind, channels from given
on conflict (user_id, kind) do update set channels = excluded.channels, updated_at = clock_timestamp()`
};

/** The channels that users chose by kind of message. */
export class PreferenceStore {
	readonly #db: Queryable;

	constructor(db: Queryable) {
		this.#db = db;
	}

	async choices(userIds: readonly string[]): Promise<Choices> {
		const rows = await this.#db.query<Row>(find, [userIds]);
		return new Map(rows.map(({ user_id, kind, channels }) => [choiceOf(user_id, kind), channels]));
	}

	/** Every kind, with the default if the user chose nothing. */
	async get(userId: string): Promise<Preferences> {
		const choices = await this.choices([userId]);
		const channels = userKinds.map(
			kind => [kind, [...(choices.get(choiceOf(userId, kind)) ?? defaultChannels)]] as const
		);
		return Object.fromEntries(channels) as Preferences;
	}

	/** Omitted kinds return to the default. */
	async set(userId: string, chosen: Partial<Preferences>): Promise<Preferences> {
		const rows = Object.entries(chosen).map(([kind, channels]) => ({
			kind,
			channels: channels.join()
		}));
		await this.#db.query(replace, [userId, ...givenRows.values(rows)]);
		return this.get(userId);
	}
}
