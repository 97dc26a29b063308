import { usesTls } from "../../config/bus-url.ts";
import { LaunchError } from "../process/launch-error.ts";

const timeoutMs = 3000;

/** As Moleculer's transporter reads it: comma-separated servers, the first credentials for all. */
function connection(urls: URL[]) {
	return {
		servers: urls.map(({ host }) => host),
		user: urls.find(({ username }) => username)?.username,
		pass: urls.find(({ password }) => password)?.password
	};
}

function parsed(url: string): URL[] {
	try {
		return url.split(",").map(part => new URL(part));
	} catch {
		throw new LaunchError("NATS_URL is not an address: write it as nats://host:4222.");
	}
}

/** What does not pass by itself: wrong credentials, no TLS, and a certificate that is not trusted. */
const isRefusal = (code: string) =>
	/^(AUTHORIZATION_VIOLATION|SERVER_OPT_NA|ERR_TLS_\w+|CERT_\w+|\w*(SELF_SIGNED|VERIFY)\w*)$/.test(
		code
	);

/**
 * Connects to the bus once as a check, because a broker would retry for ever.
 * @param mayBeAway no error is thrown when nothing answers: the broker then waits for it
 * @throws LaunchError that names the servers without credentials
 */
export async function checkNats(url: string, mayBeAway = false): Promise<void> {
	const options = { ...connection(parsed(url)), ...(usesTls(url) && { tls: {} }) };
	const { connect } = await import("nats");
	try {
		const client = await connect({ ...options, reconnect: false, timeout: timeoutMs });
		await client.close();
	} catch (error) {
		const { code = "" } = error as NodeJS.ErrnoException;
		if (mayBeAway && !isRefusal(code)) return;
		const servers = options.servers.join(", ");
		const refusals: Record<string, string> = {
			AUTHORIZATION_VIOLATION: `NATS at ${servers} refuses the user or the password: correct NATS_URL.`,
			SERVER_OPT_NA: `NATS at ${servers} offers no TLS: switch it on there, or correct NATS_URL.`
		};
		throw new LaunchError(
			refusals[code] ??
				`No NATS server answers at ${servers} (${code}): start it, or correct NATS_URL.`
		);
	}
}
