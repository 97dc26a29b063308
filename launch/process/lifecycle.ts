import { explain, isDefect } from "./launch-error.ts";
import { isLogJson, printFatal } from "./log-format.ts";

/**
 * Longest wait for work in progress before a process ends, without SHUTDOWN_DELAY_MS: the phases of a stop and its
 * services (lib/shutdown).
 */
const endWithinMs = 20_000;

/** A node that a launcher has told to end is killed after this, without SHUTDOWN_DELAY_MS: it cannot even end itself. */
export const stopWithinMs = endWithinMs + 1000;

/** Longest stop of a launcher, which stops its nodes in three groups, one after the other. */
export const stopNodesWithinMs = 3 * stopWithinMs + 5000;

/** npm forwards a SIGINT that the terminal has already sent to us: one Ctrl-C causes two signals. */
const samePressMs = 500;

type Step = () => unknown;

/** Prints why a process ends: a sentence, or the stack of a defect. */
function printReason(error: unknown): void {
	if (!isLogJson()) console.error(explain(error).message);
	else if (isDefect(error)) printFatal(error);
	else printFatal(explain(error).message);
}

/** What a process has started so far, and how it is stopped. */
export class Lifecycle {
	readonly #steps: Step[] = [];
	#withinMs: number;
	#ending = false;

	/** @param withinMs after which a process that has not ended by then ends all the same */
	constructor(withinMs = endWithinMs) {
		this.#withinMs = withinMs;
	}

	get ending(): boolean {
		return this.#ending;
	}

	/** Adds to the time in which its process has to end. */
	extendStop(byMs: number): void {
		this.#withinMs += byMs;
	}

	/** Registers a step of the shutdown; steps run in reverse order. */
	atEnd(step: Step): void {
		this.#steps.push(step);
	}

	/** Runs the steps of the shutdown, one after the other, and ends the process. */
	async end(exitCode: number): Promise<void> {
		if (this.#ending) return;
		this.#ending = true;
		setTimeout(() => process.exit(1), this.#withinMs).unref();
		let code = exitCode;
		for (let step = this.#steps.pop(); step; step = this.#steps.pop())
			try {
				await step();
			} catch (error) {
				printReason(error);
				code = 1;
			}
		process.exit(code);
	}

	/** Ends the process because of an error, which is printed as a sentence if it has one. */
	fail(error: unknown): Promise<void> {
		if (!this.#ending) printReason(error);
		return this.end(explain(error).exitCode);
	}

	/**
	 * Ctrl-C, SIGTERM, and the hang-up of a closed terminal finish work in progress and exit 0; a second one does
	 * not wait, unless it is a hang-up: Ctrl-C also ends the reader of the output in `npm start | tee log`. SIGQUIT is
	 * among them because with its default, servers that were started would stay.
	 */
	onSignals(): void {
		let first: number | undefined;
		const onSignal = (name: NodeJS.Signals) => {
			if (name === "SIGHUP" && this.#ending) return;
			const now = performance.now();
			first ??= now;
			if (now - first > samePressMs) process.exit(1);
			if (this.#ending) return;
			console.log("Stopping: finishing in-flight work");
			void this.end(0);
		};
		for (const name of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]) process.on(name, onSignal);
	}
}

/** Runs a command of this folder: `body` starts things and returns; the process stays until it is stopped. */
export function run(body: (life: Lifecycle) => Promise<void>, withinMs?: number): void {
	const life = new Lifecycle(withinMs);
	life.onSignals();
	body(life).catch(error => life.fail(error));
}
