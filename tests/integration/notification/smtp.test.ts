import { createServer, type Socket } from "node:net";
import type { SMTPServerOptions } from "smtp-server";
import { freePort } from "../../../launch/process/free-port.ts";
import type { Refused } from "../../../services/notification/channel.ts";
import { SmtpChannel } from "../../../services/notification/channels/smtp.channel.ts";
import { dispatch } from "../../support/notification/sample-dispatch.ts";
import { trustedCertificate, refused, startMailServer } from "../../support/servers/mail-server.ts";
import { until } from "../../support/until.ts";

const certificate = trustedCertificate();
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
	for (const close of closers.splice(0).reverse()) await close();
});

interface Way {
	tls?: "required" | "offered";
	login?: string;
	scheme?: "smtp" | "smtps";
	host?: string;
}

function channelTo(port: number, way: Way = {}): SmtpChannel {
	const { tls = "offered", login = "", scheme = "smtp", host = "localhost" } = way;
	const channel = new SmtpChannel({
		url: `${scheme}://${login}${host}:${port}`,
		tls,
		from: "Shop <a@shop.example>",
		onError: error => {
			throw error;
		}
	});
	closers.push(() => channel.close());
	return channel;
}

async function server(options: SMTPServerOptions = {}) {
	const started = await startMailServer({ ...certificate, ...options });
	closers.push(() => started.stop());
	return started;
}

const open: SMTPServerOptions = { authOptional: true };
const login = "shop:p%40ss%2Fword@";

const refusalOf = (sent: Promise<unknown>) =>
	sent.then(
		() => "it was taken",
		(error: Refused) => error.refusal
	);

describe("a mail server", () => {
	it("gets a mail with its permanent Message-ID", async () => {
		const { port, received } = await server(open);
		const message = dispatch();
		const channel = channelTo(port);
		const { providerId } = await channel.send(message);
		await channel.send(message);
		expect(providerId).toBe("250 queued as 1");
		expect(received).toHaveLength(2);
		for (const { raw, from, to } of received) {
			expect([from, to]).toEqual(["a@shop.example", ["zoe@shop.test"]]);
			expect(raw).toContain(`Message-ID: <${message.id}@shop.example>\r\n`);
			expect(raw).toMatch(/^Subject: =\?UTF-8\?Q\?Ihre_Bestellung/m);
		}
	});

	it("is logged in to over TLS, with a password that is escaped in the URL", async () => {
		const { port, received } = await server();
		await channelTo(port, { tls: "required", login }).send(dispatch());
		expect(received[0]).toMatchObject({ user: "shop", secure: true });
	});

	it("may use TLS from the start", async () => {
		const { port, received } = await server({ secure: true });
		await channelTo(port, { scheme: "smtps", login }).send(dispatch());
		expect(received[0]).toMatchObject({ user: "shop", secure: true });
	});

	it("gets nothing, not even the password, when it does not support TLS", async () => {
		const options = { hideSTARTTLS: true, disabledCommands: ["STARTTLS"], allowInsecureAuth: true };
		const { port, received } = await server(options);
		const strict = channelTo(port, { tls: "required", login });
		await expect(refusalOf(strict.send(dispatch()))).resolves.toMatchObject({ kind: "temporary" });
		expect(received).toEqual([]);
		await channelTo(port, { login }).send(dispatch());
		expect(received[0]).toMatchObject({ user: "shop", secure: false });
	});

	it("must have a valid certificate", async () => {
		const { port } = await server();
		// The certificate is for another name.
		const other = channelTo(port, { tls: "required", login, host: "127.0.0.1" });
		await expect(refusalOf(other.send(dispatch()))).resolves.toMatchObject({
			kind: "temporary",
			reason: expect.stringContaining("certificate")
		});
	});

	it("keeps its connections open for the next mail", async () => {
		const { port, received } = await server(open);
		const channel = channelTo(port);
		for (let i = 0; i < 5; i++) await channel.send(dispatch());
		await Promise.all(Array.from({ length: 20 }, () => channel.send(dispatch())));
		expect(received).toHaveLength(25);
		expect(new Set(received.slice(0, 5).map(({ session }) => session)).size).toBe(1);
		expect(new Set(received.map(({ session }) => session)).size).toBeLessThanOrEqual(4);
	});

	describe("that refuses", () => {
		const to = (code: number, text: string): SMTPServerOptions => ({
			...open,
			onRcptTo: (_address, _session, callback) => callback(refused(code, text))
		});
		const afterData = (code: number, text: string): SMTPServerOptions => ({
			...open,
			onData: (stream, _session, callback) => {
				stream.resume().on("end", () => callback(refused(code, text)));
			}
		});

		it.each([
			["a reader", to(550, "5.1.1 <zoe@shop.test>: no such user"), "permanent"],
			["an address", to(553, "5.1.3 no such address"), "permanent"],
			["a mail", afterData(554, "5.7.1 this is spam"), "permanent"],
			["for now", to(450, "4.2.1 mailbox busy"), "temporary"],
			["what is too fast", to(421, "4.7.0 too many, wait"), "throttled"],
			[
				"what is too fast for SES",
				afterData(454, "Throttling failure: Maximum sending rate exceeded."),
				"throttled"
			]
		])("%s says so", async (_, options, kind) => {
			const { port } = await server(options);
			const refusal = await refusalOf(channelTo(port).send(dispatch()));
			expect(refusal).toMatchObject({ kind });
			expect(JSON.stringify(refusal)).not.toContain("zoe");
		});

		it("by greylisting says when to retry", async () => {
			const { port } = await server(to(451, "4.7.1 Greylisted, try again in 120 seconds"));
			await expect(refusalOf(channelTo(port).send(dispatch()))).resolves.toMatchObject({
				kind: "temporary",
				retryAfterMs: 120_000
			});
		});

		it("our password refuses no message permanently", async () => {
			const { port } = await server();
			const sent = channelTo(port, { login: "shop:wrong@" }).send(dispatch());
			await expect(refusalOf(sent)).resolves.toMatchObject({
				kind: "temporary",
				reason: expect.stringContaining("535")
			});
		});
	});

	it("that is down or silent is tried again later", async () => {
		const away = channelTo(await freePort());
		await expect(refusalOf(away.send(dispatch()))).resolves.toMatchObject({ kind: "temporary" });
		const sockets: Socket[] = [];
		const silent = createServer(socket => void sockets.push(socket));
		silent.listen(0, "127.0.0.1");
		await until(() => silent.listening);
		const { port } = silent.address() as { port: number };
		const sent = channelTo(port).send(dispatch());
		await expect(refusalOf(sent)).resolves.toMatchObject({ kind: "temporary" });
		for (const socket of sockets) socket.destroy();
		silent.close();
	}, 30_000);

	it("that disconnects in the middle does not get the mail twice", async () => {
		let mails = 0;
		const { port, hangUp } = await server({
			...open,
			onData: stream => {
				stream.resume().on("end", () => {
					mails++;
					hangUp();
				});
			}
		});
		const refusal = await refusalOf(channelTo(port).send(dispatch()));
		expect(refusal).toMatchObject({ kind: "temporary" });
		expect(mails).toBe(1);
	});
});
