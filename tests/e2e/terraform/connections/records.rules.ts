import type { Rule, StateResource } from "../test-report.ts";
import { valueIn } from "./wiring.rules.ts";

/** Names in DNS: those that lead to a load balancer, and those that prove to AWS whose a certificate is. */

const text = (value: unknown) => String(value);

/** A record of the host leads to another name, whose zone is that of AWS. */
export const aliases: Rule = of =>
	of("aws_route53_record").flatMap(({ address, values }) =>
		valueIn(values, "alias/0/zone_id") === values.zone_id
			? [`${address}: leads to its own zone`]
			: []
	);

const isAlias = ({ values }: StateResource) => valueIn(values, "alias/0") !== undefined;

/** Hosts of a URL among the settings of functions. */
const hostsIn = (functions: readonly StateResource[], setting: string) =>
	functions.map(
		({ values }) => new URL(text(valueIn(values, `environment/0/variables/${setting}`))).hostname
	);

/**
 * A public name leads to the load balancer whose certificate has it, or browsers refuse the connection. A name of a zone
 * that is made here, which is that of the VPC, is the one by which the function connects to the bus.
 */
export const entryHosts: Rule = of => {
	const inside = of("aws_route53_zone").map(({ values }) => values.zone_id);
	const certified = of("aws_acm_certificate").map(({ values }) => text(values.domain_name));
	const ofBus = hostsIn(of("aws_lambda_function"), "NATS_URL");
	return of("aws_route53_record")
		.filter(isAlias)
		.filter(({ values }) => {
			const hosts = inside.includes(values.zone_id) ? ofBus : certified;
			return !hosts.includes(text(values.name));
		})
		.map(({ address, values }) => `${address}: has the name ${text(values.name)}`);
};

/** Customers come by PUBLIC_URL. */
export const certificateHost: Rule = of => {
	const hosts = hostsIn(of("aws_lambda_function"), "PUBLIC_URL");
	return of("aws_acm_certificate")
		.filter(({ values }) => hosts.some(host => host !== values.domain_name))
		.map(({ address, values }) => `${address}: is of ${text(values.domain_name)}`);
};

interface Proof {
	resource_record_name: string;
	resource_record_type: string;
	resource_record_value: string;
}

/** Any other record is one of which the certificate waits in vain. */
export const proofs: Rule = of => {
	const wanted = of("aws_acm_certificate")
		.flatMap(({ values }) => values.domain_validation_options as Proof[])
		.map(one =>
			[one.resource_record_name, one.resource_record_type, one.resource_record_value].join(" ")
		);
	return of("aws_route53_record")
		.filter(one => !isAlias(one))
		.map(({ address, values }) => {
			const { name, type, records } = values;
			return [address, [name, type, ...(records as string[])].join(" ")] as const;
		})
		.filter(([, record]) => !wanted.includes(record))
		.map(([address, record]) => `${address}: proves nothing: ${record}`);
};
