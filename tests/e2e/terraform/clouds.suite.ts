import { blocksOf } from "../../../scripts/terraform/hcl-blocks.ts";
import { firewallFaults } from "./network.rules.ts";
import { read } from "./places.rules.ts";
import type { State } from "./test-report.ts";

/** A rule of the firewall on Google Cloud with another value, and what is reported. */
const plantedFirewall: readonly [rule: string, argument: string, value: unknown, report: string][] =
	[
		[
			"no_egress",
			"priority",
			900,
			'denies what module.network.google_compute_firewall.egress["kafka"]'
		],
		["no_egress", "priority", 1000, "no_egress: denies what"],
		["no_egress", "priority", null, "no_egress: denies what"],
		["no_egress", "disabled", true, "no_egress: is not in force"],
		['egress["google"]', "priority", 65535, 'egress["google"] allows']
	];

/** Both sides of the tunnels between AWS and Google Cloud: what one has as an output is a variable of the other. */
export function cloudTests(aws: () => State, google: () => State): void {
	/** Members of a variable that is an object, or a list of objects. */
	const membersOf = (file: string, variable: string) => {
		const found = blocksOf(read(file), file).find(({ name }) => name === variable)!;
		return [...found.values.type!.matchAll(/^ +(\w+) +=/gm)].map(([, name]) => name).toSorted();
	};
	const keysOf = (value: unknown) => Object.keys(value as object).toSorted();

	it("AWS takes what Google Cloud says of its side of the tunnels", () => {
		const { vpn } = google().outputs;
		expect(keysOf(vpn!.value)).toEqual(membersOf("terraform/aws/variables.tf", "gcp_vpn"));
	});

	it("Google Cloud takes what AWS says of its side", () => {
		const tunnels = aws().outputs.vpn_tunnels!.value as object[];
		expect(tunnels).toHaveLength(4);
		for (const tunnel of tunnels)
			expect(keysOf(tunnel)).toEqual(membersOf("terraform/gcp/variables.tf", "aws_tunnels"));
	});

	it("the Flink job is submitted with the settings that its script reads", () => {
		const script = read("analytics/flink-job/submit.sh");
		const lines = String(google().outputs.submit_settings!.value).split("\n");
		const names = lines.map(line => /^export (\w+)=\S+$/.exec(line)![1]!);
		for (const name of names) expect(script).toMatch(new RegExp(`^  ${name} `, "m"));
		const [, required] = /for name in ([A-Z_ ]+); do/.exec(script)!;
		expect([...names, "KAFKA_BROKERS"]).toEqual(expect.arrayContaining(required!.split(" ")));
	});

	it("both sides have the same ranges", () => {
		const variable = (file: string, name: string) =>
			blocksOf(read(file), file).find(one => one.name === name)!.values.default;
		const { private: range } = aws().outputs.network_ranges!.value as Record<string, string>;
		expect(variable("terraform/gcp/variables.tf", "aws_range")).toBe(JSON.stringify(range));
	});

	it("rules of the firewall on Google Cloud deny what no other one allows, and nothing else", () => {
		const rules = google().resources.filter(({ type }) => type === "google_compute_firewall");
		expect(rules.length).toBeGreaterThan(5);
		expect(firewallFaults(google().resources)).toEqual([]);
	});

	it.each(plantedFirewall)(
		"%s with another %s, %s, is reported",
		(rule, argument, value, report) => {
			const changed = structuredClone(google().resources);
			const address = `module.network.google_compute_firewall.${rule}`;
			changed.find(one => one.address === address)!.values[argument] = value;
			expect(firewallFaults(changed).join("\n")).toContain(report);
		}
	);
}
