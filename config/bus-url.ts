import { isLoopback } from "../lib/addresses/loopback.ts";

/** The servers of NATS_URL, which Moleculer's transporter separates by commas. Undefined for what is no URL. */
function serversOf(url: string): URL[] | undefined {
	const parts = url.split(",");
	return parts.every(part => URL.canParse(part)) ? parts.map(part => new URL(part)) : undefined;
}

/** Whether the bus must be encrypted. The clients ignore the scheme, so this must be told them. */
export function usesTls(url: string): boolean {
	return serversOf(url)?.some(({ protocol }) => protocol === "tls:") ?? false;
}

/** Whether its host is a name or an address of this machine. */
export const isOnThisHost = ({ hostname }: URL) =>
	hostname === "localhost" || isLoopback(hostname.replace(/^\[|\]$/g, ""));

/**
 * What production refuses: orders, addresses and calls pass over the bus, and anyone on it can call every action.
 * Traffic within this host needs no TLS. The first credentials are those for all servers.
 */
export function busIssues(url: string): string[] {
	const servers = serversOf(url);
	if (!servers) return ["NATS_URL: is no URL, or no list of them separated by commas"];
	const isPlain = servers.some(server => server.protocol !== "tls:" && !isOnThisHost(server));
	const hasCredentials = servers.some(({ username, password }) => username && password);
	return [
		...(isPlain
			? ["NATS_URL: must be tls:// with NODE_ENV=production, except for servers on this host"]
			: []),
		...(hasCredentials
			? []
			: ["NATS_URL: must have a user and a password with NODE_ENV=production"])
	];
}
