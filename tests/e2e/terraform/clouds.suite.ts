import { blocksOf } from "../../../scripts/terraform/hcl-blocks.ts";
import { read } from "./places.rules.ts";
import type { State } from "./test-report.ts";

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
}
