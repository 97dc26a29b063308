import { createTransport } from "nodemailer";
import { longestProviderId } from "../../../contracts/notification.ts";
import { Refused, type Channel, type Dispatch } from "../channel.ts";
import { addressOf, mailOf, type Address } from "./mail-headers.ts";
import { refusalBySmtp, type SmtpError } from "./smtp.decisions.ts";

export interface SmtpOptions {
	/** With user and password. */
	url: string;
	tls: "required" | "offered";
	from: string;
	onError(error: Error): void;
}

const pooled = { pool: true, maxConnections: 4 } as const;
/** The first one lasts until the greeting and the TLS handshake are done. */
const waits = { connectionTimeout: 5000, socketTimeout: 10_000 };
const answerWithinMs = 15_000;

function openPool({ url, tls, onError }: SmtpOptions) {
	const transport = createTransport({ url, ...pooled, ...waits, requireTLS: tls === "required" });
	transport.on("error", onError);
	return transport;
}

/** Sends e-mail by a mail server (RFC 5321), over pooled connections. */
export class SmtpChannel implements Channel {
	/** Few enough that the last one gets a connection before its time is over. */
	readonly maxInFlight = 16;
	readonly #pool: ReturnType<typeof openPool>;
	readonly #from: Address;

	constructor(options: SmtpOptions) {
		this.#pool = openPool(options);
		this.#from = addressOf(options.from);
	}

	async send(dispatch: Dispatch): Promise<{ providerId: string }> {
		const signal = AbortSignal.timeout(answerWithinMs);
		try {
			const { response } = await this.#pool.sendMail({ ...mailOf(dispatch, this.#from), signal });
			return { providerId: response.replaceAll("\0", "").slice(0, longestProviderId) };
		} catch (error) {
			throw new Refused(refusalBySmtp(error as SmtpError));
		}
	}

	async close(): Promise<void> {
		this.#pool.close();
	}
}
