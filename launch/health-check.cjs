/** The health check of a container: ends with 0 while its node is ready. CommonJS, because it starts every few seconds. */

const { get } = require("node:http");

const limitMs = 2500;
const path = process.argv[2] ?? "/health/ready";

const end = code => process.exit(code);
get({ host: "127.0.0.1", port: process.env.HEALTH_PORT, path, timeout: limitMs }, response =>
	end(response.statusCode === 200 ? 0 : 1)
)
	.on("timeout", () => end(1))
	.on("error", () => end(1));
