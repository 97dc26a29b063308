import { describeWith } from "../../support/describe-with.ts";
import { render } from "../cluster-objects.ts";
import { report } from "../fault-lines.ts";
import { flows } from "../flows.rules.ts";
import { buildWithinMs } from "../kustomize-program.ts";
import { manifestFaults } from "../manifests.rules.ts";
import { schemaFaults } from "../object-schemas.ts";
import { plantFaults, type PlantedFault } from "./planting.ts";

/** Values that are right by themselves, and wrong beside others: one tree for each overlay. */

const ofProduction: PlantedFault[] = [
	[
		"a command that is not there",
		"base/migration.yaml",
		"cli/migrate.ts",
		"cli/migrat.ts",
		"k8s/base/migration.yaml:{line}: Job/migrate: migrate runs cli/migrat.ts, which the image does not have"
	],
	[
		"a command that is left out of the image",
		"base/services/user.yaml",
		"          env:",
		"          args: [cli/bench.ts]\n          env:",
		"k8s/base/services/user.yaml:{line}: Deployment/user: node runs cli/bench.ts, which the image does not have"
	],
	[
		"a range of ports",
		"components/network-policies/bus.yaml",
		"port: 4222 }",
		"port: 4222, endPort: 65535 }",
		"k8s/components/network-policies/bus.yaml:{line}: NetworkPolicy/node-to-nats: allows all ports from 4222 to 65535, and not one"
	],
	[
		"a quantity that is none",
		"base/services/node.patch.yaml",
		"memory: 384Mi",
		"memory: 384MB",
		'k8s/base/services/node.patch.yaml:{line}: Deployment/order: spec.template.spec.containers.0.resources.limits.memory must match format "quantity"'
	],
	[
		"a value of another type",
		"base/services/node.patch.yaml",
		"revisionHistoryLimit: 5",
		'revisionHistoryLimit: "5"',
		"k8s/base/services/node.patch.yaml:{line}: Deployment/payment: Type 'string' is not assignable to type 'number'"
	],
	[
		"an autoscaler of another version",
		"base/services/order.yaml",
		"    apiVersion: apps/v1",
		"    apiVersion: apps/v2",
		"k8s/base/services/order.yaml:{line}: HorizontalPodAutoscaler/order: scales Deployment order of apps/v2, which is of apps/v1"
	],
	[
		"a port that is none",
		"base/services/gateway-entry.yaml",
		"port: 80\n",
		"port: 70000\n",
		"k8s/base/services/gateway-entry.yaml:{line}: Service/gateway: port 70000 is no port"
	],
	[
		"no folder for files",
		"base/services/node.patch.yaml",
		"mountPath: /tmp",
		"mountPath: /temp",
		"k8s/base/services/webhook.yaml:{line}: Deployment/webhook: node has no /tmp that it may write to",
		["base/services/webhook.yaml", "- name: node"]
	],
	[
		"another user than that of the image",
		"base/services/node.patch.yaml",
		"runAsUser: 10001",
		"runAsUser: 20002",
		"k8s/base/services/node.patch.yaml:{line}: Deployment/order: node has runAsUser 20002, and the image 10001"
	],
	[
		"a constraint of other pods",
		"base/services/node.patch.yaml",
		"component: node\n          matchLabelKeys",
		"component: nodes\n          matchLabelKeys",
		"k8s/base/services/node.patch.yaml:{line}: Deployment/order: its pods are not those that it spreads over topology.kubernetes.io/zone"
	],
	[
		"a stop that finds no server",
		"base/nats/server.yaml",
		"ldm=/tmp/nats.pid",
		"ldm=/run/nats.pid",
		"k8s/base/nats/server.yaml:{line}: StatefulSet/nats: its preStop reads the process from /run/nats.pid, and it is written to /tmp/nats.pid"
	],
	[
		"another host than that of links",
		"overlays/production/kustomization.yaml",
		"value: shop.example",
		"value: shop2.example",
		"k8s/overlays/production/kustomization.yaml:{line}: Ingress/gateway: serves shop2.example, and PUBLIC_URL leads to shop.example"
	],
	[
		"a certificate of another host",
		"components/aws/load-balancer.patch.yaml",
		"  ingressClassName: alb",
		"  ingressClassName: alb\n  tls: [{ hosts: [other.example] }]",
		"k8s/overlays/production/kustomization.yaml:{line}: Ingress/gateway: has no certificate of shop2.example",
		["overlays/production/kustomization.yaml", "value: shop2.example"]
	],
	[
		"a health check of a path that is not served",
		"components/aws/load-balancer.patch.yaml",
		"healthcheck-path: /health/ready",
		"healthcheck-path: /healthz",
		"k8s/components/aws/load-balancer.patch.yaml:{line}: Ingress/gateway: its health check asks /healthz, which is not /health/ready of the gateway"
	],
	[
		"an Ingress that no controller serves",
		"components/aws/load-balancer.patch.yaml",
		"ingressClassName: alb",
		"ingressClassName: nginx",
		"k8s/components/aws/load-balancer.patch.yaml:{line}: Ingress/gateway: no controller serves the class nginx"
	],
	[
		"an autoscaler that adds none",
		"base/services/payment.yaml",
		"averageUtilization: 75",
		"averageUtilization: 7500",
		"k8s/base/services/payment.yaml:{line}: HorizontalPodAutoscaler/payment: scales by memory at 7500 %, which is not from 1 to 100"
	],
	[
		"a container without a seccomp profile",
		"base/services/analytics.yaml",
		"          env:",
		"          securityContext: { seccompProfile: { type: Unconfined } }\n          env:",
		"k8s/base/services/analytics.yaml:{line}: Deployment/analytics: node has the seccomp profile Unconfined"
	],
	[
		"a port of the machine",
		"base/services/webhook.yaml",
		"          env:",
		"          ports: [{ name: health, containerPort: 9000, hostPort: 9000 }]\n          env:",
		"k8s/base/services/webhook.yaml:{line}: Deployment/webhook: node takes the port 9000 of its machine"
	],
	[
		"processes of a pod that see each other",
		"base/services/notification.yaml",
		"      containers:",
		"      shareProcessNamespace: true\n      containers:",
		"k8s/base/services/notification.yaml:{line}: Deployment/notification: its containers see the processes of each other (shareProcessNamespace)"
	],
	[
		"a start that is cut off",
		"base/services/node.patch.yaml",
		"failureThreshold: 60",
		"failureThreshold: 6",
		"k8s/base/services/node.patch.yaml:{line}: Deployment/order: node is killed after 12 s of its start, which may take 60"
	],
	[
		"secrets of another folder",
		"overlays/production/kustomization.yaml",
		"value: moleculer-commerce/production/",
		"value: moleculer-commerce/prod/",
		"k8s/overlays/production/kustomization.yaml:{line}: SecretStore/secrets: reads secrets below moleculer-commerce/prod/, and DEPLOYMENT.md says moleculer-commerce/production/"
	],
	[
		"users of Kafka of another environment",
		"overlays/production/kustomization.yaml",
		"value: AmazonMSK_moleculer-commerce-production-",
		"value: AmazonMSK_moleculer-commerce-staging-",
		"k8s/overlays/production/kustomization.yaml:{line}: SecretStore/kafka: reads secrets below AmazonMSK_moleculer-commerce-staging-, and DEPLOYMENT.md says AmazonMSK_moleculer-commerce-production-"
	],
	[
		"another secret without a prefix",
		"overlays/production/kustomization.yaml",
		"secret:rds!db-example",
		"secret:shop-example",
		"ExternalSecret/migrate: reads username of arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-example, which is not its own"
	],
	[
		"a store that is not there",
		"components/aws/owner.patch.yaml",
		"name: owner",
		"name: owners",
		"ExternalSecret/migrate: there is no SecretStore owners"
	],
	[
		"no key of tokens",
		"base/secrets.yaml",
		'        TOKEN_PUBLIC_KEY: "{{ .TOKEN_PUBLIC_KEY }}"\n',
		"",
		"k8s/base/services/gateway.patch.yaml:{line}: Deployment/gateway: has neither TOKEN_PUBLIC_KEY or TOKEN_PRIVATE_KEY nor a DATA_DIR that is kept",
		["base/services/gateway.patch.yaml", "  name: gateway"]
	],
	[
		"the user of Kafka of another service",
		"base/secrets.yaml",
		"        key: order\n        property: username",
		"        key: product\n        property: username",
		"k8s/base/secrets.yaml:{line}: ExternalSecret/order: reads username of product, which is not its own"
	],
	[
		"the password of the bus of another service",
		"base/secrets.yaml",
		"    - secretKey: nats\n      remoteRef:\n        key: nats-analytics",
		"    - secretKey: nats\n      remoteRef:\n        key: nats-webhook",
		"k8s/base/secrets.yaml:{line}: ExternalSecret/analytics: reads NATS_PASSWORD of nats-webhook, which is not its own"
	],
	[
		"a user of the bus with the password of another one",
		"base/secrets.yaml",
		"    - secretKey: NATS_USER_PASSWORD\n      remoteRef:\n        key: nats-user",
		"    - secretKey: NATS_USER_PASSWORD\n      remoteRef:\n        key: nats-order",
		"Deployment/user: has not the password that the bus has for it"
	],
	[
		"the private key of tokens for the gateway",
		"base/secrets.yaml",
		"        property: TOKEN_PUBLIC_KEY",
		"        property: TOKEN_PRIVATE_KEY",
		"k8s/base/secrets.yaml:{line}: ExternalSecret/gateway: reads TOKEN_PRIVATE_KEY of token, which is not its own",
		["base/secrets.yaml", "        key: token"]
	],
	[
		"the keys of Stripe in the secret that Terraform writes",
		"base/secrets.yaml",
		"        key: stripe\n        property: STRIPE_SECRET_KEY",
		"        key: user\n        property: STRIPE_SECRET_KEY",
		"k8s/base/secrets.yaml:{line}: ExternalSecret/payment: reads STRIPE_SECRET_KEY of user, which is not its own"
	],
	[
		"an image of no version",
		"base/nats/server.yaml",
		"nats:2.15.1-alpine",
		"nats:alpine",
		"k8s/base/nats/server.yaml:{line}: StatefulSet/nats: the image nats:alpine is not pinned"
	]
];

