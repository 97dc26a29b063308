import { lookup, type LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { promisify } from "node:util";
import type { Networks } from "../../../lib/addresses/network.ts";
import { addressProblem } from "./target.ts";

/** A host of which every address was refused. */
export class TargetRefused extends Error {}

const find = promisify(lookup) as (
	host: string,
	options: { all: true }
) => Promise<LookupAddress[]>;

/**
 * Lookups of one host that wait at one time are one: each takes a thread of the process, of which there are four, for as
 * long as a name server is silent.
 */
const running = new Map<string, Promise<LookupAddress[]>>();

function addressesOf(host: string): Promise<LookupAddress[]> {
	const found = running.get(host) ?? find(host, { all: true }).finally(() => running.delete(host));
	running.set(host, found);
	return found;
}

/**
 * A lookup of host names that answers only addresses to which webhooks may lead. The connection is made to what it
 * answers, so a name that changes its addresses between a check and the connection gains nothing.
 */
export function guardedLookup(protocol: "http:" | "https:", allowed: Networks): LookupFunction {
	return (host, options, callback) => {
		const wanted = (found: LookupAddress) => !options.family || found.family === options.family;
		addressesOf(host).then(
			all => {
				const problemOf = ({ address }: LookupAddress) =>
					addressProblem(address, protocol, allowed);
				const permitted = all.filter(found => wanted(found) && !problemOf(found));
				const [first] = permitted;
				if (!first) {
					const problems = all.map(problemOf).filter(Boolean);
					const why = problems[0] ?? "it has no address of this kind";
					callback(new TargetRefused(`${host}: ${why}`), "");
				} else if (options.all) callback(null, permitted);
				else callback(null, first.address, first.family);
			},
			(error: NodeJS.ErrnoException) => callback(error, "")
		);
	};
}
