import {
	containersOf,
	ofKind,
	workloadsOf,
	type ClusterObject,
	type Workload
} from "../cluster-objects.ts";
import { faultOf, type Fault } from "../fault-lines.ts";
import { environmentOf } from "../node-environment.ts";

/** Addresses in settings, arguments and configuration files that lead to a Service. */

type Objects = readonly ClusterObject[];

interface Address {
	host: string;
	port: number;
	/** As it is written, with the path. */
	text: string;
}

/** Those that a client takes for an URL without a port. */
const defaultPorts: Readonly<Record<string, number>> = {
	http: 80,
	https: 443,
	nats: 4222,
	postgres: 5432,
	postgresql: 5432,
	tls: 4222
};

const name = "[a-z0-9][a-z0-9.-]*";
const path = `(?:[/?][^\\s"',]*)?`;
const withPort = new RegExp(`(?<![\\w.:-])(${name}):(\\d{2,5})(?![\\w:.@-])${path}`, "g");
const withoutPort = new RegExp(
	`\\b([a-z]+)://(?:[^\\s/@]*@)?((${name})${path})(?=[\\s"',]|$)`,
	"g"
);

function addressesIn(text: string): Address[] {
	return [
		...[...text.matchAll(withPort)].map(([all, host, port]) => ({
			host: host!,
			port: Number(port),
			text: all
		})),
		...[...text.matchAll(withoutPort)].flatMap(([, scheme, written, host]) => {
			const port = defaultPorts[scheme!];
			return port === undefined ? [] : [{ host: host!, port, text: written! }];
		})
	];
}

/** The Service that a name of DNS leads to: `postgres`, `postgres.shop`, or `postgres.shop.svc.cluster.local`. */
function serviceAt(objects: Objects, host: string): ClusterObject | undefined {
	return ofKind(objects, "Service").find(({ metadata }) => {
		const full = `${metadata.name}.${metadata.namespace}.svc.cluster.local`;
		return (
			host === metadata.name || (host.includes(".") && full.startsWith(`${host}.`)) || host === full
		);
	});
}

const portsOf = (service: ClusterObject) =>
	(service.spec.ports as { port: number }[]).map(({ port }) => port);

function addressFaults(objects: Objects, owner: ClusterObject, text: string): Fault[] {
	return addressesIn(text).flatMap(address => {
		const service = serviceAt(objects, address.host);
		if (!service || portsOf(service).includes(address.port)) return [];
		const { name: host } = service.metadata;
		return [
			faultOf(
				owner,
				address.text,
				`asks ${host} at ${address.port}, and the Service has ${portsOf(service).join()}`
			)
		];
	});
}

/** A host of one word is a name within the namespace. */
function missingServices(objects: Objects, owner: Workload, value: string): Fault[] {
	return addressesIn(value)
		.filter(
			({ host }) =>
				/^[a-z][a-z0-9-]*$/.test(host) && host !== "localhost" && !serviceAt(objects, host)
		)
		.map(({ host, text }) => faultOf(owner, text, `there is no Service ${host}`));
}

const isUrl = (value: string) => /^[a-z]+:\/\//.test(value);

function workloadFaults(objects: Objects, workload: Workload): Fault[] {
	const containers = containersOf(workload);
	const settings = containers.flatMap(one => Object.values(environmentOf(objects, one)));
	const words = containers.flatMap(({ command = [], args = [] }) => [...command, ...args]);
	return [
		...[...settings, ...words].flatMap(text => addressFaults(objects, workload, text)),
		...settings.filter(isUrl).flatMap(value => missingServices(objects, workload, value))
	];
}

const hasSameText = (one: Fault) => (other: Fault) =>
	other.object === one.object && other.word === one.word && other.text === one.text;

/** Each once, whichever settings of a workload have it. */
export function serviceAddressFaults(objects: Objects): Fault[] {
	const found = [
		...workloadsOf(objects).flatMap(one => workloadFaults(objects, one)),
		...ofKind(objects, "ConfigMap").flatMap(map =>
			Object.values(map.data ?? {}).flatMap(text => addressFaults(objects, map, text))
		)
	];
	return found.filter((one, index) => found.findIndex(hasSameText(one)) === index);
}
