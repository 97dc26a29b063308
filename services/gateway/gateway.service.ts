import { randomUUID } from "node:crypto";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { join } from "node:path";
import type {
	CallingOptions,
	Context,
	Service,
	ServiceSchema,
	ServiceSettingSchema
} from "moleculer";
import ApiGateway from "moleculer-web";
import { config } from "../../config/index.ts";
import { analytics } from "../../contracts/analytics.ts";
import { gateway } from "../../contracts/gateway.ts";
import { notification } from "../../contracts/notification.ts";
import { gatewayStopping } from "../../contracts/order.ts";
import { standingChanged, user } from "../../contracts/user.ts";
import { fail, Failure, type ErrorCode } from "../../lib/errors.ts";
import { publishHealth } from "../../lib/health/check-gauges.ts";
import { broadcastHint, call, onHint, service } from "../../lib/service.ts";
import type { Networks } from "../../lib/addresses/network.ts";
import { RepeatedLines } from "../../lib/log/repeated-lines.ts";
import manifest from "../../package.json" with { type: "json" };
import { type Incoming, logContextOf } from "./http/incoming.ts";
import { answerOf, send, unknownPath } from "./http/response.ts";
import { everyAnswer } from "../../http/standard-headers.ts";
import { checkForm } from "../../http/request-form.ts";
import { authorise, callerOf, confirmed, type Caller } from "./auth/caller.ts";
import { isLocal } from "./auth/demo-mode.ts";
import { DatabaseClock } from "./auth/database-clock.ts";
import { StandingList, type StandingPage } from "./auth/standing-list.ts";
import { Images } from "./api-docs/static-files.ts";
import { clientNetwork } from "./http/client-network.ts";
import { toProblem } from "../../http/problem.ts";
import { feedHeaders, WindowFeed } from "./window-feed.ts";
import { PartChecks, statusOf } from "./gateway.health.ts";
import { mailboxPage, mailOf, messagePage } from "./pages/mailbox-view.ts";
import { staticActions } from "./pages/static-actions.ts";
import { allowed, paths, type Operation } from "./operations.ts";
import { actingNote, parseRequest, type ActionRequest } from "./http/action-request.ts";
import { TokenVerifier } from "./auth/token-verifier.ts";
import { measure, type Metrics } from "./http/request-metrics.ts";
import { traceRequest } from "./http/request-span.ts";
import { reportConnections } from "./http/connection-report.ts";
import { HttpServer } from "../../http/limited-server.ts";

/** A request from moleculer-web, with the id that we generated. */
interface Gateway extends Service {
	server: HttpServer;
	/** Undefined without a port for it. */
	healthServer: HttpServer | undefined;
	parts: PartChecks;
	tokens: TokenVerifier;
	standingList: StandingList;
	images: Images;
	trustedProxies: Networks;
	/** Failures of the server other than defects. */
	failures: RepeatedLines;
	/** True once every service has responded; after that a missing one does not make this node unready. */
	complete: boolean;
	/** For the launcher and tests: the port that was bound. */
	port(): number;
	healthPort(): number | undefined;
	express(): (req: IncomingMessage, res: ServerResponse) => void;
	metrics(): Metrics | undefined;
	readStandingPage(after: number): Promise<StandingPage>;
	feed: WindowFeed;
	respond(req: Incoming, res: ServerResponse, operation: Operation): Promise<void>;
	listen(res: ServerResponse, caller: Caller, request: ActionRequest): void;
	refuse(req: Incoming, res: ServerResponse, error: unknown): void;
}

/** In ms. */
const limits = { headMs: 10_000, requestMs: 15_000, stallMs: 30_000, checkEveryMs: 1000 };
/** Of the port for health checks, which only programs of the operator reach. */
const healthConnections = { maxConnections: 100, maxConnectionsOfNetwork: 0 };
/** After these nothing on the connection can be trusted to be what its client meant. */
const ambiguous: ReadonlySet<ErrorCode> = new Set(["MALFORMED_REQUEST", "HEADERS_TOO_LARGE"]);
const maxUrlLength = 8000;
/** Longer than the time limit of an ordinary call; requests that wait for an order are answered at once. */
const drainMs = 10_000;

