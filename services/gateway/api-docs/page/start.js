/**
 * Starts the page of the API, and makes "Try it out" work with the examples as they are: each request gets a new
 * Idempotency-Key in place of the example's, and the ids of the example order, of its payment, of its return and so on
 * become those that an answer showed last.
 */

/** Ids of the shop by those of the examples. */
const known = new Map();
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Compares an answer with the example of that answer. */
function learn(example, answer) {
	if (uuid.test(example) && uuid.test(answer)) known.set(example, answer);
	else if (example && answer && typeof example === "object" && typeof answer === "object")
		for (const member of Object.keys(example)) learn(example[member], answer[member]);
}

function withKnownIds(text) {
	let replaced = text;
	for (const [example, id] of known) replaced = replaced.replaceAll(example, id);
	return replaced;
}

/** `crypto.randomUUID` exists on pages over HTTPS and of this host only. */
function freshKey() {
	const bytes = crypto.getRandomValues(new Uint8Array(16));
	return Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join("");
}

/** The answers of the path with this status, each with its example. */
function examplesOf({ paths }, pathname, status) {
	const path = Object.keys(paths).find(template =>
		new RegExp(`^${template.replace(/\{\w+\}/g, "[^/]+")}$`).test(pathname)
	);
	return Object.values(paths[path] ?? {}).map(
		({ responses }) => responses[status]?.content?.["application/json"]?.example
	);
}

function keyExampleOf({ paths }) {
	const operations = Object.values(paths).flatMap(path => Object.values(path));
	const parameters = operations.flatMap(operation => operation.parameters ?? []);
	return parameters.find(({ name }) => name === "Idempotency-Key").example;
}

async function start() {
	const spec = await (await fetch("/openapi.json")).json();
	const keyExample = keyExampleOf(spec);
	SwaggerUIBundle({
		spec,
		dom_id: "#swagger-ui",
		deepLinking: true,
		validatorUrl: null,
		presets: [SwaggerUIBundle.presets.apis],
		requestInterceptor(request) {
			if (request.headers["Idempotency-Key"] === keyExample)
				request.headers["Idempotency-Key"] = freshKey();
			request.url = withKnownIds(request.url);
			if (typeof request.body === "string") request.body = withKnownIds(request.body);
			return request;
		},
		responseInterceptor(response) {
			const { pathname } = new URL(response.url, location.href);
			for (const example of examplesOf(spec, pathname, response.status))
				learn(example, response.body);
			return response;
		}
	});
}

void start();
