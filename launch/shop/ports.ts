import { exitCodes, LaunchError } from "../process/launch-error.ts";

/** Variables that name a port on which the services of a node listen. */
export type PortVariable = "PORT" | "METRICS_PORT" | "HEALTH_PORT";

const highest = 65_535;

/** The port of the n-th server, from 0, of those that are counted up from `first`; 0 lets each take a free one. */
export const portAt = (first: number, index: number) => (first === 0 ? 0 : first + index);

interface Range {
	name: PortVariable;
	/** Undefined if there are none of this kind. */
	first: number | undefined;
	count: number;
}

/** All ports of these ranges, with their variables. @throws LaunchError if they do not fit or meet */
export function portsOf(ranges: readonly Range[]): { name: PortVariable; port: number }[] {
	const found = new Map<number, PortVariable>();
	for (const { name, first, count } of ranges) {
		if (!first) continue;
		const last = highest - count + 1;
		if (first > last)
			throw new LaunchError(
				`${name}=${first} leaves no port for each of ${count}: choose one up to ${last}.`,
				exitCodes.configuration
			);
		for (let port = first; port < first + count; port++) {
			const other = found.get(port);
			if (other)
				throw new LaunchError(
					`Port ${port} would be one of ${other} and of ${name}, which are counted up for each node: choose them farther apart.`,
					exitCodes.configuration
				);
			found.set(port, name);
		}
	}
	return [...found].map(([port, name]) => ({ name, port }));
}
