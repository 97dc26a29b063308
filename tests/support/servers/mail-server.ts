import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

/** A refusal as a server writes it, e.g. `refused(550, "no such user")`. */
export const refused = (responseCode: number, message: string) =>
	Object.assign(new Error(message), { responseCode });

export interface Received {
	from: string;
	to: string[];
	user: string | undefined;
	secure: boolean;
	/** The number of its connection. */
	session: string;
	raw: string;
}

export interface MailServer {
	readonly port: number;
	readonly received: Received[];
	/** Cuts all connections. */
	hangUp(): void;
	stop(): Promise<void>;
}

/** A mail server on this host. It accepts the user `shop` with the password `p@ss/word`, and all mail. */
export async function startMailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
	const received: Received[] = [];
	const server = new SMTPServer({
		logger: false,
		closeTimeout: 100,
		onAuth({ username, password }, _session, callback) {
			const isKnown = username === "shop" && password === "p@ss/word";
			callback(
				isKnown ? null : refused(535, "wrong password"),
				isKnown ? { user: "shop" } : undefined
			);
		},
		onData(stream, { id, user, secure, envelope }, callback) {
			const { mailFrom, rcptTo } = envelope;
			void text(stream).then(raw => {
				const from = mailFrom ? mailFrom.address : "";
				const to = rcptTo.map(({ address }) => address);
				received.push({ from, to, user: user as string, secure, session: id, raw });
				callback(null, `queued as ${received.length}`);
			});
		},
		...options
	});
	// A client that disconnects is not a server error.
	server.on("error", () => undefined);
	const sockets: Socket[] = [];
	server.server.on("connection", socket => sockets.push(socket));
	server.listen(0, "127.0.0.1");
	await once(server.server, "listening");
	return {
		port: (server.server.address() as AddressInfo).port,
		received,
		hangUp: () => sockets.forEach(socket => socket.destroy()),
		stop: () => new Promise(resolve => server.close(() => resolve()))
	};
}

/** A certificate for localhost that this process trusts from now on. */
export function trustedCertificate(): { key: string; cert: string } {
	const folder = mkdtempSync(join(tmpdir(), "shop-test-"));
	const [keyout, out] = [join(folder, "key.pem"), join(folder, "cert.pem")];
	const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
	const kind = [
		"req",
		"-x509",
		"-newkey",
		"ec",
		"-pkeyopt",
		"ec_paramgen_curve:prime256v1",
		"-nodes"
	];
	execFileSync("openssl", [...kind, ...subject, "-keyout", keyout, "-out", out], { stdio: "pipe" });
	const [key, cert] = [readFileSync(keyout, "utf8"), readFileSync(out, "utf8")];
	rmSync(folder, { recursive: true });
	setDefaultCACertificates([...getCACertificates("default"), cert]);
	return { key, cert };
}
