/**
 * Moleculer logs a packet that it cannot handle, in whole: passwords of sign-ins and addresses of customers would be in the log
 * (moleculer 0.15 src/transit.js `messageHandler`, src/transporters/base.js `incomingMessage`).
 */

/** Parts of Moleculer that read packets. */
const readers = new Set(["transit", "transporter", "serializer"]);

interface Packet {
	type: string;
	payload: Readonly<Record<string, unknown>>;
}

const isPacket = (value: unknown): value is Packet =>
	typeof value === "object" && value !== null && "target" in value && "payload" in value;

const names = ["sender", "action", "event", "id", "ver"];

/** From whom and what for, without what it carries. */
function summaryOf({ payload }: Packet): string {
	const known = names.flatMap(name => {
		const value: unknown = (payload as Packet["payload"] | null)?.[name];
		return typeof value === "string" ? [`${name} ${value.slice(0, 100)}`] : [];
	});
	return known.length > 0 ? `packet with ${known.join(", ")}` : "packet of no known form";
}

/** The text of a SyntaxError of JSON.parse quotes what it read. */
const unquoted = (error: SyntaxError) => `${error.name}: the packet is not JSON`;

/** The arguments of a log call of a part of Moleculer, with a summary instead of each packet. */
export function withoutPackets(args: readonly unknown[], part: string): unknown[] {
	if (!readers.has(part)) return [...args];
	// At the level debug, the bytes of what is not JSON follow in a line of their own.
	if (args[0] === "Content:") return ["Content: not logged, because it may have personal data"];
	return args.map(arg => {
		if (arg instanceof SyntaxError) return unquoted(arg);
		return isPacket(arg) ? summaryOf(arg) : arg;
	});
}
