import { transitions } from "../services/order/order.machine.ts";

/** The status transitions of an order as a mermaid diagram, from the table of order.machine.ts. */
export function orderStates(): string {
	const arrows = Object.entries<readonly string[]>(transitions).flatMap(([from, targets]) => {
		// Delivered is also an end, with or without a return; so is refunded, unless the refund comes back.
		const goesOn = ["return_requested", "refund_pending"];
		const mayEnd = from !== "confirmed" && targets.every(to => goesOn.includes(to));
		return [...targets, ...(mayEnd ? ["[*]"] : [])].map(to => `${from} --> ${to}`);
	});
	const lines = ["[*] --> pending", ...arrows].map(line => `    ${line}`);
	return ["```mermaid", "stateDiagram-v2", ...lines, "```"].join("\n");
}

/** The text with its part between `<!-- name -->` and `<!-- /name -->` replaced. @throws Error without them */
export function replaceBetween(text: string, name: string, part: string): string {
	const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
	const [from, to] = [text.indexOf(begin), text.indexOf(end)];
	if (from < 0 || to < from) throw new Error(`There is no ${begin} … ${end}`);
	return `${text.slice(0, from + begin.length)}\n\n${part}\n\n${text.slice(to)}`;
}
