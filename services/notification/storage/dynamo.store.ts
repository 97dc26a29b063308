import {
	ConditionalCheckFailedException,
	GetItemCommand,
	PutItemCommand,
	QueryCommand,
	UpdateItemCommand,
	type DynamoDBClient,
	type QueryCommandInput
} from "@aws-sdk/client-dynamodb";
import { notificationChannels, type NotificationChannel } from "../../../contracts/notification.ts";
import type { TimePosition } from "../../../lib/keyset.ts";
import { answeredInTime, awsConnections } from "../aws/client-options.ts";
import type { Outcome } from "../notification.decisions.ts";
import { DynamoClock } from "./dynamo-clock.ts";
import {
	claimOf,
	newItem,
	positionOf,
	sharedQueue,
	storedNamesOf,
	trackedOf,
	valuesOf,
	type Item
} from "./dynamo-item.ts";
import type {
	Backlog,
	Claim,
	NewNotification,
	StoredNotification,
	NotificationStore
} from "../tracking-store.ts";

export interface DynamoOptions {
	client: DynamoDBClient;
	table: string;
	/** By default the clock of DynamoDB, so that nodes whose clocks differ agree on what is due. */
	now?: () => number | Promise<number>;
}

/** More are not counted: each costs a read. */
const backlogLimit = 100;

type Values = Record<string, string | number | null>;