const ofDev: PlantedFault[] = [
	[
		"a port of a pod that no policy allows",
		"overlays/dev/servers/kafka.yaml",
		"containerPort: 9092",
		"containerPort: 9093",
		"k8s/overlays/dev/servers/network-policies.yaml:{line}: NetworkPolicy/to-kafka: allows the port 9092 of StatefulSet/kafka, which it does not have",
		["overlays/dev/servers/network-policies.yaml", "port: 9092 }"]
	],
	[
		"a port of a Service that no URL names",
		"overlays/dev/servers/postgres.yaml",
		"port: 5432\n",
		"port: 5433\n",
		"k8s/overlays/dev/secrets.yaml:{line}: Deployment/order: asks postgres at 5432, and the Service has 5433",
		["overlays/dev/secrets.yaml", "@postgres:5432/"]
	],
	[
		"a Service of which a broker is called otherwise",
		"overlays/dev/settings.env",
		"KAFKA_BROKERS=kafka:9092",
		"KAFKA_BROKERS=kafka:9096",
		"k8s/overlays/dev/settings.env:{line}: Deployment/order: asks kafka at 9096, and the Service has 9092"
	],
	[
		"a host that is no Service",
		"overlays/dev/secrets.yaml",
		"development-webhook@postgres:5432/shop\n---",
		"development-webhook@postgress:5432/shop\n---",
		"k8s/overlays/dev/secrets.yaml:{line}: Job/migrate: there is no Service postgress"
	],
	[
		"no folder for the key of tokens",
		"overlays/dev/kustomization.yaml",
		"name: user|gateway|payment",
		"name: gateway|payment",
		"k8s/base/services/user.yaml:{line}: Deployment/user: has neither TOKEN_PRIVATE_KEY nor a DATA_DIR that is kept",
		["base/services/user.yaml", "kind: Deployment\nmetadata:\n  name: user"]
	],
	[
		"a folder for data that is not where it is looked for",
		"overlays/dev/data-folder.patch.yaml",
		"value: /data",
		"value: /other",
		"k8s/base/services/payment.yaml:{line}: Deployment/payment: has neither STRIPE_SECRET_KEY nor a DATA_DIR that is kept",
		["base/services/payment.yaml", "kind: Deployment\nmetadata:\n  name: payment"]
	],
	[
		"an image of no version",
		"overlays/dev/servers/postgres.yaml",
		"postgres:18.4-alpine",
		"postgres:alpine",
		"k8s/overlays/dev/servers/postgres.yaml:{line}: StatefulSet/postgres: the image postgres:alpine is not pinned"
	]
];

describeWith("kustomize")("values that do not fit", () => {
	it.each([
		["overlays/production", ofProduction],
		["overlays/dev", ofDev]
	] as const)(
		"are reported with their file and line: %s",
		(overlay, rows) => {
			const { folder, expected } = plantFaults(rows);
			const objects = render(overlay, folder);
			const found = report([...manifestFaults(objects), ...schemaFaults(objects)], folder);
			expect(expected.filter(line => !found.some(one => one.includes(line)))).toEqual([]);
		},
		buildWithinMs
	);

	it(
		"are flows that the architecture has not",
		() => {
			const policies = "components/network-policies";
			const { folder } = plantFaults([
				["a range", `${policies}/bus.yaml`, "port: 4222 }", "port: 4222, endPort: 65535 }", ""],
				["another label", `${policies}/every-pod.yaml`, "k8s-app: kube-dns", "k8s-ap: kube-dns", ""]
			]);
			expect(flows(render("overlays/production", folder))).toEqual(
				expect.arrayContaining([
					"order → nats:4222-65535 (refused by nats)",
					"order → kube-system/k8s-ap=kube-dns:UDP 53"
				])
			);
		},
		buildWithinMs
	);
});
