import { variables } from "../config/env.ts";
import { nodeNames, serviceCalls, type NodeName } from "../config/node-servers.ts";

/**
 * What each node may publish and subscribe to. A request's subject ends in the id of the node that runs the action, which
 * begins with the name of its service (moleculer.config.ts), so a right to call is one to publish to these.
 */

const prefix = `MOL-${variables.SHOP_NAMESPACE.fallback}`;

/** Presence of nodes: to all, and of answers to one. */
const broadcasts = ["DISCOVER", "INFO", "HEARTBEAT", "PING", "DISCONNECT"];
const answers = ["DISCOVER", "INFO", "PING", "PONG"];

const callersOf = (name: NodeName): NodeName[] =>
	nodeNames.filter(caller => serviceCalls[caller].some(callee => callee === name));

/** Subjects without the prefix. */
function publishes(name: NodeName): string[] {
	return [
		...broadcasts,
		...answers.map(kind => `${kind}.>`),
		// Hints, on which nothing depends.
		"EVENT.>",
		...serviceCalls[name].map(callee => `REQ.${callee}.>`),
		...callersOf(name).map(caller => `RES.${caller}.>`)
	];
}

/** What is sent to all, and to its own nodes. */
const subscribes = (name: NodeName): string[] => [...broadcasts, `*.${name}.>`];

const list = (subjects: readonly string[]) =>
	subjects.map(subject => `\n        "${prefix}.${subject}"`).join("");

const user = (name: NodeName) => `  {
    user: "${name}"
    password: $NATS_${name.toUpperCase()}_PASSWORD
    permissions {
      publish: [${list(publishes(name))}
      ]
      subscribe: [${list(subscribes(name))}
      ]
    }
  }`;

/** The users of the bus of a cluster, as a part of the configuration of nats-server. */
export const natsPermissions = () => `# Written by npm run generate, from config/node-servers.ts.
authorization {
  users: [
${nodeNames.map(user).join("\n").replace(/^ {2}/gm, "    ")}
  ]
}
`;
