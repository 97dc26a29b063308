import { hostname, networkInterfaces } from "node:os";

/** Names and addresses of this machine. */
const ownNames = (): string[] => [
	"localhost",
	hostname().toLowerCase(),
	...Object.values(networkInterfaces()).flatMap(addresses => addresses!.map(one => one.address))
];

/** Whether the shop at this URL is on this machine, as far as its name says. */
function isHere(url: string, names = ownNames()): boolean {
	const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
	return /^127\./.test(host) || host === "::1" || names.includes(host);
}

interface Core {
	model: string;
}

/** On what a report was made. Of another machine than this one nothing is known. */
export function machineLine(url: string, cores: readonly Core[], names?: string[]): string {
	const own = `${cores.length} cores (${cores[0]?.model.trim()})`;
	return isHere(url, names)
		? `On ${own}, with the shop and k6 on one machine.`
		: `k6 on ${own}, the shop on another machine.`;
}
