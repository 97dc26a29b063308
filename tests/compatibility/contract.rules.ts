import type {
	ContractSnapshot,
	JsonSchema,
	RouteSnapshot
} from "../../scripts/release/contract-snapshot.ts";
import { Comparison, type Direction } from "./schema.rules.ts";
import { messageTopicBreaks, topicBreaks } from "./topic.rules.ts";

/** A change that breaks a caller or a reader of the release before. */
export interface Break {
	/** One sentence without its places: `answer Order.status: "lost" is a new value`. */
	text: string;
	/** Where it applies: `order.get`, `GET /api/v1/orders`, `OrderEvent`. */
	places: string[];
	/** Events also need a new version. */
	isEvent: boolean;
}

type Kind = "request" | "answer" | "event" | "hint" | "webhook";
const directions: Record<Kind, Direction> = {
	request: "taken",
	answer: "given",
	event: "given",
	hint: "given",
	webhook: "given"
};

const list = (access: string | string[]) => [access].flat();

/** Who could call, and may not any more. `anyone` has all roles. */
function shutOut(was: string | string[], is: string | string[]): string[] {
	if (list(is).includes("anyone")) return [];
	return list(was).filter(role => !list(is).includes(role));
}

const quoted = (type: string) => JSON.stringify(type);

class Breaks {
	readonly #old: ContractSnapshot;
	readonly #present: ContractSnapshot;
	readonly #found = new Map<string, Break>();
	readonly #comparisons: Record<Kind, Comparison>;

	constructor(old: ContractSnapshot, present: ContractSnapshot) {
		[this.#old, this.#present] = [old, present];
		const comparison = (kind: Kind) =>
			new Comparison(old.schemas, present.schemas, directions[kind]);
		this.#comparisons = {
			request: comparison("request"),
			answer: comparison("answer"),
			event: comparison("event"),
			hint: comparison("hint"),
			webhook: comparison("webhook")
		};
	}

	get all(): Break[] {
		return [...this.#found.values()];
	}

	add(text: string, place: string, isEvent = false): void {
		const known = this.#found.get(text);
		if (!known) this.#found.set(text, { text, places: [place], isEvent });
		else if (!known.places.includes(place)) known.places.push(place);
	}

	schema(kind: Kind, was: JsonSchema, is: JsonSchema, root: string, place: string): void {
		for (const { path, what } of this.#comparisons[kind].of(was, is, root))
			this.add(`${kind} ${path}: ${what}`, place, kind === "event");
	}

	/** Calls `compare` for what is in both, and reports what is gone. */
	each<V>(
		what: string,
		was: Readonly<Record<string, V>>,
		is: Readonly<Record<string, V>>,
		compare: (name: string, was: V, is: V) => void,
		isEvent = false
	): void {
		for (const [name, value] of Object.entries(was)) {
			const present = is[name];
			if (present === undefined) this.add(`${what} ${name} is gone`, name, isEvent);
			else compare(name, value, present);
		}
	}

	access(place: string, was: string | string[], is: string | string[]): void {
		const lost = shutOut(was, is);
		if (lost.length > 0)
			this.add(`${place}: may not be called by ${lost.join(", ")} any more`, place);
	}

	actions(): void {
		this.each("action", this.#old.actions, this.#present.actions, (name, was, is) => {
			this.access(name, was.access, is.access);
			this.schema("request", was.params, is.params, name, name);
			this.schema("answer", was.returns, is.returns, name, name);
		});
	}

	routes(): void {
		this.each("route", this.#old.routes, this.#present.routes, (name, was, is) => {
			this.access(name, was.access, is.access);
			this.#parameters(name, was, is);
			this.#body(name, was.body, is.body);
			this.#responses(name, was, is);
		});
	}

	#parameters(route: string, was: RouteSnapshot, is: RouteSnapshot): void {
		this.each(`${route}: parameter`, was.parameters, is.parameters, (name, old, present) => {
			if (present.required && !old.required)
				this.add(`${route}: parameter ${name} is required now`, route);
			this.schema("request", old.schema, present.schema, `${route} ${name}`, route);
		});
		for (const [name, { required }] of Object.entries(is.parameters))
			if (required && !was.parameters[name])
				this.add(`${route}: parameter ${name} is new and required`, route);
	}

	#body(route: string, was: RouteSnapshot["body"], is: RouteSnapshot["body"]): void {
		if (is?.required && !was?.required) this.add(`${route}: a body is required now`, route);
		if (!was) return;
		this.each(`${route}: body of type`, was.content, is?.content ?? {}, (type, old, present) =>
			this.schema("request", old, present, `${route} body`, route)
		);
	}

	#responses(route: string, was: RouteSnapshot, is: RouteSnapshot): void {
		const isSuccess = (status: string) => /^[23]/.test(status);
		for (const status of Object.keys(is.responses))
			if (isSuccess(status) && !was.responses[status])
				this.add(`${route}: answers with the new status ${status}`, route);
		this.each(`${route}: status`, was.responses, is.responses, (status, old, present) => {
			const at = `${route}: answer ${status}`;
			this.each(`${at}: header`, old.headers, present.headers, (header, a, b) =>
				this.schema("answer", a, b, `${route} ${status} ${header}`, route)
			);
			this.each(`${at}: content of type`, old.content, present.content, (type, a, b) =>
				this.schema("answer", a, b, `${route} ${status} ${quoted(type)}`, route)
			);
			for (const problem of old.problems.filter(one => !present.problems.includes(one)))
				this.add(`${at}: problem ${problem} is gone`, route);
		});
	}

	messages(): void {
		for (const { text, message, isEvent } of messageTopicBreaks(this.#old, this.#present))
			this.add(text, message, isEvent);
		this.each("event", this.#old.messages, this.#present.messages, (name, was, is) => {
			const compare = (part: string, old: JsonSchema, present: JsonSchema) =>
				this.schema("event", old, present, `${name} ${part}`, name);
			this.each(`event ${name}: part`, was.parts, is.parts, compare, true);
		});
	}

	topics(): void {
		this.each("topic", this.#old.topics, this.#present.topics, (name, was, is) => {
			for (const text of topicBreaks(was, is)) this.add(`topic ${name}: ${text}`, name);
		});
	}

	/** Who receives a hint refuses members that it does not know: a new one needs a new hint. */
	hints(): void {
		this.each("hint", this.#old.hints, this.#present.hints, (name, was, is) => {
			this.schema("hint", was, is, name, name);
			for (const member of Object.keys(is.properties ?? {}))
				if (!was.properties?.[member])
					this.add(`hint ${name}.${member}: is new, and receivers refuse it`, name);
		});
	}

	webhooks(): void {
		this.each("webhook", this.#old.webhooks, this.#present.webhooks, (name, was, is) => {
			for (const header of was.headers.filter(one => !is.headers.includes(one)))
				this.add(`webhook ${name}: header ${header} is gone`, name);
			this.schema("webhook", was.body, is.body, name, name);
		});
	}
}

/** Every change that breaks a caller or a reader of the older contracts, each once. */
export function breaksOf(old: ContractSnapshot, present: ContractSnapshot): Break[] {
	const breaks = new Breaks(old, present);
	breaks.actions();
	breaks.routes();
	breaks.messages();
	breaks.topics();
	breaks.hints();
	breaks.webhooks();
	return breaks.all;
}
