import type { Rule } from "../test-report.ts";

/** The tunnels to Google Cloud. */

/** Four tunnels, each with a network of its own, whose routes are learned. */
export const tunnels: Rule = of => {
	const all = of("aws_vpn_connection");
	const ranges = all.flatMap(({ values }) => [
		values.tunnel1_inside_cidr,
		values.tunnel2_inside_cidr
	]);
	return [
		...(new Set(ranges).size === ranges.length ? [] : [`two tunnels have one range`]),
		...all
			.filter(({ values }) => values.static_routes_only !== false)
			.map(({ address }) => `${address}: learns no routes`)
	];
};

/**
 * Argument of a tunnel → what AWS accepts. Without it, or with more in it, AWS also accepts SHA-1 and group 2, of 1024 bits:
 * https://docs.aws.amazon.com/vpn/latest/s2svpn/VPNTunnels.html
 */
const accepted: Readonly<Record<string, readonly (string | number)[]>> = {
	ike_versions: ["ikev2"],
	phase1_dh_group_numbers: [14],
	phase1_encryption_algorithms: ["AES256-GCM-16"],
	phase1_integrity_algorithms: ["SHA2-256"],
	phase2_dh_group_numbers: [14],
	phase2_encryption_algorithms: ["AES256-GCM-16"],
	phase2_integrity_algorithms: ["SHA2-256"]
};

/** Of both tunnels of each connection. */
export const algorithms: Rule = of =>
	of("aws_vpn_connection").flatMap(({ address, values }) =>
		[1, 2].flatMap(tunnel =>
			Object.entries(accepted).flatMap(([name, wanted]) => {
				const argument = `tunnel${tunnel}_${name}`;
				const found = JSON.stringify(values[argument] ?? null);
				return found === JSON.stringify(wanted) ? [] : [`${address}: ${argument} is ${found}`];
			})
		)
	);
