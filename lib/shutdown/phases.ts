import { within } from "../retry.ts";

/**
 * What a node does before its services stop, in this order (docs/decisions/0029). Each phase has ended in all services
 * before the next one begins, so that a request that is still served finds every service that it needs.
 */
const stopPhases = [
	"stopAccepting",
	"answerWaiting",
	"stopPolling",
	"drain",
	"finishWork"
] as const;
type StopPhase = (typeof stopPhases)[number];

/** The steps of one service, as `stopping` of its schema. */
export type StopSteps = Partial<Record<StopPhase, () => void | Promise<void>>>;

interface Stoppable {
	readonly name: string;
	/** May have `stopping`. */
	readonly schema: object;
}

interface PhaseOptions {
	/** A step that takes longer is left behind, in ms. */
	limitMs: number;
	/** Called with a step that failed; the stop goes on. */
	onError(step: string, error: unknown): void;
}

/** Runs the steps of all services, phase by phase. Never rejects. */
export async function runStopPhases(
	services: readonly Stoppable[],
	{ limitMs, onError }: PhaseOptions
): Promise<void> {
	const run = async (service: Stoppable, phase: StopPhase) => {
		try {
			await (service.schema as { stopping?: StopSteps }).stopping?.[phase]?.call(service);
		} catch (error) {
			onError(`${service.name}.${phase}`, error);
		}
	};
	for (const phase of stopPhases)
		await within(limitMs, Promise.all(services.map(service => run(service, phase))));
}