const isHealth = (url: string) => /^\/health(\/|\?|$)/.test(url);

/** The same handler for a port that serves nothing else. */
const healthOnly = (handler: RequestListener) => (req: IncomingMessage, res: ServerResponse) => {
	(req as Incoming).isHealthOnly = true;
	handler(req, res);
};

/** Of moleculer-web only the request handling: none of its actions but the private one. */
const web = ApiGateway as unknown as ServiceSchema;
const { rest } = web.actions as unknown as {
	rest: { handler(this: unknown, ctx: Context<{ req: Incoming; res: ServerResponse }>): unknown };
};
const mixin = {
	...web,
	actions: {
		rest: {
			...rest,
			handler(this: unknown, ctx: Parameters<typeof rest.handler>[0]) {
				ctx.params.res.setHeader("X-Request-ID", ctx.requestID!);
				checkForm(ctx.params.req);
				if (ctx.params.req.isHealthOnly && !isHealth(ctx.params.req.url!)) fail("NOT_FOUND");
				return rest.handler.call(this, ctx);
			}
		}
	}
};

/** Serves a path; only the real method selects its operation (OPTIONS runs none). */
function alias(path: string) {
	return function (
		this: Gateway,
		req: Incoming,
		res: ServerResponse,
		next: (error: unknown) => void
	) {
		req.template = path;
		const method = req.method === "HEAD" ? "GET" : req.method;
		const operation = paths.get(path)!.find(candidate => candidate.method === method);
		if (operation) return void this.respond(req, res, operation).catch(next);
		res.setHeader("Allow", allowed(path));
		next(new Failure("METHOD_NOT_ALLOWED"));
	};
}

function routeOf(prefix: string, isPart: (path: string) => boolean) {
	const aliases = [...paths.keys()]
		.filter(isPart)
		.map(path => [path.slice(prefix.length).replace(/\{(\w+)\}/g, ":$1"), alias(path)] as const);
	return {
		path: prefix,
		aliases: Object.fromEntries(aliases),
		mappingPolicy: "restrict",
		mergeParams: false,
		bodyParsers: false,
		logging: false,
		pathToRegexpOptions: { sensitive: true, trailing: false }
	};
}

const { "mailbox.list": list, "mailbox.get": get } = notification.actions;
const mailbox = { list, get };
const { changes } = analytics.actions;
/** Listeners are authorised when they connect; one query serves all of them. */
const asStaff = { meta: { user: { id: "gateway", role: "support" } }, retries: 0 } as const;

const standing = { get: user.actions["standing.get"], list: user.actions["standing.list"] };
/** The sweep is the retry. */
const atMostOnce = { retries: 0 } as const;

const isApi = (path: string) => path.startsWith("/api/v1/");

/** Queries may be retried on another node; a command is sent once, and its `wait` extends the timeout. */
function optionsOf({ action }: Operation, { params }: ActionRequest): CallingOptions {
	const { wait_s: waitS } = params as { wait_s?: number };
	return {
		retries: action.kind === "query" ? 2 : 0,
		...(waitS !== undefined && { timeout: waitS * 1000 + config().callTimeoutMs })
	};
}

const settings = {
	// We own the server: moleculer-web would end the process when the port is taken.
	server: false,
	routes: [routeOf("/api/v1", isApi), routeOf("", path => !isApi(path))],
	$secureSettings: ["routes"],
	logRequest: null,
	logRequestParams: null,
	logResponse: null,
	logRouteRegistration: null,
	rootCallOptions(
		this: Gateway,
		options: CallingOptions & { tracking?: boolean },
		req: Incoming,
		res: ServerResponse
	) {
		// The client's X-Request-ID is not trusted, and tracking would delay the drain below.
		options.requestID = req.requestId = randomUUID();
		options.tracking = false;
		res.setHeaders(everyAnswer);
		if (!this.broker.started) res.setHeader("Connection", "close");
		if (!isHealth(req.url!)) traceRequest(req, res);
		measure(
			req,
			res,
			() => this.metrics(),
			() => req.template ?? "unmatched",
			line => this.logger.info(line, logContextOf(req))
		);
	}
} as ServiceSettingSchema;

