import { oneOf, T, type Static } from "../lib/schema.ts";
import { gatewayVariables } from "./gateway-variables.ts";
import { messageVariables } from "./message-variables.ts";
import { tracingVariables } from "./tracing-variables.ts";
import { text, type Variable } from "./variable.ts";

/** One entry per environment variable; types, checks and `.env.example` follow from it. */

const secret = { secret: true } as const;
const port = T.Integer({ minimum: 0, maximum: 65535 });
const ms = (minimum: number, maximum: number) => T.Integer({ minimum, maximum });
const postgresUrl = text("^postgres(ql)?://", "a URL that begins with postgres://");
const everyService = "gateway,user,product,order,payment,notification,analytics,webhook";
const oneService = `(${everyService.replaceAll(",", "|")})`;

export const variables = {
	NODE_ENV: {
		schema: oneOf(["development", "test", "production"]),
		fallback: "development",
		about: "production switches demo data off and requires every secret"
	},
	HOST: { schema: T.String(), fallback: "127.0.0.1", about: "address this node listens on" },
	PORT: { schema: port, fallback: 8080, about: "port the gateway listens on; 0 uses a free one" },
	METRICS_PORT: {
		schema: port,
		about:
			"serve /metrics of this node on a port of its own, and not with the API; 0 uses a free one; production requires this of a gateway"
	},
	...gatewayVariables,
	SERVICES: {
		schema: text(
			`^${oneService}(,${oneService})*$`,
			`some of ${everyService}, separated by commas`
		),
		fallback: everyService,
		about: "services this node runs, separated by commas"
	},
	DATA_DIR: {
		schema: T.String({ minLength: 1 }),
		fallback: ".shop",
		about: "folder of the embedded database, generated keys and the payment simulator's ledger"
	},
	OPERATOR_SOCKET: {
		schema: text("^[^\\0]{1,107}$", "a path of at most 107 characters"),
		about:
			"Unix socket on which this node takes calls of every action from this user; npm start and npm run dev choose one in DATA_DIR, which npm run repl finds"
	},
	DATABASE_URL: {
		schema: postgresUrl,
		...secret,
		about:
			"Postgres 15 or newer, as a role that may create schemas and roles; without it Postgres is embedded"
	},
	USER_DATABASE_URL: {
		schema: postgresUrl,
		...secret,
		about: "connection of the user service only"
	},
	PRODUCT_DATABASE_URL: {
		schema: postgresUrl,
		...secret,
		about: "connection of the product service only"
	},
	ORDER_DATABASE_URL: {
		schema: postgresUrl,
		...secret,
		about: "connection of the order service only"
	},
	PAYMENT_DATABASE_URL: {
		schema: postgresUrl,
		...secret,
		about: "connection of the payment service only"
	},
	NOTIFICATION_DATABASE_URL: {
		schema: postgresUrl,
		...secret,
		about: "connection of the notification service only"
	},
	ANALYTICS_DATABASE_URL: {
		schema: postgresUrl,
		...secret,
		about: "connection of the analytics service only"
	},
	WEBHOOK_DATABASE_URL: {
		schema: postgresUrl,
		...secret,
		about: "connection of the webhook service only"
	},
	EVENT_LOG_DATABASE_URL: {
		retiredName: "STREAM_DATABASE_URL",
		schema: postgresUrl,
		...secret,
		about: "database of the event log without Kafka, with the role shop_streams"
	},
	DATABASE_POOL: {
		schema: T.Integer({ minimum: 1, maximum: 64 }),
		fallback: 4,
		about: "connections per service, process and durability"
	},
	DURABILITY: {
		schema: oneOf(["prefix", "strict"]),
		fallback: "prefix",
		about: "strict makes every commit wait for the disk (docs/decisions/0005)"
	},
	NATS_URL: {
		schema: text("^(nats|tls)://", "a URL that begins with nats:// or tls://"),
		...secret,
		about:
			"bus between nodes, tls://user:password@host:4222; without it all services run in one process"
	},
	SHOP_NAMESPACE: {
		schema: text("^[a-z0-9-]{1,40}$", "1 to 40 lower-case letters, digits and hyphens"),
		fallback: "shop",
		about: "nodes of one namespace see each other"
	},
	CALL_TIMEOUT_MS: {
		schema: ms(100, 60_000),
		fallback: 5000,
		about: "longest wait for an action's response"
	},
	SAGA_LEASE_MS: {
		schema: ms(1000, 600_000),
		fallback: 30_000,
		about: "how long a silent node keeps an order before another takes it over"
	},
	SAGA_POLL_MS: {
		schema: ms(50, 60_000),
		fallback: 500,
		about: "how often a node looks for orders that are due or whose node is gone"
	},
	ORDERS_MAX_IN_FLIGHT: {
		retiredName: "SAGA_BACKLOG",
		schema: T.Integer({ minimum: 1, maximum: 1_000_000 }),
		fallback: 1000,
		about: "new orders are refused while the shop or its provider has more than so many in progress"
	},
	ORDER_MAX_OPEN: {
		schema: T.Integer({ minimum: 0, maximum: 10_000 }),
		fallback: 20,
		about: "open orders that a user may have at one time; 0 for no limit"
	},
	ORDER_MAX_STOCK_PERCENT: {
		schema: T.Integer({ minimum: 0, maximum: 100 }),
		fallback: 50,
		about:
			"percentage of a product's stock that one user may have in unpaid orders, and always one unit; 0 for no limit"
	},
	ANALYTICS_STREAMS_MAX: {
		schema: T.Integer({ minimum: 0, maximum: 10_000 }),
		fallback: 100,
		about: "open streams of live windows per gateway"
	},
	LOW_STOCK_THRESHOLD: {
		schema: T.Integer({ minimum: 0, maximum: 1_000_000 }),
		fallback: 5,
		about: "admins get one message each time the units on hand of a product fall to this many"
	},
	CATALOGUE_LANGUAGE: {
		schema: text("^[a-z]{2}$", "a code of two lower-case letters"),
		fallback: "en",
		about:
			"language of names and descriptions of products (ISO 639-1), in whose word forms they are searched; npm run migrate applies a change"
	},
	ORDER_MAX_QUANTITY: {
		schema: T.Integer({ minimum: 1, maximum: 999 }),
		fallback: 999,
		about: "units of one product in an order"
	},
	DEMO_MODE: {
		retiredName: "DEMO",
		schema: T.Boolean(),
		about:
			"demo data, and requests from this host to localhost without a token act as user-123; default: on, off in production"
	},
	TOKEN_PRIVATE_KEY: {
		schema: text("^-{5}BEGIN PRIVATE KEY-{5}", "a private key as PEM"),
		...secret,
		about:
			"Ed25519 key (PKCS 8 PEM) that signs access tokens; user service only; generated outside production"
	},
	TOKEN_PUBLIC_KEY: {
		schema: text("^-{5}BEGIN PUBLIC KEY-{5}", "a public key as PEM"),
		...secret,
		about: "its public half (SPKI PEM), for the gateway"
	},
	TOKEN_TTL_S: {
		schema: T.Integer({ minimum: 10, maximum: 3600 }),
		fallback: 600,
		about: "life of an access token in seconds"
	},
	SIGN_IN_WINDOW_S: {
		schema: T.Integer({ minimum: 1, maximum: 86_400 }),
		fallback: 900,
		about: "seconds for which failed sign-ins and registrations are counted, from the first one on"
	},
	SIGN_IN_MAX_FAILURES: {
		schema: T.Integer({ minimum: 0, maximum: 1_000_000 }),
		fallback: 10,
		about: "failed sign-ins to one account from one network in that time; 0 for no limit"
	},
	SIGN_IN_MAX_FAILURES_OF_NETWORK: {
		schema: T.Integer({ minimum: 0, maximum: 1_000_000 }),
		fallback: 100,
		about: "failed sign-ins to any accounts from one network in that time; 0 for no limit"
	},
	SIGN_IN_MAX_FAILURES_OF_ACCOUNT: {
		schema: T.Integer({ minimum: 0, maximum: 1_000_000 }),
		fallback: 100,
		about: "failed sign-ins to one account from all networks in that time; 0 for no limit"
	},
	REGISTRATIONS_MAX: {
		schema: T.Integer({ minimum: 0, maximum: 1_000_000 }),
		fallback: 100,
		about: "registrations from one network in the time of SIGN_IN_WINDOW_S; 0 for no limit"
	},
	TRUSTED_PROXIES: {
		schema: T.String(),
		fallback: "",
		about:
			"addresses and networks (10.0.0.0/8) of proxies whose X-Forwarded-For is believed, separated by commas"
	},
	PAYMENT_PROVIDER: {
		schema: oneOf(["simulator", "stripe"]),
		fallback: "simulator",
		about:
			"payment provider; the simulator is for one host and moves no money, so production requires this to be set"
	},
	PAYMENT_RETURN_URL: {
		schema: text("^https?://\\S+$", "a URL that begins with https:// or http://"),
		about:
			"where the customer's browser is redirected after the bank's page (3-D Secure). By default it is /docs at PUBLIC_URL"
	},
	STRIPE_API_URL: {
		schema: text(
			"^https?://[^/\\s]+/?$",
			"a URL without a path, that begins with https:// or http://"
		),
		fallback: "https://api.stripe.com",
		about: "URL of Stripe's API; that of npm run psp, to try it without Stripe"
	},
	STRIPE_SECRET_KEY: {
		schema: text("^(sk|rk)_\\S+$", "a key that begins with sk_ or rk_"),
		...secret,
		about: "the shop's key for Stripe's API; payment service only"
	},
	STRIPE_WEBHOOK_SECRET: {
		schema: text("^whsec_\\S+$", "a secret that begins with whsec_"),
		...secret,
		about: "secret that signs webhooks; without it every webhook is refused"
	},
	PAYMENT_CHARGE_WAIT_MS: {
		retiredName: "PAYMENT_ANSWER_MS",
		schema: ms(50, 8000),
		fallback: 250,
		about: "longest wait of a batch for a slow charge, which then continues in the background"
	},
	PAYMENT_CHALLENGE_MS: {
		schema: ms(1000, 86_400_000),
		fallback: 900_000,
		about: "how long a customer may take to approve a payment at their bank (3-D Secure)"
	},
	PSP_PORT: {
		schema: port,
		fallback: 8090,
		about: "port of npm run psp, the simulated provider as a process; 0 uses a free one"
	},
	PSP_WEBHOOK_URL: {
		schema: text("^https?://\\S+$", "a URL that begins with https:// or http://"),
		about: "where npm run psp sends webhooks; without it events are only listed"
	},
	...messageVariables,
	KAFKA_BROKERS: {
		schema: text(
			"^[^\\s,:/]+:[0-9]{1,5}(,[^\\s,:/]+:[0-9]{1,5})*$",
			"host:port, or several separated by commas"
		),
		about:
			"Kafka 2.4 or newer as host:port, separated by commas; without it the event log is in Postgres"
	},
	KAFKA_SSL: {
		schema: T.Boolean(),
		fallback: false,
		about: "use TLS with Kafka; NODE_EXTRA_CA_CERTS names a private certificate authority"
	},
	KAFKA_SASL_USERNAME: {
		schema: T.String({ minLength: 1 }),
		about: "user name for Kafka; without it there is no authentication"
	},
	KAFKA_SASL_PASSWORD: {
		schema: T.String({ minLength: 8 }),
		...secret,
		about: "password for Kafka"
	},
	KAFKA_SASL_MECHANISM: {
		schema: oneOf(["scram-sha-256", "scram-sha-512"]),
		fallback: "scram-sha-512",
		about: "SASL mechanism for Kafka"
	},
	KAFKA_REPLICATION: {
		schema: T.Integer({ minimum: 1, maximum: 9 }),
		about:
			"replicas of each new topic, of which two must have stored a message; default: three, or the number of brokers"
	},
	ANALYTICS_ENGINE: {
		schema: oneOf(["builtin", "flink"]),
		fallback: "builtin",
		about:
			"who publishes windows: the analytics service, or the Flink job of analytics/flink-job, which needs KAFKA_BROKERS"
	},
	STREAM_PARTITIONS: {
		schema: T.Integer({ minimum: 1, maximum: 256 }),
		fallback: 8,
		about: "partitions of each new topic: so many processes can share a consumer's work"
	},
	STREAM_RETENTION_HOURS: {
		schema: T.Integer({ minimum: 1, maximum: 87_600 }),
		fallback: 168,
		about: "how long new topics keep their messages"
	},
	PRICING_JSON: {
		retiredName: "PRICING",
		schema: T.String(),
		fallback: '{"*":{"shipping":0,"tax_basis_points":0}}',
		about: 'shipping (minor units by currency, or 0) and tax by "US-CA", "US" or "*", as JSON'
	},
	FAILPOINTS: {
		schema: T.String(),
		fallback: "",
		about: "for tests of crashes: failpoint=mode[:ms][*count],…; refused in production"
	},
	LOG_LEVEL: {
		schema: oneOf(["fatal", "error", "warn", "info", "debug", "trace"]),
		fallback: "warn",
		about: "lowest level that is logged"
	},
	LOG_FORMAT: {
		schema: oneOf(["text", "json"]),
		fallback: "text",
		about: "json makes each line of the log a JSON object (docs/observability.md)"
	},
	...tracingVariables
} as const satisfies Record<string, Variable>;

export type VariableName = keyof typeof variables;
type Defaulted<V> = V extends { fallback: unknown } ? true : false;
export type Environment = {
	[K in VariableName]: Defaulted<(typeof variables)[K]> extends true
		? Static<(typeof variables)[K]["schema"]>
		: Static<(typeof variables)[K]["schema"]> | undefined;
};

export type Source = Readonly<Record<string, string | undefined>>;
