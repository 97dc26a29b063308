import type { IncomingMessage } from "node:http";
import type { Standing } from "../../../contracts/user.ts";
import { requireRole } from "../../../lib/access.ts";
import { fail, is } from "../../../lib/errors.ts";
import { operator, type Identity } from "../../../lib/identity.ts";
import type { Role } from "../../../lib/schema.ts";
import type { Operation } from "../operations.ts";
import { isLocal } from "./demo-mode.ts";
import { asNow, type StandingList } from "./standing-list.ts";
import type { TokenVerifier } from "./token-verifier.ts";

/** The caller of a request, and whether it is demo mode's. */
export interface Caller {
	readonly user: Identity | undefined;
	readonly demo: boolean;
	/** When the token expires, by `Date.now()`. */
	readonly untilMs: number;
}

const bearer = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i;
const maxTokenLength = 4096;
const demoUser: Identity = { id: "user-123", role: "customer" };

/** The only `Authorization` header. @throws INVALID_TOKEN for two of them, or no bearer token */
function tokenOf(req: IncomingMessage): string | undefined {
	const values = req.headersDistinct.authorization ?? [];
	if (values.length === 0) return undefined;
	const token = values.length === 1 ? bearer.exec(values[0]!)?.[1] : undefined;
	return token && token.length <= maxTokenLength ? token : fail("INVALID_TOKEN");
}

export interface Authentication {
	tokens: TokenVerifier;
	standingList: StandingList;
	/** Whether requests from this host need no token. */
	demo: boolean;
}

/**
 * Authenticates. A token that is sent must be valid, even if none is needed; its user has the role that they have now.
 * @throws UNAUTHENTICATED, INVALID_TOKEN, ACCOUNT_LOCKED, UNAVAILABLE
 */
export async function callerOf(
	req: IncomingMessage,
	{ action }: Operation,
	{ tokens, standingList, demo }: Authentication
): Promise<Caller> {
	const token = tokenOf(req);
	if (token) {
		const user = await standingList.current(await tokens.verify(token));
		return { user, demo: false, untilMs: tokens.expiryOf(token) };
	}
	if (action.access === "anyone") return { user: undefined, demo: false, untilMs: Infinity };
	if (!demo || !isLocal(req)) fail("UNAUTHENTICATED");
	await standingList.current(demoUser);
	return { user: demoUser, demo: true, untilMs: Infinity };
}

/**
 * The caller, read again from the user service if they are staff and give a command: a list that is a moment old must
 * not let a locked admin unlock themselves. Without an answer the command is refused. Customers' commands cost no call.
 * @throws ACCOUNT_LOCKED, UNAVAILABLE
 */
export async function confirmed(
	caller: Caller,
	{ action }: Operation,
	read: (id: string) => Promise<Standing>
): Promise<Caller> {
	const { user } = caller;
	if (!user || user.role === "customer" || action.kind === "query") return caller;
	// Signed with the shop's own key by its commands (`npm run stream`): there is no account to read.
	if (user.id === operator.id) return caller;
	const standing = await read(user.id).catch(error =>
		// An account that is gone is no account.
		fail(is(error, "NOT_FOUND") ? "INVALID_TOKEN" : "UNAVAILABLE")
	);
	return { ...caller, user: asNow(user, standing) };
}

/** @throws FORBIDDEN when the caller's role has no access, with the roles that have */
export function authorise({ user }: Caller, { action, roles }: Operation): void {
	if (action.access === "anyone") return;
	const welcome = roles ?? (action.access as readonly Role[]);
	requireRole(user ?? fail("UNAUTHENTICATED"), welcome);
}
