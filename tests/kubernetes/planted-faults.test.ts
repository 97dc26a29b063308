import { describeWith } from "../support/describe-with.ts";
import { plantFaults, type PlantedFault } from "./agreement/planting.ts";
import { render } from "./cluster-objects.ts";
import { report } from "./fault-lines.ts";
import { buildWithinMs } from "./kustomize-program.ts";
import { manifestFaults } from "./manifests.rules.ts";

/** Each in a file of one tree, which is rendered once. */
const planted: PlantedFault[] = [
	[
		"an unknown setting",
		"base/settings.env",
		"SHUTDOWN_DELAY_MS=5000",
		"SHUTDOWN_DELAY_M=5000",
		"k8s/base/settings.env:{line}: Deployment/order: SHUTDOWN_DELAY_M is no setting of the shop"
	],
	[
		"a variable that no setting is called like",
		"base/services/order.yaml",
		"            - name: SERVICES",
		'            - { name: SAGA_POL_MS, value: "1" }\n            - name: SERVICES',
		"k8s/base/services/order.yaml:{line}: Deployment/order: SAGA_POL_MS is no setting of the shop"
	],
	[
		"a secret that is not there",
		"base/services/order.yaml",
		"secretRef:\n                name: order",
		"secretRef:\n                name: orders",
		"k8s/base/services/order.yaml:{line}: Deployment/order: there is no Secret orders"
	],
	[
		"a port twice",
		"base/nats/server.yaml",
		"- name: cluster\n              containerPort: 6222",
		"- name: routes\n              containerPort: 4222",
		"k8s/base/nats/server.yaml:{line}: StatefulSet/nats: the port 4222 (routes) is there twice"
	],
	[
		"an image without a tag",
		"base/nats/server.yaml",
		"nats:2.15.1-alpine",
		"nats",
		"k8s/base/nats/server.yaml:{line}: StatefulSet/nats: the image nats has no tag"
	],
	[
		"a target that is not there",
		"base/services/payment.yaml",
		"kind: Deployment\n    name: payment",
		"kind: Deployment\n    name: payments",
		"k8s/base/services/payment.yaml:{line}: HorizontalPodAutoscaler/payment: there is no Deployment payments to scale"
	],
	[
		"a port twice in a Service",
		"base/services/gateway-entry.yaml",
		"      targetPort: http\n",
		"      targetPort: http\n    - { name: again, port: 80, targetPort: http }\n",
		"k8s/base/services/gateway-entry.yaml:{line}: Service/gateway: the port 80 (again) is there twice"
	],
	[
		"a variable from a secret that is not there",
		"base/services/user.yaml",
		"            - name: SERVICES",
		"            - { name: LOG_LEVEL, valueFrom: { secretKeyRef: { name: users, key: x } } }\n            - name: SERVICES",
		"k8s/base/services/user.yaml:{line}: Deployment/user: there is no Secret users"
	],
	[
		"a variable from a member that is not there",
		"base/services/product.yaml",
		"            - name: SERVICES",
		"            - { name: LOG_LEVEL, valueFrom: { secretKeyRef: { name: product, key: LOG } } }\n            - name: SERVICES",
		"k8s/base/services/product.yaml:{line}: Deployment/product: the Secret product has no member LOG"
	],
	[
		"the user root",
		"base/migration.yaml",
		"runAsUser: 10001",
		"runAsUser: 0",
		"k8s/base/migration.yaml:{line}: Job/migrate: runs as root (runAsUser 0)"
	],
	[
		"a namespace that is not restricted",
		"base/namespace.yaml",
		"enforce: restricted",
		"enforce: baseline",
		"k8s/base/namespace.yaml:{line}: Namespace/moleculer-commerce: enforces the level baseline, not restricted"
	],
	[
		"a budget that lets no pod go",
		"base/services/webhook.yaml",
		"maxUnavailable: 1",
		"maxUnavailable: 0",
		"k8s/base/services/webhook.yaml:{line}: PodDisruptionBudget/webhook: lets none of 2 pods of webhook go (maxUnavailable: 0)"
	],
	[
		"a budget that needs all pods",
		"base/services/analytics.yaml",
		"maxUnavailable: 1",
		"minAvailable: 2",
		"k8s/base/services/analytics.yaml:{line}: PodDisruptionBudget/analytics: lets none of 2 pods of analytics go (minAvailable: 2)"
	],
	[
		"payment nodes that are scaled by processor time",
		"base/services/payment.yaml",
		"        name: memory",
		"        name: cpu",
		"k8s/base/services/payment.yaml:{line}: HorizontalPodAutoscaler/payment: scales by cpu, and not by memory"
	],
	[
		"an autoscaler of what is not requested",
		"base/services/order.yaml",
		"        name: cpu",
		"        name: storage",
		"k8s/base/services/order.yaml:{line}: HorizontalPodAutoscaler/order: scales by storage, which node does not request"
	],
	[
		"a probe of a path that is not served",
		"base/services/node.patch.yaml",
		"path: /health/ready",
		"path: /healthz/ready",
		"k8s/base/services/node.patch.yaml:{line}: Deployment/order: its readinessProbe asks /healthz/ready, which the node does not serve"
	],
	[
		"the user of another service",
		"base/secrets.yaml",
		"tls://webhook:",
		"tls://hook:",
		"k8s/base/secrets.yaml:{line}: Deployment/webhook: is the user hook of the bus"
	],
	[
		"another port of the bus",
		"base/secrets.yaml",
		"NATS_URL: tls://notification:{{ .nats }}@nats:4222",
		"NATS_URL: tls://notification:{{ .nats }}@nats:4223",
		"k8s/base/secrets.yaml:{line}: Deployment/notification: there is no Service at nats:4223, where it looks for the bus"
	],
	[
		"a password of the bus that is missing",
		"base/secrets.yaml",
		"secretKey: NATS_PRODUCT_PASSWORD",
		"secretKey: NATS_PRODUCTS_PASSWORD",
		"k8s/base/secrets.yaml:{line}: StatefulSet/nats: NATS_PRODUCTS_PASSWORD of the secret nats is of no user in permissions.conf"
	],
	[
		"a bus that is killed before its clients left",
		"base/nats/server.yaml",
		"terminationGracePeriodSeconds: 60",
		"terminationGracePeriodSeconds: 30",
		"k8s/base/nats/server.yaml:{line}: StatefulSet/nats: its clients leave within 30 s (lame_duck_duration), and it is killed after 30 s"
	],
	[
		"a namespace that the bus does not allow",
		"base/settings.env",
		"SHOP_NAMESPACE=shop",
		"SHOP_NAMESPACE=store",
		"SHOP_NAMESPACE is store, and permissions.conf allows subjects of shop"
	],
	[
		"a route to no pod",
		"overlays/production/nats-cluster.conf",
		"nats://nats-2.nats-cluster:6222",
		"nats://nats-3.nats-cluster:6222",
		"k8s/overlays/production/nats-cluster.conf:{line}: StatefulSet/nats: there is no pod at nats://nats-3.nats-cluster:6222"
	]
];

describeWith("kustomize")("faults in manifests", () => {
	it(
		"are reported with their file and line",
		() => {
			const { folder, expected } = plantFaults(planted);
			const found = report(manifestFaults(render("overlays/production", folder)), folder);
			expect(expected.filter(line => !found.some(one => one.includes(line)))).toEqual([]);
		},
		buildWithinMs
	);
});
