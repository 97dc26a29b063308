import { errorTable, slug, type ErrorCode } from "../lib/errors.ts";
import { contract, oneOf, roles, strictObject, T, type Static } from "../lib/schema.ts";
import { WaitingMessages } from "./notification.ts";
import { Url, Uuid } from "./values.ts";

/** Responses of the gateway itself. Only admins see `checks` and `waiting_messages`; others get no details. */
export const Health = strictObject(
	{
		status: oneOf(["ok", "degraded", "down"]),
		version: T.String(),
		checks: T.Optional(
			T.Record(T.String(), oneOf(["up", "down"]), { description: "By service; for admins only" })
		),
		waiting_messages: T.Optional(WaitingMessages)
	},
	{ title: "Health" }
);
export type Health = Static<typeof Health>;

/** A response that is not JSON. It is only returned by the node that serves the request. */
const Document = T.Unsafe<{ type: string; body: string | Uint8Array }>({ type: "string" });
export type Document = Static<typeof Document>;

const problemCodes = (Object.keys(errorTable) as ErrorCode[]).map(slug);

const Problem = strictObject(
	{
		type: Url,
		code: oneOf(problemCodes),
		status: T.Integer(),
		title: T.String(),
		advice: T.String({ description: "What it means and what to do about it" })
	},
	{ title: "ProblemType" }
);

/** What the pages say to a client that does not name HTML, by the name of their action. */
export const pagesAsJson = {
	home: strictObject(
		{
			about: T.String(),
			links: T.Record(T.String(), Url),
			demo: T.Optional(
				strictObject({
					password: T.String(),
					accounts: T.Array(strictObject({ id: T.String(), email: T.String(), role: oneOf(roles) }))
				})
			),
			try: T.Array(T.String(), { description: "Commands of a shell" })
		},
		{ title: "Home" }
	),
	problemTypes: strictObject({ problems: T.Array(Problem) }, { title: "ProblemTypes" }),
	problemType: strictObject(
		{ ...Problem.properties, operations: T.Array(T.String()) },
		{ title: "ProblemTypeOfOperations" }
	)
};

const own = { kind: "query", access: "anyone", params: strictObject({}) } as const;

/** Of any length that the server takes. */
const accept = T.Optional(
	T.String({ maxLength: 65_536, description: "Whether the answer is a page or JSON" })
);

export const docsFiles = [
	"swagger-ui.css",
	"swagger-ui-bundle.js",
	"swagger-ui-standalone-preset.js",
	"favicon-32x32.png",
	"start.js"
] as const;

export const gateway = contract("gateway", {
	home: {
		...own,
		summary: "What this server is, with links and first requests, as a page or as JSON",
		params: strictObject({ accept }),
		returns: Document
	},
	problemTypes: {
		...own,
		summary: "Every problem that the API answers, as a page or as JSON",
		params: strictObject({ accept }),
		returns: Document
	},
	problemType: {
		...own,
		summary: "What a problem means and what to do about it, as a page or as JSON",
		params: strictObject({ accept, code: oneOf(problemCodes) }),
		returns: Document
	},
	health: { ...own, summary: "Health of the shop's services", returns: Health },
	live: {
		...own,
		summary: "The process runs",
		returns: strictObject({ status: oneOf(["ok"]) }, { title: "Live" })
	},
	ready: {
		...own,
		summary:
			"This node is ready for requests: not while it starts, drains, or can reach no service",
		returns: strictObject({ ready: T.Boolean() }, { title: "Ready" })
	},
	metrics: { ...own, summary: "Measurements of this node, in Prometheus text", returns: Document },
	description: {
		...own,
		summary: "This API as OpenAPI 3.1",
		returns: T.Record(T.String(), T.Unknown())
	},
	streams: {
		...own,
		summary: "The event topics as AsyncAPI 3",
		returns: T.Record(T.String(), T.Unknown())
	},
	docs: { ...own, summary: "This API as an HTML page", returns: Document },
	docsFile: {
		...own,
		summary: "A file of that page",
		params: strictObject({ file: oneOf(docsFiles) }),
		returns: Document
	},
	mailbox: {
		...own,
		summary: "Messages that were stored instead of sent, as a page; for development, on this host",
		returns: Document
	},
	mailboxMessage: {
		...own,
		summary: "A stored message, as a page",
		params: strictObject({ id: Uuid }),
		returns: Document
	},
	mailboxHtml: {
		...own,
		summary: "The HTML part of a stored e-mail",
		params: strictObject({ id: Uuid }),
		returns: Document
	},
	image: {
		...own,
		summary: "An image of a product",
		params: strictObject({
			name: T.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9.-]{0,99}$", rule: "the name of a file" })
		}),
		returns: Document
	}
});