/** `#name` for every name in an expression, because many names are reserved words. */
function namesIn(...expressions: (string | undefined)[]): Record<string, string> {
	const found = expressions.join(" ").match(/#\w+/g) ?? [];
	return Object.fromEntries(found.map(name => [name, name.slice(1)]));
}

const valuesIn = (values: Values) =>
	Object.fromEntries(Object.entries(valuesOf(values)).map(([name, value]) => [`:${name}`, value]));

/** TTL takes some days at most. */
const isKeptAt = (now: number, { expires_at }: Item) => Number(expires_at?.N) * 1000 > now;

function clockOf(client: DynamoDBClient, table: string): () => Promise<number> {
	const clock = new DynamoClock(client, table);
	return () => clock.now();
}

/** Messages in a DynamoDB table (docs/configuration.md, "Messages"), whose TTL removes expired ones. */
export class DynamoStore implements NotificationStore {
	readonly #client: DynamoDBClient;
	readonly #table: string;
	readonly #now: () => number | Promise<number>;

	constructor({ client, table, now }: DynamoOptions) {
		this.#client = client;
		this.#table = table;
		this.#now = now ?? clockOf(client, table);
	}

	/** Rejects with a transient error, so that events wait for the table, unless a message itself is refused. */
	async plan(messages: readonly NewNotification[]): Promise<string[]> {
		const added: string[] = [];
		// As many as the SDK has connections: the time limit includes the wait for one.
		for (let from = 0; from < messages.length; from += awsConnections) {
			const some = messages.slice(from, from + awsConnections);
			const isNew = await Promise.all(some.map(message => this.#add(message))).catch(error => {
				throw Object.assign(error, {
					isTransient: !/^(ValidationException|TypeError|RangeError)$/.test(error.name)
				});
			});
			added.push(...some.filter((_, index) => isNew[index]).map(({ id }) => id));
		}
		return added;
	}

	async claim(channel: NotificationChannel, limit: number, leaseMs: number): Promise<Claim[]> {
		const due = await this.#dueOf(channel, limit);
		const claims = await Promise.all(due.map(({ id }) => this.claimOne(id!.S!, leaseMs)));
		return claims.filter(claim => claim !== undefined);
	}

	async claimOne(id: string, leaseMs: number): Promise<Claim | undefined> {
		const now = await this.#now();
		const item = await this.#update(
			id,
			"set #due_at = :until, #lease_until = :until add #fence :one, #attempts :one",
			"#state = :pending and #due_at <= :now",
			{ until: now + leaseMs, one: 1, pending: "pending", now }
		);
		return item && claimOf(item);
	}

	async settle({ id, fence }: Claim, outcome: Outcome): Promise<boolean> {
		const now = await this.#now();
		const held = "#fence = :fence and #state = :pending";
		const common = { fence, pending: "pending", now };
		if (outcome.state === "pending") {
			const { inMs, counted, reason } = outcome;
			const values = { ...common, due: now + inMs, back: counted ? 0 : -1, reason: reason ?? "" };
			const set = "set #due_at = :due, #reason = :reason, #updated_at = :now";
			const update = `${set} remove #lease_until add #attempts :back`;
			return Boolean(await this.#update(id, update, held, values));
		}
		const end = "set #state = :state, #updated_at = :now";
		const isSent = outcome.state === "sent";
		const [more, removed, values]: [string, string, Values] = isSent
			? [", #provider_id = :value, #sent_at = :now", ", #reason", { value: outcome.providerId }]
			: [", #reason = :value", "", { value: outcome.reason }];
		const update = `${end}${more} remove #queue, #due_at, #lease_until${removed}`;
		const all = { ...common, ...values, state: outcome.state };
		return Boolean(await this.#update(id, update, held, all));
	}

	async get(id: string, owner?: string): Promise<StoredNotification | undefined> {
		const read = { TableName: this.#table, Key: valuesOf({ id }), ConsistentRead: true };
		const command = new GetItemCommand(read);
		const found = await answeredInTime(options => this.#client.send(command, options));
		const isKept = found.Item && isKeptAt(await this.#now(), found.Item);
		const item = isKept ? trackedOf(found.Item!) : undefined;
		return owner === undefined || item?.user_id === owner ? item : undefined;
	}

	async list(
		owner: string | undefined,
		after: TimePosition | undefined,
		limit: number
	): Promise<StoredNotification[]> {
		const [index, name, value] =
			owner === undefined ? ["by_time", "everyone", "1"] : ["by_user", "user_id", owner];
		const from: Values = after ? { after: positionOf(after) } : {};
		const where = `#${name} = :value${after ? " and #position < :after" : ""}`;
		const newestFirst = { ScanIndexForward: false };
		const items = await this.#query(index, where, { ...from, value, limit }, newestFirst);
		const now = await this.#now();
		return items.filter(item => isKeptAt(now, item)).map(trackedOf);
	}

	async resend(id: string): Promise<StoredNotification | undefined> {
		const now = await this.#now();
		const resent = await this.#update(
			id,
			"set #state = :pending, #queue = #channel, #due_at = :now, #attempts = :zero, #updated_at = :now " +
				"remove #reason, #provider_id add #resends :add",
			"attribute_exists(#id) and #state <> :pending",
			{ pending: "pending", now, zero: 0, add: 1 }
		);
		const sooner =
			resent ??
			(await this.#update(
				id,
				"set #due_at = :now, #updated_at = :now",
				"#state = :pending and (attribute_not_exists(#lease_until) or #lease_until <= :now)",
				{ pending: "pending", now }
			));
		return sooner ? trackedOf(sooner) : this.get(id);
	}

	async backlog(): Promise<Backlog[]> {
		const now = await this.#now();
		return Promise.all(
			notificationChannels.map(async channel => {
				const due = await this.#dueOf(channel, backlogLimit);
				const seconds = due.map(({ due_at }) => (now - Number(due_at!.N)) / 1000);
				return { channel, count: due.length, seconds: Math.max(0, ...seconds) };
			})
		);
	}

	/** TTL removes them. */
	async expire(): Promise<number> {
		return 0;
	}

	close(): void {
		this.#client.destroy();
	}

	async #dueOf(channel: NotificationChannel, limit: number): Promise<Item[]> {
		const due: Item[] = [];
		// Those of before first: they have waited longest.
		for (const queue of [sharedQueue, ...storedNamesOf(channel)])
			if (due.length < limit) due.push(...(await this.#due(queue, channel, limit - due.length)));
		return due;
	}

	async #due(queue: string, channel: NotificationChannel, limit: number): Promise<Item[]> {
		const values: Values & { limit: number } = { queue, now: await this.#now(), limit };
		const where = "#queue = :queue and #due_at <= :now";
		if (queue !== sharedQueue) return this.#query("due", where, values);
		const names = storedNamesOf(channel).map((name, index) => [`c${index}`, name] as const);
		const FilterExpression = `#channel in (${names.map(([name]) => `:${name}`).join(", ")})`;
		const all = { ...values, ...Object.fromEntries(names) };
		return this.#query("due", where, all, { FilterExpression });
	}

	async #add(message: NewNotification): Promise<boolean> {
		const Item = newItem(message, await this.#now());
		if (!Item) return false;
		const ConditionExpression = "attribute_not_exists(id)";
		const put = new PutItemCommand({ TableName: this.#table, Item, ConditionExpression });
		const answer = answeredInTime(options => this.#client.send(put, options));
		return (await undefinedIfConditionFailed(answer)) !== undefined;
	}

	/** The current item; undefined when the condition failed. */
	async #update(
		id: string,
		UpdateExpression: string,
		ConditionExpression: string,
		values: Values
	): Promise<Item | undefined> {
		const update = new UpdateItemCommand({
			TableName: this.#table,
			Key: valuesOf({ id }),
			UpdateExpression,
			ConditionExpression,
			ExpressionAttributeNames: namesIn(UpdateExpression, ConditionExpression),
			ExpressionAttributeValues: valuesIn(values),
			ReturnValues: "ALL_NEW"
		});
		const answer = answeredInTime(options => this.#client.send(update, options));
		return (await undefinedIfConditionFailed(answer))?.Attributes;
	}

	/** So many items, if there are: a response of DynamoDB ends after 1 MB, even with few items. */
	async #query(
		IndexName: string,
		KeyConditionExpression: string,
		{ limit, ...values }: Values & { limit: number },
		more: Partial<QueryCommandInput> = {}
	): Promise<Item[]> {
		const found: Item[] = [];
		let ExclusiveStartKey: Item | undefined;
		do {
			const query = new QueryCommand({
				TableName: this.#table,
				IndexName,
				KeyConditionExpression,
				ExpressionAttributeNames: namesIn(KeyConditionExpression, more.FilterExpression),
				ExpressionAttributeValues: valuesIn(values),
				Limit: limit - found.length,
				ExclusiveStartKey,
				...more
			});
			const { Items = [], LastEvaluatedKey } = await answeredInTime(options =>
				this.#client.send(query, options)
			);
			found.push(...Items);
			ExclusiveStartKey = LastEvaluatedKey;
		} while (ExclusiveStartKey && found.length < limit);
		return found;
	}
}

/** Undefined when the condition failed. */
async function undefinedIfConditionFailed<R>(answer: Promise<R>): Promise<R | undefined> {
	try {
		return await answer;
	} catch (error) {
		if (error instanceof ConditionalCheckFailedException) return undefined;
		throw error;
	}
}
