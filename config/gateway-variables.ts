import { T } from "../lib/schema.ts";
import { text } from "./variable.ts";

/** Environment variables of the gateway's connections. */
export const gatewayVariables = {
	PUBLIC_URL: {
		schema: text(
			"^https?://(\\[[0-9a-fA-F:.]+\\]|[A-Za-z0-9._~-]+)(:[0-9]{1,5})?/?$",
			"an origin, such as https://shop.example"
		),
		about:
			"where customers reach the gateway: links in messages and in answers begin with it. By default it is HOST and PORT, so production requires this of the services that make links"
	},
	HEALTH_PORT: {
		schema: T.Integer({ minimum: 0, maximum: 65_535 }),
		about:
			"serve /health, /health/live and /health/ready of this node on a port of its own; a gateway serves them on PORT too, and counts those connections apart; 0 uses a free one"
	},
	KEEP_ALIVE_MS: {
		schema: T.Integer({ minimum: 1000, maximum: 3_600_000 }),
		fallback: 65_000,
		about:
			"how long the gateway keeps an idle connection; longer than the load balancer before it does, which otherwise sends requests on connections that are just being closed"
	},
	SHUTDOWN_DELAY_MS: {
		schema: T.Integer({ minimum: 0, maximum: 60_000 }),
		fallback: 1000,
		about:
			"how long a gateway that stops goes on accepting connections while /health/ready is 503; longer than the load balancer needs to see that"
	},
	CONNECTIONS_MAX: {
		schema: T.Integer({ minimum: 10, maximum: 100_000 }),
		fallback: 1000,
		about:
			"open connections of a gateway; beyond it the one gives way that has waited longest for the rest of a request"
	},
	CONNECTIONS_MAX_OF_NETWORK: {
		schema: T.Integer({ minimum: 0, maximum: 100_000 }),
		fallback: 250,
		about:
			"open connections of a gateway from one network, unless it is of TRUSTED_PROXIES; 0 for no limit"
	}
} as const;
