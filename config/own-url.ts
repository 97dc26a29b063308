/**
 * The URL at which this host reaches the gateway, for links where no public URL is configured. A gateway that listens
 * on all addresses is reached as localhost. With port 0 the port is chosen later, so links need a configured URL.
 */
export function ownUrl({ HOST, PORT }: { HOST: string; PORT: number }): string {
	const host = HOST === "0.0.0.0" || HOST === "::" ? "localhost" : HOST;
	return `http://${host.includes(":") ? `[${host}]` : host}:${PORT}`;
}
