import type { Context } from "moleculer";
import { identityOf, type Meta } from "../lib/identity.ts";
import { fingerprint } from "./fingerprint.ts";

/** A request as its idempotency key names it: one of its sender, whatever action and target. */
export interface KeyedRequest {
	/** The sender's user id. */
	principal: string;
	key: string;
	/** `order.cancel` */
	action: string;
	/** The id that it is about; empty when it makes something new. */
	target: string;
	/** Fingerprint of the action and its parameters. */
	hash: Buffer;
	/**
	 * Of the parameters as they were sent, where `hash` is of what they mean. Keys from before there was a meaning have
	 * it.
	 */
	sentHash?: Buffer;
}

type Parameters = Record<string, unknown>;

type Keyed = Context<{ idempotency_key: string }, Meta>;
type MaybeKeyed = Context<{ idempotency_key?: string }, Meta>;

/**
 * The request of a call.
 * @param omit parameters that are no part of it
 * @param meaning parameters that are equal for spellings that mean the same
 * @throws UNAUTHENTICATED
 */
export function keyedRequest(
	ctx: Keyed,
	omit?: readonly string[],
	meaning?: (params: Parameters) => Parameters
): KeyedRequest;
/** Undefined for a call without a key. */
export function keyedRequest(ctx: MaybeKeyed): KeyedRequest | undefined;
export function keyedRequest(
	ctx: MaybeKeyed,
	omit: readonly string[] = [],
	meaning?: (params: Parameters) => Parameters
): KeyedRequest | undefined {
	const { idempotency_key: key, ...params } = ctx.params as Parameters;
	if (key === undefined) return undefined;
	// A precondition (If-Match) is no part of what is requested.
	for (const name of [...omit, "version"]) delete params[name];
	const target = String(params.id ?? params.product_id ?? "");
	const action = ctx.action!.name!;
	const { id: principal } = identityOf(ctx.meta);
	const named = { principal, key: key as string, action, target };
	const hashOf = (sent: Parameters) => fingerprint([action, sent]);
	if (!meaning) return { ...named, hash: hashOf(params) };
	return { ...named, hash: hashOf(meaning(params)), sentHash: hashOf(params) };
}

/** Tells the caller of an action whether its response is a stored one. */
export function markReplayed(ctx: { meta: Meta }, replayed: boolean): void {
	if (replayed) ctx.meta.replayed = true;
}
