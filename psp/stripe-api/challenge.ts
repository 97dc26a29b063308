import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Charge } from "../ledger/charge.ts";
import { answeredPage, missingPage, policy, questionPage } from "./challenge-page.ts";
import { formatAmount } from "./amounts/currency-rules.ts";
import type { Engine } from "../ledger/engine.ts";
import { bodyOf } from "./request-body.ts";
import { testMethod } from "../ledger/payment-methods.ts";

const prefix = "/challenge/";

/** The page of a charge that waits for its customer. */
export function challengeUrl(origin: string, { line }: Charge): string {
	return `${origin}${prefix}${line.ref}?secret=${line.challenge!.secret}`;
}

export function isChallenge(path: string): boolean {
	return path.startsWith(prefix);
}

/** Serves the page of a challenge and accepts its answer. */
export async function serveChallenge(
	engine: Engine,
	req: IncomingMessage,
	res: ServerResponse
): Promise<void> {
	const url = new URL(req.url!, "http://psp");
	const isPost = req.method === "POST";
	const form = isPost ? new URLSearchParams(await bodyOf(req)) : url.searchParams;
	const ref = url.pathname.slice(prefix.length);
	if (!engine.state.charge(ref)) await engine.refresh();
	const charge = engine.state.charge(ref);
	if (!charge || !opens(charge, form.get("secret"))) return send(res, 404, null, missingPage());
	const says = { approve: "approved", refuse: "refused" } as const;
	const answer = form.get("answer") as keyof typeof says;
	if (!isPost || !Object.hasOwn(says, answer)) return show(res, charge);
	await engine.answer(ref, says[answer]);
	const after = engine.state.charge(ref)!;
	const back = after.line.challenge!.return_url;
	if (!back) return show(res, after);
	res.writeHead(303, { Location: wayBack(back, after), "Cache-Control": "no-store" }).end();
}

function show(res: ServerResponse, charge: Charge): void {
	const { amount, currency, payment_method, challenge } = charge.line;
	const last4 = testMethod(payment_method)?.last4 ?? "????";
	const html =
		charge.status === "action_required"
			? questionPage(charge, formatAmount(amount, currency), last4)
			: answeredPage(charge);
	send(res, 200, challenge!.return_url, html);
}

function send(res: ServerResponse, status: number, back: string | null, html: string): void {
	const headers = {
		"Content-Type": "text/html; charset=utf-8",
		"Content-Security-Policy": policy(back),
		"X-Content-Type-Options": "nosniff",
		"Referrer-Policy": "no-referrer",
		"Cache-Control": "no-store"
	};
	res.writeHead(status, headers).end(html);
}

function opens({ line }: Charge, secret: string | null): boolean {
	const [right, given] = [Buffer.from(line.challenge?.secret ?? ""), Buffer.from(secret ?? "")];
	return right.length > 0 && right.length === given.length && timingSafeEqual(right, given);
}

function wayBack(returnUrl: string, { line, status }: Charge): string {
	const url = new URL(returnUrl);
	url.searchParams.set("payment_intent", line.ref);
	url.searchParams.set("redirect_status", status === "succeeded" ? "succeeded" : "failed");
	return url.href;
}