export default service<typeof gateway.actions, Gateway>(gateway, {
	mixins: [mixin],

	settings,

	created() {
		const { token, trustedProxies, connections, healthPort } = config();
		this.trustedProxies = trustedProxies;
		const clock = new DatabaseClock();
		this.tokens = new TokenVerifier(token.publicKey, clock);
		this.standingList = new StandingList({
			read: after => this.readStandingPage(after),
			onChange: ({ id, role, locked }) => {
				if (locked || role === "customer") this.feed.endOf(id);
			},
			onTime: now => clock.read(now),
			onError: ({ message }) => this.logger.warn("cannot read who is locked, retrying:", message)
		});
		this.images = new Images(join(import.meta.dirname, "../../db/seed/images"));
		this.failures = new RepeatedLines(line => this.logger.warn(line));
		this.complete = false;
		this.parts = new PartChecks(this.broker);
		this.feed = new WindowFeed({
			changes: last_event_id => call(this.broker, changes, { last_event_id }, asStaff),
			maxStreams: config().analytics.streams,
			maxStreamsPerUser: 5,
			onError: ({ message }) => this.logger.warn("cannot read window changes, retrying:", message)
		});
		const shared = { ...limits, keepAliveMs: connections.keepAliveMs, trustedProxies };
		const own = {
			maxConnections: connections.max,
			maxConnectionsOfNetwork: connections.maxOfNetwork
		};
		const observer = reportConnections({
			limits: own,
			metrics: () => this.metrics(),
			log: (kind, line) => this.failures.add(kind, line)
		});
		this.server = new HttpServer(this.express(), { ...shared, ...own, observer });
		if (healthPort !== undefined)
			this.healthServer = new HttpServer(healthOnly(this.express()), {
				...shared,
				...healthConnections
			});
	},

	events: onHint<typeof standingChanged.data, Gateway>(standingChanged, function () {
		this.standingList.nudge();
	}),

	async started() {
		const { port, host, healthPort } = config();
		this.standingList.start();
		await this.healthServer?.listen(healthPort!, host);
		await this.server.listen(port, host);
	},

	stopping: {
		stopAccepting() {
			broadcastHint(this.broker, gatewayStopping, { node_id: this.broker.nodeID });
			this.feed.stop();
		},
		async drain() {
			const { shutdownDelayMs } = config().connections;
			await this.server.close({ delayMs: shutdownDelayMs, drainMs });
			// Before services stop: the user service would be asked in vain.
			await this.standingList.stop();
		}
	},

	async stopped() {
		this.failures.stop();
		// Until now it says that this node is not ready.
		await this.healthServer?.close({ delayMs: 0, drainMs: 1000 });
	},

	actions: {
		async health(ctx) {
			const isAdmin = ctx.meta.user?.role === "admin";
			const waiting = isAdmin ? this.parts.waiting() : undefined;
			const checks = await this.parts.read();
			const { version } = manifest;
			const status = statusOf(checks);
			if (!isAdmin) return { status, version };
			const waiting_messages = await waiting;
			return { status, version, checks, ...(waiting_messages && { waiting_messages }) };
		},

		live: () => ({ status: "ok" }) as const,

		async ready() {
			if (!this.broker.started) return { ready: false };
			const checks = await this.parts.read();
			const status = statusOf(checks);
			this.complete ||= status === "ok";
			const ready = this.complete && this.standingList.isKnown && status !== "down";
			publishHealth(this.broker, "shop", ready, checks);
			return { ready };
		},

		metrics() {
			const { register } = this.metrics() ?? fail("NOT_FOUND");
			if (config().metricsPort !== undefined) fail("NOT_FOUND");
			return { type: register.contentType, body: register.metrics() };
		},

		...staticActions,

		mailbox: async ctx => mailboxPage(await call(ctx, mailbox.list, { limit: 100 })),
		mailboxMessage: async ctx => messagePage(await call(ctx, mailbox.get, ctx.params)),
		mailboxHtml: async ctx => mailOf(await call(ctx, mailbox.get, ctx.params)),

		image(ctx) {
			return this.images.get(ctx.params.name);
		}
	},

	methods: {
		port() {
			return this.server.port;
		},

		healthPort() {
			return this.healthServer?.port;
		},

		async readStandingPage(after: number) {
			// A call of an action that no node has writes a warning.
			if (!this.broker.registry.actions.isAvailable(standing.list.name)) fail("UNAVAILABLE");
			return call(this.broker, standing.list, { after, limit: 100 }, atMostOnce);
		},

		metrics() {
			return this.broker.getLocalService("metrics") as unknown as Metrics | undefined;
		},

		async respond(req: Incoming, res: ServerResponse, operation: Operation) {
			if (req.url!.length > maxUrlLength) fail("URI_TOO_LONG");
			const { perNetwork } = operation.action;
			const network = perNetwork && clientNetwork(req, this.trustedProxies);
			if (operation.local && !(config().demo && isLocal(req))) fail("NOT_FOUND");
			const { params: path } = req.$params;
			const { tokens, standingList } = this;
			const { demo } = config();
			const claimed = await callerOf(req, operation, { tokens, standingList, demo });
			if (claimed.demo) res.setHeader("X-Demo-Mode", actingNote(claimed));
			authorise(claimed, operation);
			const { traceparent } = req;
			const trace = traceparent === undefined ? {} : { traceparent };
			const readStanding = (id: string) =>
				call(this.broker, standing.get, { id }, { ...atMostOnce, meta: trace });
			const caller = await confirmed(claimed, operation, readStanding);
			authorise(caller, operation);
			const request = await parseRequest(operation, { req, path, url: req.originalUrl, caller });
			// A node that stops waits for no order (RFC 7240 lets a server ignore the preference).
			if (!this.broker.started) delete request.params.wait_s;
			if (operation.live) return this.listen(res, caller, request);
			const result = await call(req.$ctx, operation.action, request.params, {
				...optionsOf(operation, request),
				meta: {
					user: caller.user,
					...(network !== undefined && { network }),
					requestId: req.requestId,
					...trace
				}
			});
			const { replayed = false } = req.$ctx.meta;
			const answer = answerOf(operation, request, { result, replayed, url: req.originalUrl });
			send(req, res, answer, !this.broker.started);
		},

		listen(res: ServerResponse, { user, untilMs }: Caller, { params }: ActionRequest) {
			(res.req as Incoming).span = undefined;
			if (!this.broker.started) fail("UNAVAILABLE");
			const { last_event_id: after } = params as { last_event_id?: number };
			if (res.req.method === "HEAD") return void res.writeHead(200, feedHeaders).end();
			this.feed.open(res, { userId: user!.id, after, untilMs });
		},

		refuse(req: Incoming, res: ServerResponse, error: unknown) {
			if (res.headersSent) return;
			const problem = toProblem(req.template ? error : unknownPath(error), req.requestId);
			if (problem.code === "INTERNAL")
				this.logger.error(`request ${req.requestId} failed:`, error, logContextOf(req));
			else if (problem.status >= 500)
				this.failures.add(problem.code, `request ${req.requestId}: ${(error as Error).message}`);
			send(req, res, problem, !this.broker.started || ambiguous.has(problem.code));
		},

		// The two ways in which moleculer-web returns an error.
		errorHandler(req: Incoming, res: ServerResponse, error: unknown) {
			this.refuse(req, res, error);
		},
		sendError(req: Incoming, res: ServerResponse, error: unknown) {
			this.refuse(req, res, error);
		}
	}
});
