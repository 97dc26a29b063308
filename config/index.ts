import type { Arming } from "../lib/failpoint.ts";
import type { Networks } from "../lib/addresses/network.ts";
import { textSearchConfiguration } from "./catalogue-language.ts";
import { ownUrl } from "./own-url.ts";
import type { Environment } from "./env.ts";
import { parseFailpoints } from "./parsed.ts";
import { parsePricing, type PricingTable } from "./pricing-table.ts";
import { readEnvironment, readSettings } from "./read-environment.ts";
import { parseNetworks } from "./networks.ts";
import { parseHeaders } from "./tracing-variables.ts";

export const serviceNames = [
	"user",
	"product",
	"order",
	"payment",
	"notification",
	"analytics",
	"webhook"
] as const;
export type ServiceName = (typeof serviceNames)[number];

/** The configuration of the process. Units are in the names; nothing reads the environment after this. */
export interface Config {
	readonly production: boolean;
	/** NODE_ENV. */
	readonly environment: Environment["NODE_ENV"];
	readonly demo: boolean;
	readonly services: readonly (ServiceName | "gateway")[];
	readonly host: string;
	readonly port: number;
	/** Where this host reaches the gateway of HOST and PORT. */
	readonly gatewayUrl: string;
	/** Where customers reach the gateway, without a slash at the end. */
	readonly publicUrl: string;
	readonly metricsPort: number | undefined;
	readonly healthPort: number | undefined;
	/** Of a gateway. */
	readonly connections: {
		readonly keepAliveMs: number;
		/** From the beginning of a stop until it accepts no more connections. */
		readonly shutdownDelayMs: number;
		readonly max: number;
		/** Of one network; 0 is no limit. */
		readonly maxOfNetwork: number;
	};
	readonly dataDir: string;
	/** Path of the Unix socket for the commands of this user. */
	readonly operatorSocket: string | undefined;
	readonly databaseUrl: string | undefined;
	/** Database of the event log if there is no Kafka. */
	readonly eventLogDatabaseUrl: string | undefined;
	readonly serviceDatabaseUrls: Readonly<Record<ServiceName, string | undefined>>;
	readonly databasePool: number;
	readonly durability: "prefix" | "strict";
	readonly natsUrl: string | undefined;
	readonly namespace: string;
	readonly callTimeoutMs: number;
	readonly saga: {
		readonly leaseMs: number;
		readonly pollMs: number;
		/** Most orders in progress; beyond it, new orders are refused. */
		readonly maxInFlight: number;
	};
	/** `streams` at one time; `engine` is who publishes windows. */
	readonly analytics: {
		readonly streams: number;
		readonly engine: Environment["ANALYTICS_ENGINE"];
	};
	/** `lowStock` in units; `maxUnpaidPercent` of a product's units that one customer may have in unpaid orders. */
	readonly stock: { readonly lowStock: number; readonly maxUnpaidPercent: number };
	/** `textSearch` is the name of a configuration of Postgres. */
	readonly catalogue: { readonly textSearch: string };
	readonly orders: { readonly maxOpen: number; readonly maxQuantity: number };
	readonly token: {
		readonly privateKey: string | undefined;
		readonly publicKey: string | undefined;
		readonly ttlS: number;
	};
	/** Of the window from the first attempt on; 0 is no limit. A network is one of lib/addresses/network.ts. */
	readonly signIn: {
		readonly windowS: number;
		/** To one account from one network. */
		readonly maxFailures: number;
		readonly maxFailuresOfNetwork: number;
		readonly maxFailuresOfAccount: number;
		/** From one network. */
		readonly maxRegistrations: number;
	};
	readonly trustedProxies: Networks;
	readonly payment: {
		readonly provider: Environment["PAYMENT_PROVIDER"];
		readonly returnUrl: string;
		readonly apiUrl: string;
		readonly secretKey: string | undefined;
		readonly webhookSecret: string | undefined;
		readonly chargeWaitMs: number;
		readonly challengeMs: number;
	};
	readonly psp: { readonly port: number; readonly webhookUrl: string | undefined };
	/** The shop in messages to customers. */
	readonly shop: {
		readonly name: string;
		/** `{id}` is replaced by the id of an order. */
		readonly orderUrl: string;
		readonly logoUrl?: string;
	};
	readonly mail: {
		readonly driver: Environment["MAIL_DRIVER"];
		/** Set unless the driver is the mailbox. */
		readonly from: string | undefined;
		readonly smtpUrl: string | undefined;
		readonly smtpTls: Environment["SMTP_TLS"];
		readonly sesRatePerS: number;
		readonly sesConfigurationSet: string | undefined;
	};
	readonly sms: {
		readonly driver: "none" | "mailbox" | "sns";
		readonly senderId: string | undefined;
	};
	/** SNS topic that receives a copy of every message. */
	readonly topicArn: string | undefined;
	readonly aws: { readonly region: string | undefined; readonly endpoint: string | undefined };
	readonly notifications: {
		readonly store: Environment["NOTIFICATION_STORE"];
		readonly table: string;
	};
	readonly webhooks: {
		/** Between two attempts at a delivery, in ms; one attempt more than there are delays. */
		readonly retryDelaysMs: readonly number[];
		/** Private and loopback networks that webhooks may lead into. */
		readonly allowedNetworks: Networks;
	};
	/** Without it the log is in Postgres. */
	readonly kafka:
		| {
				readonly brokers: readonly string[];
				readonly ssl: boolean;
				readonly sasl:
					| {
							readonly mechanism: "scram-sha-256" | "scram-sha-512";
							readonly username: string;
							readonly password: string;
					  }
					| undefined;
				readonly replication: number | undefined;
		  }
		| undefined;
	/** For new topics. */
	readonly stream: { readonly partitions: number; readonly retentionMs: number };
	readonly pricing: PricingTable;
	readonly failpoints: readonly Arming[];
	readonly logLevel: Environment["LOG_LEVEL"];
	readonly logFormat: Environment["LOG_FORMAT"];
	/** Without it no spans are recorded. */
	readonly tracing:
		| {
				/** Base URL of the receiver of OTLP. */
				readonly endpoint: string;
				readonly headers: Readonly<Record<string, string>>;
				/** From 0 to 1, of requests. */
				readonly sampleRatio: number;
		  }
		| undefined;
}

