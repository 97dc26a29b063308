import { isOnThisHost } from "../../../config/bus-url.ts";
import type { Config } from "../../../config/index.ts";
import type { Document } from "../../../contracts/gateway.ts";
import { accounts, demoPassword } from "../../../db/seed/accounts.ts";
import { firstRequests } from "../../../db/seed/first-requests.ts";
import { html } from "../../../lib/text/html.ts";
import { page, pageOrJson } from "./layout.ts";

type Facts = Pick<Config, "demo" | "publicUrl" | "metricsPort"> & {
	shop: Pick<Config["shop"], "name">;
	mail: Pick<Config["mail"], "driver">;
	sms: Pick<Config["sms"], "driver">;
};

/** What is in the mailbox instead of being sent; undefined for nothing. */
function storedMessages({ mail, sms }: Facts): string | undefined {
	const mails = mail.driver === "mailbox" && "mails";
	const texts = sms.driver === "mailbox" && "text messages";
	const all = [mails, texts].filter(Boolean);
	return all.length > 0 ? `${all.join(" and ")} that would have been sent` : undefined;
}

const linksOf = (facts: Facts) => ({
	products: { path: "/api/v1/products", about: "the catalogue" },
	docs: { path: "/docs", about: "the API, to read and to try" },
	openapi: { path: "/openapi.json", about: "the API as OpenAPI 3.1" },
	asyncapi: { path: "/asyncapi.json", about: "the event topics as AsyncAPI 3" },
	problems: { path: "/problems", about: "every error, and what to do about it" },
	health: { path: "/health", about: "whether all services are up" },
	...(facts.metricsPort === undefined && {
		metrics: { path: "/metrics", about: "for Prometheus" }
	}),
	...(facts.demo &&
		storedMessages(facts) && { mailbox: { path: "/dev/mailbox", about: storedMessages(facts)! } })
});

const commandsOf = ({ publicUrl }: Facts, isTokenless: boolean) =>
	isTokenless
		? firstRequests(publicUrl)
		: [
				`curl ${publicUrl}/api/v1/products`,
				`curl -X POST ${publicUrl}/api/v1/auth/login -H 'Content-Type: application/json' -d '{"email": "…", "password": "…"}'`,
				`curl ${publicUrl}/api/v1/orders -H 'Authorization: Bearer <access_token>'`
			];

/** What this server is, for somebody who opens its address. */
export function homePage(accept: string | undefined, version: string, facts: Facts): Document {
	const { demo, publicUrl } = facts;
	const { name } = facts.shop;
	const links = Object.entries(linksOf(facts));
	// The demo takes a request without a token only from this host, to a name of it (auth/demo-mode.ts).
	const isTokenless = demo && isOnThisHost(new URL(publicUrl));
	const commands = commandsOf(facts, isTokenless);
	const about = `The order API of ${name}, version ${version}`;
	const people = accounts.map(({ id, email, role }) => ({ id, email, role }));
	const demoPart = html`<h2>Demo accounts</h2>
		<p>
			The password of each is <code>${demoPassword}</code>.
			${isTokenless ? "Without a token you are user-123." : undefined}
		</p>
		<table>
			${people.map(
				({ id, email, role }) =>
					html`<tr>
						<td>${email}</td>
						<td>${role}</td>
						<td class="meta">${id}</td>
					</tr>`
			)}
		</table>`;
	const asPage = () =>
		page(
			name,
			html`<h1>${name}</h1>
				<p>${about}.</p>
				<table>
					${links.map(
						([, { path, about: what }]) =>
							html`<tr>
								<td class="meta"><a href="${path}">${path}</a></td>
								<td>${what}</td>
							</tr>`
					)}
				</table>
				${demo ? demoPart : undefined}
				<h2>Try</h2>
				<pre>${commands.join("\n")}</pre>`
		);
	return pageOrJson(accept, {
		asPage,
		asJson: {
			about,
			links: Object.fromEntries(links.map(([key, { path }]) => [key, `${publicUrl}${path}`])),
			...(demo && { demo: { password: demoPassword, accounts: people } }),
			try: commands
		}
	});
}
