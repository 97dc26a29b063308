import { LaunchError } from "../../launch/process/launch-error.ts";

/** A problem of RFC 9457, as the shop has it. */
interface ProblemBody {
	title: string;
	detail: string;
	code: string;
	errors: { pointer?: string; parameter?: string; detail: string }[];
}

/** What is wrong and where: `/items/0/quantity must be >= 1`. */
function reasonsOf({ errors }: Partial<ProblemBody>): string {
	if (!Array.isArray(errors)) return "";
	return errors
		.map(({ pointer, parameter, detail }) =>
			[pointer ?? parameter, detail].filter(Boolean).join(" ")
		)
		.join("; ");
}

/** An unexpected response of a shop, as a sentence with the reasons that it gives. */
export class UnexpectedResponse extends LaunchError {
	readonly status: number;
	readonly code: string;

	constructor(what: string, status: number, body: unknown) {
		const problem = (body ?? {}) as Partial<ProblemBody>;
		const { title = "", detail = "", code = "" } = problem;
		const reasons = [detail, reasonsOf(problem)].filter(text => text !== "").join(": ");
		super(`${what} was answered ${status} ${title}${reasons && `: ${reasons}`}`.trim());
		this.status = status;
		this.code = code;
	}
}

/** A response whose body has been read. */
export interface Answer {
	status: number;
	/** As JSON; undefined for none, and for that of a proxy before the shop. */
	body: unknown;
}

/** What a proxy answers itself when the shop behind it is away. */
const proxyStatuses = [502, 503, 504];

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** Every answer of a shop is JSON, and every failure a problem with a title. */
function isOfShop(status: number, body: unknown): boolean {
	if (proxyStatuses.includes(status) || status === 204) return true;
	if (status < 400) return body !== undefined;
	return typeof (body as Partial<ProblemBody> | null | undefined)?.title === "string";
}

/** Reads the response. @throws LaunchError for the response of a server that is no shop */
export async function readAnswer(response: Response): Promise<Answer> {
	const { status, url, headers } = response;
	const body = parsed(await response.text());
	if (isOfShop(status, body)) return { status, body };
	const type = headers.get("content-type") ?? "no content type";
	const { origin, pathname } = new URL(url);
	throw new LaunchError(
		`The server at ${origin} is no shop: it answered ${status} (${type}) for ${pathname}. --url names another one.`
	);
}
