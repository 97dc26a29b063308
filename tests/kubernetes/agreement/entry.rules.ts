import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ofKind, type ClusterObject } from "../cluster-objects.ts";
import { faultOf, type Fault } from "../fault-lines.ts";
import { settingsOf } from "../pods.rules.ts";

/** The way in: the host, the class and the health checks of the Ingress. */

type Objects = readonly ClusterObject[];

/** Controllers that DEPLOYMENT.md asks for ("What a cluster needs"), by the class that they serve. */
const controllers: Readonly<Record<string, string>> = {
	alb: "AWS Load Balancer Controller"
};

const routes = join(import.meta.dirname, "../../../services/gateway/routes.ts");

/** Paths of the gateway that say whether it takes requests. */
const readyPaths = [...readFileSync(routes, "utf8").matchAll(/"GET (\/health\/ready)"/g)].map(
	([, path]) => path!
);

interface IngressSpec {
	ingressClassName?: string;
	rules: { host?: string }[];
	tls?: { hosts?: string[] }[];
}

/** The certificate is found by the host, and links in messages lead to PUBLIC_URL. */
function hostFaults(ingress: ClusterObject, publicUrl: string): Fault[] {
	const { rules, tls } = ingress.spec as IngressSpec;
	const { hostname } = new URL(publicUrl);
	const certified = tls?.flatMap(({ hosts = [] }) => hosts);
	return rules.flatMap(({ host = "any host" }) => [
		...(host === hostname
			? []
			: [faultOf(ingress, host, `serves ${host}, and PUBLIC_URL leads to ${hostname}`)]),
		...(!certified || certified.includes(host)
			? []
			: [faultOf(ingress, host, `has no certificate of ${host}`)])
	]);
}

function classFaults(ingress: ClusterObject): Fault[] {
	const { ingressClassName: name = "none" } = ingress.spec as IngressSpec;
	return Object.hasOwn(controllers, name)
		? []
		: [faultOf(ingress, `ingressClassName: ${name}`, `no controller serves the class ${name}`)];
}

/** A gateway that stops is not ready before it refuses connections. */
function healthFaults(ingress: ClusterObject): Fault[] {
	const path = ingress.metadata.annotations?.["alb.ingress.kubernetes.io/healthcheck-path"] ?? "/";
	return readyPaths.includes(path)
		? []
		: [
				faultOf(
					ingress,
					path,
					`its health check asks ${path}, which is not ${readyPaths.join()} of the gateway`
				)
			];
}

export const entryFaults = (objects: Objects): Fault[] =>
	ofKind(objects, "Ingress").flatMap(ingress => [
		...hostFaults(ingress, settingsOf(objects).PUBLIC_URL ?? ""),
		...classFaults(ingress),
		...healthFaults(ingress)
	]);
