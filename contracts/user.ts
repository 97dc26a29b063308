import {
	contract,
	hint,
	nullable,
	oneOf,
	roles,
	strictObject,
	T,
	type Static
} from "../lib/schema.ts";
import { admins, everyone } from "./roles.ts";
import {
	Cursor,
	Id,
	Instant,
	instant,
	Limit,
	Locale,
	NextCursor,
	Phone,
	ready,
	storableText,
	text,
	Version
} from "./values.ts";

const Role = oneOf(roles);

/** Its domain may be international: it is stored in ASCII (A-labels) and shown in Unicode (U-labels). */
const Email = T.String({
	format: "idn-email",
	maxLength: 254,
	rule: "an e-mail address, like jo@example.com, with at most 64 characters before the @"
});

/** Any characters but NUL; counted in code points; checked against a list of common ones by the service. */
const NewPassword = storableText({ minLength: 12, maxLength: 128 });

export const User = strictObject(
	{
		id: Id,
		email: Email,
		name: text(100),
		role: Role,
		locale: Locale,
		phone: nullable(Phone),
		locked: T.Boolean(),
		version: Version,
		created_at: Instant,
		updated_at: Instant
	},
	{ title: "User" }
);
export type User = Static<typeof User>;

/** Contact data. It is stored only here: senders request it when they send. */
export const Contact = strictObject(
	{ id: Id, email: Email, name: text(100), locale: Locale, phone: nullable(Phone) },
	{ title: "Contact" }
);
export type Contact = Static<typeof Contact>;

const AccessGrant = strictObject(
	{
		access_token: T.String({ description: "JWT, EdDSA" }),
		token_type: oneOf(["Bearer"]),
		expires_in: T.Integer({ description: "Seconds" }),
		user: strictObject({ id: Id, email: Email, role: Role })
	},
	{ title: "AccessGrant" }
);

/** What a user may do, whatever their token says. */
export const Standing = strictObject({ id: Id, role: Role, locked: T.Boolean() });
export type Standing = Static<typeof Standing>;

const StandingNumber = T.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** Somebody was locked, unlocked or given another role: gateways should read the standings. */
export const standingChanged = hint("user.standing_changed", strictObject({}));

export const user = contract("user", {
	create: {
		summary: "Register a customer. The response is the same whether or not the address is taken",
		kind: "command",
		access: "anyone",
		perNetwork: true,
		params: strictObject({
			email: Email,
			password: NewPassword,
			name: T.Optional(text(100)),
			locale: T.Optional(Locale)
		}),
		returns: strictObject({ status: oneOf(["accepted"]) }, { title: "Registration" })
	},
	authenticate: {
		summary: "Exchange e-mail address and password for a short-lived access token",
		kind: "command",
		access: "anyone",
		perNetwork: true,
		params: strictObject({
			email: storableText({ maxLength: 254 }),
			password: T.String({ maxLength: 128 })
		}),
		returns: AccessGrant
	},
	get: {
		summary: "One user: yourself without `id`, any user for an admin",
		kind: "query",
		access: everyone,
		params: strictObject({ id: T.Optional(Id) }),
		returns: User
	},
	update: {
		summary: "Change your own name, language or phone, or (admin) the role or the lock of any user",
		kind: "command",
		access: everyone,
		params: strictObject({
			id: T.Optional(Id),
			version: T.Optional(Version),
			name: T.Optional(text(100)),
			locale: T.Optional(Locale),
			phone: T.Optional(nullable(Phone)),
			role: T.Optional(Role),
			locked: T.Optional(T.Boolean())
		}),
		returns: User
	},
	list: {
		summary: "All users, newest first",
		kind: "query",
		access: admins,
		params: strictObject({ limit: T.Optional(Limit), cursor: T.Optional(Cursor) }),
		returns: strictObject({ data: T.Array(User), next_cursor: NextCursor }, { title: "UserList" })
	},
	contacts: {
		summary: "Contact data of some users, or of all users of a role who are not locked",
		kind: "query",
		access: "internal",
		params: strictObject({
			ids: T.Optional(T.Array(Id, { maxItems: 100 })),
			role: T.Optional(Role)
		}),
		returns: strictObject({ contacts: T.Array(Contact) })
	},
	"standing.get": {
		summary: "The standing of one user, now",
		kind: "query",
		access: "internal",
		timeoutMs: 1000,
		params: strictObject({ id: Id }),
		returns: Standing
	},
	"standing.list": {
		summary: "Standings that have changed since an earlier page, in the order of the changes",
		kind: "query",
		access: "internal",
		timeoutMs: 1000,
		params: strictObject({ after: StandingNumber, limit: Limit }),
		returns: strictObject({
			data: T.Array(Standing),
			next: T.Integer({ ...StandingNumber, description: "`after` of the next page" }),
			last: T.Integer({ ...StandingNumber, description: "Number of the latest change of all" }),
			now: T.Optional(instant("By the database, with the page that has no changes"))
		})
	},
	keys: {
		summary: "The public keys that verify access tokens (RFC 7517)",
		kind: "query",
		access: "anyone",
		params: strictObject({}),
		returns: strictObject({ keys: T.Array(T.Record(T.String(), T.String())) }, { title: "KeySet" })
	},
	ready
});
