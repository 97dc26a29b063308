import { orderStatuses, type OrderStatus } from "../../../contracts/order-status.ts";
import {
	backoffs,
	firstEffect,
	nextEffect,
	type Answer,
	type Answers,
	type Effect,
	type Situation
} from "./saga.decisions.ts";
import { canTransition } from "../order.machine.ts";

/** All pairs of situation and answer: reachable ones and, for totality, all others too. */

type Kind = Effect["do"];
const both = [false, true];
const stocks: Answers["reserve"][] = [
	"absent",
	"held",
	"locked",
	"committed",
	"released",
	"expired",
	"out_of_stock",
	"reservation_limit",
	"returned"
];
const charges = (["processing", "succeeded", "failed", "review", "absent"] as const).flatMap(
	status =>
		(status === "failed" ? ["card_declined", "voided"] : [null]).flatMap(failure_code =>
			(status === "processing" ? both : [false]).map(awaits_customer => ({
				status,
				failure_code,
				awaits_customer
			}))
		)
);
const advances: Answers["transition"][] = ["done", "cancel", "fenced", "restart"];
const lost = { lost: "the response is lost" };

const answers: Record<Kind, Answer[]> = {
	reserve: stocks,
	commit: stocks,
	release: stocks,
	restock: stocks,
	charge: charges,
	void: charges,
	refund_order: ["refunded", "pending", "refused"],
	refund_return: ["refunded", "pending", "refused"],
	restock_return: ["restocked", "refused"],
	begin_payment: advances,
	transition: advances,
	sleep: ["asleep"],
	stop: []
};

const situations = (statuses: readonly OrderStatus[], step: Situation["step"]): Situation[] =>
	statuses.flatMap(status =>
		both.flatMap(cancelRequested =>
			both.flatMap(overdue =>
				both.flatMap(adopted =>
					(step === "return" ? both : [false]).map(restocks => ({
						status,
						step,
						cancelRequested: cancelRequested,
						overdue,
						adopted,
						restocks
					}))
				)
			)
		)
	);

/** Situations in which a run can start: the first one of an order starts in pending. */
const starts = [
	...situations(["pending", "payment_pending", "payment_review"], "forward"),
	...situations(["refund_pending"], "refund"),
	...situations(["return_requested"], "return")
].filter(({ status, adopted }) => adopted || status === "pending");

/** What this run knows of the charge. */
type Charge = "never" | "unknown" | "paid" | "unpaid";

interface Visit {
	situation: Situation;
	effect: Effect;
	charge: Charge;
	/** Effects and answers on the path so far. */
	path: string[];
	previous?: { effect: Effect; answer: Answer };
}

function learnt(charge: Charge, { do: kind }: Effect, answer: Answer): Charge {
	if (kind !== "charge" && kind !== "void") return charge;
	const { status } = answer as Partial<Answers["charge"]>;
	if (status === "succeeded") return "paid";
	return status === "failed" ? "unpaid" : "unknown";
}

function arrived(situation: Situation, effect: Effect, answer: Answer): Situation {
	if (answer !== "done") return situation;
	if (effect.do === "begin_payment") return { ...situation, status: "payment_pending" };
	return effect.do === "transition" ? { ...situation, status: effect.to } : situation;
}

/** A requested cancellation can only block a step that yields. */
function possible(effect: Effect, answer: Answer): boolean {
	if (answer !== "cancel") return true;
	return effect.do === "begin_payment"
		? effect.then === null
		: effect.do === "transition" && effect.yields;
}

/** Of one run, until it ends or sleeps. */
const mostEffects = 10;

function explore(): Visit[] {
	const visits: Visit[] = [];
	const open: Visit[] = starts.map(situation => {
		const charge = situation.adopted ? "unknown" : "never";
		return { situation, effect: firstEffect(situation), charge, path: [] };
	});
	for (let visit = open.pop(); visit; visit = open.pop()) {
		visits.push(visit);
		const { situation, effect, charge, path } = visit;
		if (path.length > 2 * mostEffects) throw new Error(`never settled: ${path.join(" ")}`);
		for (const answer of [...answers[effect.do], lost].filter(a => possible(effect, a))) {
			if (effect.do === "stop") continue;
			const after = arrived(situation, effect, answer);
			open.push({
				situation: after,
				effect: nextEffect(after, effect, answer),
				charge: learnt(charge, effect, answer),
				path: [...path, effect.do, JSON.stringify(answer)],
				previous: { effect, answer }
			});
		}
	}
	return visits;
}

