import type { ContractSnapshot, TopicSnapshot } from "../../scripts/release/contract-snapshot.ts";

/** What readers of a topic rely on besides the schemas of its messages: where they are, their order, how long they are kept. */

interface MessageBreak {
	text: string;
	message: string;
	/** The event needs a new version too. */
	isEvent: boolean;
}

type Contracts = Pick<ContractSnapshot, "messages" | "topics">;

const key = (location: string | undefined) => location ?? "no member";

/** A message that left a topic or has another key, and one that is new in a topic that had readers before it. */
export function messageTopicBreaks(old: Contracts, present: Contracts): MessageBreak[] {
	return Object.entries(present.messages).flatMap(([message, is]) => {
		const was = old.messages[message];
		const gone = was?.topics.filter(topic => !is.topics.includes(topic)) ?? [];
		const added = is.topics.filter(topic => old.topics[topic] && !was?.topics.includes(topic));
		return [
			...gone.map(topic => ({
				text: `event ${message} is not in the topic ${topic} any more`,
				message,
				isEvent: true
			})),
			// Nodes of the release before dead-letter a message of a kind that they do not know.
			...added.map(topic => ({
				text: `event ${message} is new in the topic ${topic}, whose readers do not know it`,
				message,
				isEvent: false
			})),
			// The order of messages is that of one key, and a compacted topic keeps the last one of each key.
			...(was && was.key !== is.key
				? [
						{
							text: `event ${message}: key is ${key(is.key)}, was ${key(was.key)}`,
							message,
							isEvent: true
						}
					]
				: [])
		];
	});
}

/** How a topic keeps its messages. A longer time breaks no reader. */
export function topicBreaks(was: TopicSnapshot, is: TopicSnapshot): string[] {
	const cleanup = (topic: TopicSnapshot) => topic.cleanup.join(" and ");
	if (cleanup(was) !== cleanup(is))
		return [`cleanup policy is ${cleanup(is)}, was ${cleanup(was)}`];
	const [before, now] = [was.retentionMs ?? Infinity, is.retentionMs ?? Infinity];
	const hours = (ms: number) => (ms === Infinity ? "for ever" : `${ms / 3_600_000} h`);
	return now < before ? [`messages are kept ${hours(now)}, were ${hours(before)}`] : [];
}
