import type { IncomingMessage } from "node:http";
import { BlockList, isIPv6 } from "node:net";
import { fail } from "../../lib/errors.ts";
import type { Identity } from "../../lib/identity.ts";
import type { Role } from "../../lib/schema.ts";
import type { Operation } from "./gateway.operations.ts";
import type { TokenVerifier } from "./gateway.tokens.ts";

/** Who a request speaks for, and whether demo mode said so. */
export interface Caller {
	readonly user: Identity | undefined;
	readonly demo: boolean;
}

const bearer = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i;
const maxTokenLength = 4096;
const demoUser: Identity = { id: "user-123", role: "customer" };

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8);
loopback.addAddress("::1", "ipv6");
loopback.addSubnet("::ffff:127.0.0.0", 104, "ipv6");

/** True for a request from this host itself; one that a proxy passed on is from elsewhere. */
export function isLocal({ headers, socket }: IncomingMessage): boolean {
	const { remoteAddress } = socket;
	if (!remoteAddress || headers["x-forwarded-for"] || headers.forwarded) return false;
	return loopback.check(remoteAddress, isIPv6(remoteAddress) ? "ipv6" : "ipv4");
}

/** The only `Authorization` header. @throws INVALID_TOKEN for two of them, or no bearer token */
function tokenOf(req: IncomingMessage): string | undefined {
	const values = req.headersDistinct.authorization ?? [];
	if (values.length === 0) return undefined;
	const token = values.length === 1 ? bearer.exec(values[0]!)?.[1] : undefined;
	return token && token.length <= maxTokenLength ? token : fail("INVALID_TOKEN");
}

/**
 * Authenticates and authorises. A token that is sent must be valid, also where none is needed.
 * @param demo whether requests from this host may do without one
 * @throws UNAUTHENTICATED, INVALID_TOKEN, FORBIDDEN
 */
export async function callerOf(
	req: IncomingMessage,
	{ action, roles = action.access as readonly Role[] }: Operation,
	tokens: TokenVerifier,
	demo: boolean
): Promise<Caller> {
	const token = tokenOf(req);
	const user = token ? await tokens.verify(token) : undefined;
	if (action.access === "anyone") return { user, demo: false };
	const acting = user ?? (demo && isLocal(req) ? demoUser : fail("UNAUTHENTICATED"));
	if (!roles.includes(acting.role)) fail("FORBIDDEN");
	return { user: acting, demo: !user };
}