const visits = explore();

const reached = <K extends Kind>(kind: K) =>
	visits.filter(({ effect }) => effect.do === kind) as (Visit & {
		effect: Extract<Effect, { do: K }>;
	})[];
const transitionsTo = (...to: OrderStatus[]) =>
	reached("transition").filter(({ effect }) => to.includes(effect.to));

/** Visits that violate an invariant, with their paths. */
const violations = <V extends Visit>(found: V[], allowed: (visit: V) => boolean) =>
	found.filter(visit => !allowed(visit)).map(({ situation, path }) => [situation, path.join(" ")]);

describe("the saga's decisions", () => {
	it("have an effect for every situation and every answer, even unreachable ones", () => {
		const endings = [
			{ to: "cancelled", reason: "requested" },
			{ to: "payment_failed", reason: "card_declined" },
			{ to: "payment_review", reason: "outcome_unknown" },
			{ to: "refund_pending", reason: "requested" }
		] as const;
		const effects: Effect[] = [
			{ do: "reserve" },
			{ do: "charge" },
			{ do: "commit" },
			{ do: "refund_order" },
			{ do: "restock" },
			{ do: "refund_return" },
			{ do: "restock_return" },
			...[null, ...endings].map(then => ({ do: "begin_payment", then }) as const),
			...endings.map(then => ({ do: "release", then }) as const),
			...both.map(stockLocked => ({ do: "void", stockLocked, reason: "expired" }) as const),
			...orderStatuses.flatMap(to =>
				both.map(ends => ({ do: "transition", to, reason: null, yields: false, ends }) as const)
			),
			{ do: "sleep", backoff: "fault", error: null }
		];
		const steps = ["forward", "refund", "return"] as const;
		const all = steps.flatMap(step => situations(orderStatuses, step));
		let pairs = 0;
		for (const situation of all)
			for (const effect of effects)
				for (const answer of [...answers[effect.do], lost]) {
					const chosen = nextEffect(situation, effect, answer);
					pairs++;
					expect(Object.keys(answers)).toContain(chosen.do);
					if (chosen.do === "transition")
						expect(canTransition(situation.status, chosen.to)).toBe(true);
				}
		expect(pairs).toBeGreaterThan(10_000);
	});

	it("reach every kind of effect", () => {
		expect([...new Set(visits.map(({ effect }) => effect.do))].sort()).toEqual(
			Object.keys(answers).sort()
		);
	});

	it("make only transitions that the machine has", () => {
		expect(
			violations(reached("transition"), ({ situation, effect }) =>
				canTransition(situation.status, effect.to)
			)
		).toEqual([]);
		const defects = reached("sleep").filter(({ effect }) =>
			effect.error?.includes("cannot become")
		);
		expect(defects).toEqual([]);
	});

	it("release stock only when nothing was charged, or before a refund", () => {
		expect(
			violations(reached("release"), ({ charge, effect }) =>
				charge === "paid" ? effect.then.to === "refund_pending" : charge !== "unknown"
			)
		).toEqual([]);
	});

	it("end an order without payment only when it was certainly not charged", () => {
		const ends = transitionsTo("cancelled", "payment_failed");
		expect(violations(ends, ({ charge }) => charge === "never" || charge === "unpaid")).toEqual([]);
	});

	it("commit stock only for a charge that succeeded", () => {
		expect(violations(reached("commit"), ({ charge }) => charge === "paid")).toEqual([]);
	});

	it("confirm only after the stock was committed, and yield to a requested cancellation", () => {
		expect(
			violations(
				transitionsTo("confirmed"),
				({ previous, effect }) =>
					previous?.effect.do === "commit" && previous.answer === "committed" && effect.yields
			)
		).toEqual([]);
	});

	it("charge only an order that waits for its payment", () => {
		expect(
			violations(reached("charge"), ({ situation }) =>
				["payment_pending", "payment_review"].includes(situation.status)
			)
		).toEqual([]);
	});

	it("never charge an order that is known to be cancelled", () => {
		expect(violations(reached("charge"), ({ situation }) => !situation.cancelRequested)).toEqual(
			[]
		);
	});

	it("refund every charge of an order that is not confirmed", () => {
		expect(violations(transitionsTo("refund_pending"), ({ charge }) => charge === "paid")).toEqual(
			[]
		);
		expect(
			violations(reached("refund_order"), ({ situation }) => situation.status === "refund_pending")
		).toEqual([]);
		expect(
			violations(transitionsTo("refunded"), ({ previous }) => previous?.effect.do === "restock")
		).toEqual([]);
	});

	it("stop only when the order has ended, sleeps, or was claimed by another node", () => {
		expect(
			violations(reached("stop"), ({ previous }) => {
				const { effect, answer } = previous!;
				if (effect.do === "sleep" || answer === "fenced") return true;
				return effect.do === "transition" && effect.ends && answer === "done";
			})
		).toEqual([]);
	});

	it("sleep whenever a response is lost", () => {
		const after = visits.filter(({ previous }) => previous?.answer === lost);
		expect(
			violations(after, ({ effect }) => effect.do === "sleep" || effect.do === "stop")
		).toEqual([]);
	});

	it("distinguish orders that wait for the customer from those that wait for the provider", () => {
		const paying = situations(["payment_pending"], "forward")[0]!;
		const after = (awaits_customer: boolean) =>
			nextEffect(
				paying,
				{ do: "charge" },
				{ status: "processing", failure_code: null, awaits_customer }
			);
		expect(after(true)).toEqual({ do: "sleep", backoff: "customer", error: null });
		expect(after(false)).toEqual({ do: "sleep", backoff: "outcome", error: null });
	});

	it("let an order in review sleep long, and continue by the decision", () => {
		const situation: Situation = {
			status: "payment_review",
			step: "forward",
			cancelRequested: false,
			overdue: true,
			adopted: true,
			restocks: false
		};
		const asked: Effect = { do: "charge" };
		const answer = { failure_code: "not_charged", awaits_customer: false };
		const decided = (status: "review" | "succeeded" | "failed", cancelRequested = false) =>
			nextEffect({ ...situation, cancelRequested }, asked, { ...answer, status });
		expect(nextEffect(situation, firstEffect(situation), "locked")).toEqual(asked);
		expect(decided("review")).toEqual({ do: "sleep", backoff: "human", error: null });
		expect(decided("succeeded")).toEqual({ do: "commit" });
		expect(decided("failed")).toMatchObject({ do: "release", then: { to: "payment_failed" } });
		expect(decided("failed", true)).toMatchObject({ do: "release", then: { to: "cancelled" } });
	});

	it("refund a return, then restock it if requested, then publish the event", () => {
		const after = (kind: string) =>
			transitionsTo("returned").filter(({ previous }) => previous?.effect.do === kind);
		expect(after("restock_return").length + after("refund_return").length).toBe(
			transitionsTo("returned").length
		);
		expect(violations(after("restock_return"), ({ situation }) => situation.restocks)).toEqual([]);
		expect(violations(after("refund_return"), ({ situation }) => !situation.restocks)).toEqual([]);
		expect(
			violations(
				reached("restock_return"),
				({ previous }) => previous?.effect.do === "refund_return" && previous.answer === "refunded"
			)
		).toEqual([]);
		expect(
			violations(reached("refund_return"), ({ situation }) => situation.step === "return")
		).toEqual([]);
	});

	it.each(["refund_return", "restock_return"] as const)("leave a refused %s to staff", kind => {
		const situation = starts.find(({ step, restocks }) => step === "return" && restocks)!;
		expect(nextEffect(situation, { do: kind }, "refused")).toMatchObject({
			do: "sleep",
			backoff: "human",
			error: expect.any(String)
		});
	});

	it("leave a permanently refused refund to staff", () => {
		const situation = starts.find(({ step }) => step === "refund")!;
		const refused = nextEffect(situation, { do: "refund_order" }, "refused");
		expect(refused).toMatchObject({ do: "sleep", backoff: "human", error: expect.any(String) });
		expect(backoffs.human[0]).toBeGreaterThanOrEqual(600_000);
	});
});