function kafkaOf(env: Environment): Config["kafka"] {
	if (!env.KAFKA_BROKERS) return undefined;
	const username = env.KAFKA_SASL_USERNAME;
	const login = { mechanism: env.KAFKA_SASL_MECHANISM, password: env.KAFKA_SASL_PASSWORD! };
	return {
		brokers: env.KAFKA_BROKERS.split(","),
		ssl: env.KAFKA_SSL,
		sasl: username ? { username, ...login } : undefined,
		replication: env.KAFKA_REPLICATION
	};
}

function tracingOf(env: Environment): Config["tracing"] {
	if (!env.OTEL_EXPORTER_OTLP_ENDPOINT) return undefined;
	return {
		endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
		headers: parseHeaders(env.OTEL_EXPORTER_OTLP_HEADERS),
		sampleRatio: Number(env.OTEL_TRACES_SAMPLER_ARG)
	};
}

function channelsOf(
	env: Environment
): Pick<Config, "mail" | "sms" | "topicArn" | "aws" | "notifications"> {
	return {
		mail: {
			driver: env.MAIL_DRIVER,
			from: env.MAIL_FROM,
			smtpUrl: env.SMTP_URL,
			smtpTls: env.SMTP_TLS,
			sesRatePerS: env.SES_RATE_PER_S,
			sesConfigurationSet: env.SES_CONFIGURATION_SET
		},
		sms: {
			driver: env.SMS_DRIVER ?? (env.NODE_ENV === "production" ? "none" : "mailbox"),
			senderId: env.SMS_SENDER_ID
		},
		topicArn: env.SNS_TOPIC_ARN,
		aws: { region: env.AWS_REGION, endpoint: env.AWS_ENDPOINT_URL },
		notifications: { store: env.NOTIFICATION_STORE, table: env.NOTIFICATION_TABLE }
	};
}

