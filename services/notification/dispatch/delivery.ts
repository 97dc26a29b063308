import type { NotificationChannel } from "../../../contracts/notification.ts";
import type { Contact } from "../../../contracts/user.ts";
import { derivedId } from "../../../lib/id.ts";
import { Refused, type Channel, type Dispatch } from "../channel.ts";
import type { Shop } from "../templates/content.templates.ts";
import type { Fact } from "../templates/facts.templates.ts";
import { afterRefusal, type Outcome, type Refusal } from "../notification.decisions.ts";
import type { Claim, StoredFact } from "../tracking-store.ts";
import { render } from "../templates/render.templates.ts";

/** The event as templates take it. */
export function factOf({ time, ...fact }: StoredFact): Fact {
	const at = new Date(time);
	if (fact.type !== "webhook.disabled") return { ...fact, at } as Fact;
	const since = fact.data.failing_since;
	return { ...fact, at, failingSince: since === null ? null : new Date(since) };
}

/** Subscribers of the SNS topic are programs: the message has no recipient's name. */
const noRecipient = { name: "", locale: "en" } as const;

const addressOf: Record<NotificationChannel, (contact: Contact) => string | null> = {
	email: ({ email }) => email,
	sms: ({ phone }) => phone,
	sns_topic: () => null
};

/** The dispatch of a message to one recipient. A resent message has its own id. */
export function dispatchesOf(claim: Claim, contacts: readonly Contact[], shop: Shop): Dispatch[] {
	const { id, event_id: eventId, resends, channel, fact: stored } = claim;
	const base = resends === 0 ? id : derivedId(id, `resend ${resends}`);
	const fact = factOf(stored);
	if (channel === "sns_topic")
		return [{ id: base, eventId, to: "", rendered: render(fact, noRecipient, shop), fact: stored }];
	return contacts.flatMap(contact => {
		const to = addressOf[channel](contact);
		// Each of several recipients has their own message.
		const own = claim.user_id === null ? derivedId(base, contact.id) : base;
		const rendered = render(fact, contact, shop);
		return to ? { id: own, eventId, to, rendered, fact: stored } : [];
	});
}

/** The error, without the address that providers often quote. */
function withoutAddress(reason: string, { to }: Dispatch): string {
	return (to ? reason.replaceAll(to, "the address") : reason).slice(0, 300);
}

/** The provider's id, or why the message was refused. */
async function send(channel: Channel, dispatch: Dispatch): Promise<string | Refusal> {
	try {
		return (await channel.send(dispatch)).providerId;
	} catch (error) {
		const known = error instanceof Refused;
		const refusal: Refusal = known
			? error.refusal
			: { kind: "temporary", reason: (error as Error).message };
		return { ...refusal, reason: withoutAddress(refusal.reason, dispatch) };
	}
}

const severity = { throttled: 0, temporary: 1, permanent: 2 } as const;

/**
 * Sends a message to all its recipients, and returns the outcome. If some of several recipients failed, it is
 * sent to all of them again, with the same ids, so that providers can deduplicate.
 */
export async function deliver(
	{ attempts }: Claim,
	dispatches: readonly Dispatch[],
	channel: Channel,
	chance: number
): Promise<{ outcome: Outcome; refusal?: Refusal }> {
	if (dispatches.length === 0)
		return { outcome: { state: "skipped", reason: "there is no address to send it to" } };
	const answers = await Promise.all(dispatches.map(dispatch => send(channel, dispatch)));
	const refusals = answers.filter(answer => typeof answer !== "string");
	const [first] = answers.filter(answer => typeof answer === "string");
	// A recipient who can never be reached must not prevent the others from being reached once.
	const [leastSevere] = refusals
		.filter(({ kind }) => kind !== "permanent" || first === undefined)
		.sort((a, b) => severity[a.kind] - severity[b.kind]);
	if (!leastSevere) return { outcome: { state: "sent", providerId: first! } };
	return { outcome: afterRefusal(leastSevere, attempts, chance), refusal: leastSevere };
}
