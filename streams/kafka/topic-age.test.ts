import { keptMs } from "./topic-age.ts";

it.each<[policy: string, bytes: string, ms: string, kept: number]>([
	["delete", "-1", "604800000", 604_800_000],
	["delete", "-1", "0", 0],
	["delete", "-1", "-1", Infinity],
	["delete", "1073741824", "604800000", 0],
	["delete", "0", "-1", 0],
	["compact", "-1", "604800000", 0],
	["compact,delete", "-1", "604800000", 0]
])("with cleanup.policy %s, retention.bytes %s, retention.ms %s", (policy, bytes, ms, kept) => {
	const settings = { "cleanup.policy": policy, "retention.bytes": bytes, "retention.ms": ms };
	expect(keptMs(new Map(Object.entries(settings)))).toBe(kept);
});

it("of a topic whose settings are not known", () => {
	expect(keptMs(new Map())).toBe(0);
});