/** @param env of `readEnvironment`, so that it is valid */
export function toConfig(env: Environment): Config {
	const publicUrl = (env.PUBLIC_URL ?? ownUrl(env)).replace(/\/+$/, "");
	return Object.freeze({
		production: env.NODE_ENV === "production",
		environment: env.NODE_ENV,
		demo: env.DEMO_MODE ?? env.NODE_ENV !== "production",
		services: env.SERVICES.split(",") as (ServiceName | "gateway")[],
		host: env.HOST,
		port: env.PORT,
		gatewayUrl: ownUrl(env),
		publicUrl,
		metricsPort: env.METRICS_PORT,
		healthPort: env.HEALTH_PORT,
		connections: {
			keepAliveMs: env.KEEP_ALIVE_MS,
			shutdownDelayMs: env.SHUTDOWN_DELAY_MS,
			max: env.CONNECTIONS_MAX,
			maxOfNetwork: env.CONNECTIONS_MAX_OF_NETWORK
		},
		dataDir: env.DATA_DIR,
		operatorSocket: env.OPERATOR_SOCKET,
		databaseUrl: env.DATABASE_URL,
		eventLogDatabaseUrl: env.EVENT_LOG_DATABASE_URL,
		serviceDatabaseUrls: {
			user: env.USER_DATABASE_URL,
			product: env.PRODUCT_DATABASE_URL,
			order: env.ORDER_DATABASE_URL,
			payment: env.PAYMENT_DATABASE_URL,
			notification: env.NOTIFICATION_DATABASE_URL,
			analytics: env.ANALYTICS_DATABASE_URL,
			webhook: env.WEBHOOK_DATABASE_URL
		},
		databasePool: env.DATABASE_POOL,
		durability: env.DURABILITY,
		natsUrl: env.NATS_URL,
		namespace: env.SHOP_NAMESPACE,
		callTimeoutMs: env.CALL_TIMEOUT_MS,
		saga: {
			leaseMs: env.SAGA_LEASE_MS,
			pollMs: env.SAGA_POLL_MS,
			maxInFlight: env.ORDERS_MAX_IN_FLIGHT
		},
		analytics: { streams: env.ANALYTICS_STREAMS_MAX, engine: env.ANALYTICS_ENGINE },
		stock: {
			lowStock: env.LOW_STOCK_THRESHOLD,
			maxUnpaidPercent: env.ORDER_MAX_STOCK_PERCENT
		},
		catalogue: { textSearch: textSearchConfiguration(env.CATALOGUE_LANGUAGE) },
		orders: { maxOpen: env.ORDER_MAX_OPEN, maxQuantity: env.ORDER_MAX_QUANTITY },
		token: {
			privateKey: env.TOKEN_PRIVATE_KEY,
			publicKey: env.TOKEN_PUBLIC_KEY,
			ttlS: env.TOKEN_TTL_S
		},
		signIn: {
			windowS: env.SIGN_IN_WINDOW_S,
			maxFailures: env.SIGN_IN_MAX_FAILURES,
			maxFailuresOfNetwork: env.SIGN_IN_MAX_FAILURES_OF_NETWORK,
			maxFailuresOfAccount: env.SIGN_IN_MAX_FAILURES_OF_ACCOUNT,
			maxRegistrations: env.REGISTRATIONS_MAX
		},
		trustedProxies: parseNetworks("TRUSTED_PROXIES", env.TRUSTED_PROXIES),
		payment: {
			provider: env.PAYMENT_PROVIDER,
			returnUrl: env.PAYMENT_RETURN_URL ?? `${publicUrl}/docs`,
			apiUrl: env.STRIPE_API_URL,
			secretKey: env.STRIPE_SECRET_KEY,
			webhookSecret: env.STRIPE_WEBHOOK_SECRET,
			chargeWaitMs: env.PAYMENT_CHARGE_WAIT_MS,
			challengeMs: env.PAYMENT_CHALLENGE_MS
		},
		psp: { port: env.PSP_PORT, webhookUrl: env.PSP_WEBHOOK_URL },
		shop: {
			name: env.SHOP_NAME,
			orderUrl: env.SHOP_ORDER_URL ?? `${publicUrl}/api/v1/orders/{id}`,
			...(env.SHOP_LOGO_URL && { logoUrl: env.SHOP_LOGO_URL })
		},
		...channelsOf(env),
		webhooks: {
			retryDelaysMs: env.WEBHOOK_RETRY_DELAYS_S.split(",").map(s => Number(s) * 1000),
			allowedNetworks: parseNetworks("WEBHOOK_ALLOWED_NETWORKS", env.WEBHOOK_ALLOWED_NETWORKS)
		},
		kafka: kafkaOf(env),
		stream: {
			partitions: env.STREAM_PARTITIONS,
			retentionMs: env.STREAM_RETENTION_HOURS * 3_600_000
		},
		pricing: parsePricing(env.PRICING_JSON),
		failpoints: parseFailpoints(env.FAILPOINTS),
		logLevel: env.LOG_LEVEL,
		logFormat: env.LOG_FORMAT,
		tracing: tracingOf(env)
	});
}

/**
 * The configuration of a launcher.
 * @param freePort chooses a port for PORT=0, so that links can name it
 * @returns with `isAnyPort`, the port is the first gateway's only, and others take a free one
 */
export async function configOfLauncher(
	freePort: () => Promise<number>
): Promise<{ config: Config; isAnyPort: boolean }> {
	const env = readSettings();
	const isAnyPort = env.PORT === 0;
	const config = toConfig(isAnyPort ? { ...env, PORT: await freePort() } : env);
	return { config, isAnyPort };
}

/**
 * The configuration of a command: of `.env` too.
 * @param options `runsServices: false` for one that runs no service, so that it needs no settings of services
 * @throws EnvironmentError with every issue
 */
export const configOfCommand = (options?: { runsServices: boolean }): Config =>
	toConfig(readSettings(options));

let current: Config | undefined;

/** The configuration of this process, read from the environment on first use. @throws EnvironmentError */
export function config(): Config {
	return (current ??= toConfig(readEnvironment()));
}

/** Sets the result of `config()`: for launchers that started a database first, and for tests. */
export function useConfig(next: Config): void {
	current = next;
}
