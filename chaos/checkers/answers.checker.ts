import { grouped, type Checker } from "./checker.ts";
import type { Entry } from "../evidence/client-history.ts";

const answered = (outcomes: readonly Entry[]) =>
	grouped(
		outcomes.filter(({ phase, key }) => phase === "ok" && key),
		({ op, user, key }) => `${op} ${user} ${key}`
	);

export const answers: Checker = {
	promise: "P7",
	title: "The same key gets the same answer, byte for byte",
	examined: ({ outcomes }) => {
		const keys = answered(outcomes);
		const count = [...keys.values()].reduce((total, entries) => total + entries.length, 0);
		return `${count} answers under ${keys.size} keys`;
	},
	violations: ({ outcomes }) =>
		[...answered(outcomes)]
			.map(([key, entries]) => ({ key, entries, shas: new Set(entries.map(({ sha }) => sha)) }))
			.filter(({ shas }) => shas.size > 1)
			.map(({ key, entries, shas }) => ({
				what: `${key}: ${shas.size} different answers among ${entries.length}`,
				order_id: entries[0]!.order_id
			}))
};
