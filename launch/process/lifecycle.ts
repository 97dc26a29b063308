import { explain } from "./launch-error.ts";

/** Longest wait for what is under way, before the process ends without it. */
const watchdogMs = 20_000;

/** npm passes on the SIGINT that the terminal has already sent to us: one Ctrl-C, two signals. */
const samePressMs = 500;

type Step = () => unknown;

/** What a process has started so far, and the one way in which it ends. */
export class Lifecycle {
	readonly #steps: Step[] = [];
	#ending = false;

	get ending(): boolean {
		return this.#ending;
	}

	/** Registers what is to be undone at the end; the last is undone first. */
	atEnd(step: Step): void {
		this.#steps.push(step);
	}

	/** Undoes everything, waiting for each step, and ends the process. */
	async end(exitCode: number): Promise<void> {
		if (this.#ending) return;
		this.#ending = true;
		setTimeout(() => process.exit(1), watchdogMs).unref();
		let code = exitCode;
		for (let step = this.#steps.pop(); step; step = this.#steps.pop())
			try {
				await step();
			} catch (error) {
				console.error(explain(error).message);
				code = 1;
			}
		process.exit(code);
	}

	/** Ends the process because of an error, in a sentence where there is one. */
	fail(error: unknown): Promise<void> {
		const { message, exitCode } = explain(error);
		if (!this.#ending) console.error(message);
		return this.end(exitCode);
	}

	/** Ctrl-C and SIGTERM finish what is under way and exit 0; a second one does not wait. */
	onSignals(): void {
		let first: number | undefined;
		const onSignal = () => {
			const now = performance.now();
			first ??= now;
			if (now - first > samePressMs) process.exit(1);
			if (this.#ending) return;
			console.log("Stopping: finishing in-flight work");
			void this.end(0);
		};
		process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
	}
}

/** Runs a command of this folder: `body` starts things and returns; the process stays until it is stopped. */
export function run(body: (life: Lifecycle) => Promise<void>): void {
	const life = new Lifecycle();
	life.onSignals();
	body(life).catch(error => life.fail(error));
}
