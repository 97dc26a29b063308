import fc from "fast-check";
import { inProgressStatuses, type OrderStatus } from "../../../contracts/order-status.ts";
import {
	cards,
	SagaSimulation,
	type Card,
	type EffectOutcome,
	type SagaDefects
} from "../../../tests/support/shop/saga-simulation.ts";
import { transitions } from "../order.machine.ts";
import { firstEffect, nextEffect, type Effect } from "./saga.decisions.ts";

/**
 * Two clients, two nodes that run the real saga, and every fault between them, in any interleaving
 * (docs/promises.md, P1 to P3): a run that violates an invariant prints its seed and path.
 */

interface Model {
	/** The first response to each client. */
	placed: Map<string, string>;
	crashed: boolean;
}

type Command = fc.AsyncCommand<Model, SagaSimulation>;

const clients = ["alice", "bob"];
const client = fc.constantFrom(...clients);
const node = fc.nat({ max: 1 });

function command(
	words: string,
	run: (simulation: SagaSimulation, model: Model) => Promise<void> | void,
	check: (model: Readonly<Model>) => boolean = () => true
): Command {
	return {
		check,
		toString: () => words,
		async run(model, simulation) {
			await run(simulation, model);
			const violation = simulation.violation();
			if (violation) throw new Error(violation);
		}
	};
}

const places = (who: string, units: number, card: Card) =>
	command(`${who} orders ${units} with ${card}`, async (simulation, { placed }) => {
		const id = await simulation.place(who, units, card);
		if (id !== (placed.get(who) ?? id)) throw new Error("one key has placed two orders");
		placed.set(who, id);
	});
const cancels = (who: string) => command(`${who} cancels`, simulation => simulation.cancel(who));
const receives = (who: string) =>
	command(`${who}'s order is delivered`, simulation => simulation.deliver(who));
const returns = (who: string) =>
	command(`${who} sends it back`, simulation => simulation.returnOrder(who));
const decides = (who: string) =>
	command(`${who}'s payment is decided`, simulation => simulation.decide(who));
const takesOver = (who: string, by: number) =>
	command(`node ${by} takes ${who}'s order over`, simulation => simulation.takeOver(who, by));
const passes = (index: number, outcome: EffectOutcome) =>
	command(`effect ${index}: ${outcome}`, simulation => simulation.finishEffect(index, outcome));
const crashes = (which: number, applied: boolean) =>
	command(
		`node ${which} dies, its effects ${applied ? "" : "not "}done`,
		(simulation, model) => {
			model.crashed = true;
			simulation.crash(which, applied);
		},
		({ crashed }) => !crashed
	);

const index = fc.nat({ max: 5 });
const finishes = fc.record({ index }).map(({ index: at }) => passes(at, "done"));
const commands = fc.commands(
	[
		fc
			.tuple(client, fc.integer({ min: 1, max: 2 }), fc.constantFrom(...cards))
			.map(all => places(...all)),
		client.map(cancels),
		client.map(decides),
		client.map(receives),
		client.map(returns),
		fc.tuple(client, node).map(all => takesOver(...all)),
		finishes,
		finishes,
		finishes,
		fc
			.tuple(index, fc.constantFrom<EffectOutcome>("answer lost", "not done"))
			.map(all => passes(...all)),
		fc.tuple(node, fc.boolean()).map(all => crashes(...all))
	],
	{ maxCommands: 40, size: "max" }
);

/** Both clients have received their orders: few random runs get that far. */
async function sold(simulation: SagaSimulation): Promise<void> {
	for (const who of clients) await simulation.place(who, 1, "good");
	await simulation.settleAll(false);
	for (const who of clients) simulation.deliver(who);
}

/** Runs the commands, heals, and checks the invariants when all orders have settled. */
function invariantsHold(
	faults: SagaDefects = {},
	before?: (simulation: SagaSimulation) => Promise<void>
) {
	return fc.asyncProperty(
		commands,
		fc.integer({ min: 1, max: 3 }),
		fc.boolean(),
		async (acts, units, staleFirst) => {
			const simulation = new SagaSimulation(units, faults);
			await before?.(simulation);
			await fc.asyncModelRun(
				() => ({ model: { placed: new Map(), crashed: false }, real: simulation }),
				acts
			);
			await simulation.settleAll(staleFirst);
			const violation = simulation.violation(true);
			if (violation) throw new Error(violation);
		}
	);
}

/** Every status that a transition of the saga may lead to. */
const bySaga = [...inProgressStatuses].flatMap(from => transitions[from as OrderStatus]);
/** What the simulation does for staff and customers. */
const byStaff: readonly OrderStatus[] = ["shipped", "delivered", "return_requested", "returned"];

describe("the saga of two clients on two nodes", () => {
	it("keeps every invariant in 20,000 interleavings", async () => {
		await fc.assert(invariantsHold(), { numRuns: 20_000 });
	}, 60_000);

	it("keeps every invariant with returns, in 5,000", async () => {
		await fc.assert(invariantsHold({}, sold), { numRuns: 5000 });
	}, 60_000);

	it("reaches every order status of the saga and of the simulated staff", async () => {
		const seen = new Set<string>();
		const watched = fc.asyncProperty(commands, fc.boolean(), async (acts, isSold) => {
			const simulation = new SagaSimulation(2);
			if (isSold) await sold(simulation);
			await fc.asyncModelRun(
				() => ({ model: { placed: new Map(), crashed: false }, real: simulation }),
				acts
			);
			await simulation.settleAll(isSold);
			for (const { visited } of simulation.sales.values())
				visited.forEach(status => seen.add(status));
		});
		await fc.assert(watched, { numRuns: 1000 });
		expect([...seen].sort()).toEqual([...new Set(["pending", ...bySaga, ...byStaff])].sort());
	}, 30_000);
});

/** The model proves something only if it finds planted mistakes. */
describe("the model finds", () => {
	const guess: Effect = { do: "release", then: { to: "payment_failed", reason: "no_answer" } };
	it.each<[string, SagaDefects, RegExp]>([
		[
			"a step of a stale run without a fence",
			{ noFence: true },
			/does not have|charged|without its/
		],
		[
			"a compensation from an unknown payment",
			{
				decisions: {
					firstEffect,
					nextEffect: (situation, effect, answer) => {
						const chosen = nextEffect(situation, effect, answer);
						const isUnknown = chosen.do === "sleep" && chosen.backoff === "outcome";
						return isUnknown ? guess : chosen;
					}
				}
			},
			/payment_failed and charged/
		],
		["a release without a tombstone", { noTombstone: true }, /units stay locked/],
		["a voided payment that can still be charged", { noVoidMarker: true }, /cancelled and charged/],
		["a new key for every attempt to charge", { newKeys: true }, /charged twice/],
		["a refund for every attempt", { newPurposes: true }, /refunded twice/],
		["a restock for every attempt", { noReturnKey: true }, /restocked twice/]
	])(
		"%s",
		async (_, faults, expected) => {
			// The rarest is found in one of some 3,300 interleavings; most in one of 10 to 500.
			const before = faults.newPurposes || faults.noReturnKey ? sold : undefined;
			const found = await fc.check(invariantsHold(faults, before), {
				numRuns: 60_000,
				endOnFailure: true
			});
			expect(found.failed).toBe(true);
			expect(String((found.errorInstance as Error).message)).toMatch(expected);
		},
		60_000
	);
});
