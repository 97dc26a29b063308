/** The health check of a container: ends with 0 while its node is ready. CommonJS, because it starts every few seconds. */

const { get } = require("node:http");

const { HOST = "", HEALTH_PORT: port } = process.env;
/** A node that listens on every address does so on this one. */
const host = ["", "0.0.0.0", "::"].includes(HOST) ? "127.0.0.1" : HOST;
const path = process.argv[2] ?? "/health/ready";
const limitMs = 2500;

function end(code, reason) {
	if (reason) console.error(reason);
	process.exit(code);
}

if (!port) end(1, "HEALTH_PORT is not set: the node serves no health checks.");
get({ host, port, path, timeout: limitMs }, ({ statusCode }) =>
	statusCode === 200 ? end(0) : end(1, `${path} answered ${statusCode}`)
)
	.on("timeout", () => end(1, `no answer within ${limitMs} ms`))
	.on("error", ({ code }) => end(1, `no answer: ${code}`));
