/**
 * What each environment has, on the resources themselves, kind by kind. It stands here once more, so that another size is a
 * decision.
 */
export interface Sizes {
	/** Kinds of instances of the node group, and between how many of them the autoscaler may choose. */
	machines: { types: string[]; kind: string; min: number; max: number; diskGib: number };
	database: {
		class: string;
		hasStandby: boolean;
		gib: [initial: number, most: number];
		connections: string;
		backupDays: number;
		dropsBackups: boolean;
		leavesSnapshot: boolean;
		isProtected: boolean;
	};
	brokers: {
		count: number;
		type: string;
		gib: number;
		mostGib: number;
		/** All that the configuration of the cluster sets. */
		properties: Record<string, string>;
	};
	network: { subnets: number; nat: number; endpoints: string[] };
	table: { billing: string; isRecoverable: boolean; isProtected: boolean };
	/** Days after which old versions, and all objects, are removed; null for never. */
	buckets: Record<string, { oldDays: number; allDays: number | null; isProtected: boolean }>;
	images: { kept: number; isProtected: boolean };
	cluster: { support: string; isProtected: boolean };
	/** Of every log group. */
	logDays: number[];
	/** Days in which a key, or a secret, can be restored after it was deleted. */
	restoreDays: { keys: number[]; secrets: number[] };
	/** Requests of one address in 5 minutes. */
	requests: number;
	budgetUsd: string;
}

const bucketsOf = (isProtected: boolean): Sizes["buckets"] => ({
	backups: { oldDays: 30, allDays: 365, isProtected },
	images: { oldDays: 30, allDays: null, isProtected },
	logs: { oldDays: 1, allDays: 90, isProtected }
});

/** Of each environment, because each has three brokers. */
const properties: Sizes["brokers"]["properties"] = {
	"auto.create.topics.enable": "false",
	"default.replication.factor": "3",
	"log.retention.hours": "168",
	"min.insync.replicas": "2",
	"offsets.topic.replication.factor": "3",
	"transaction.state.log.min.isr": "2",
	"transaction.state.log.replication.factor": "3",
	"unclean.leader.election.enable": "false"
};

export const sizes: Readonly<Record<"dev" | "staging" | "production", Sizes>> = {
	dev: {
		machines: { types: ["t3.large", "t3a.large"], kind: "SPOT", min: 2, max: 4, diskGib: 30 },
		database: {
			class: "db.t4g.small",
			hasStandby: false,
			gib: [20, 50],
			connections: "210",
			backupDays: 1,
			dropsBackups: true,
			leavesSnapshot: false,
			isProtected: false
		},
		brokers: { count: 3, type: "kafka.t3.small", gib: 10, mostGib: 40, properties },
		network: { subnets: 9, nat: 1, endpoints: [] },
		table: { billing: "PAY_PER_REQUEST", isRecoverable: true, isProtected: false },
		buckets: bucketsOf(false),
		images: { kept: 30, isProtected: false },
		cluster: { support: "STANDARD", isProtected: false },
		logDays: [7],
		restoreDays: { keys: [7], secrets: [0] },
		requests: 2000,
		budgetUsd: "500"
	},
	staging: {
		machines: { types: ["t3.large", "t3a.large"], kind: "ON_DEMAND", min: 3, max: 5, diskGib: 50 },
		database: {
			class: "db.t4g.medium",
			hasStandby: false,
			gib: [50, 200],
			connections: "250",
			backupDays: 7,
			dropsBackups: false,
			leavesSnapshot: true,
			isProtected: true
		},
		brokers: { count: 3, type: "kafka.t3.small", gib: 50, mostGib: 200, properties },
		network: { subnets: 9, nat: 1, endpoints: [] },
		table: { billing: "PAY_PER_REQUEST", isRecoverable: true, isProtected: true },
		buckets: bucketsOf(true),
		images: { kept: 30, isProtected: true },
		cluster: { support: "STANDARD", isProtected: true },
		logDays: [30],
		restoreDays: { keys: [30], secrets: [30] },
		requests: 2000,
		budgetUsd: "800"
	},
	production: {
		machines: { types: ["m7i.large", "m6i.large"], kind: "ON_DEMAND", min: 3, max: 9, diskGib: 50 },
		database: {
			class: "db.m7g.large",
			hasStandby: true,
			gib: [100, 1000],
			connections: "400",
			backupDays: 35,
			dropsBackups: false,
			leavesSnapshot: true,
			isProtected: true
		},
		brokers: { count: 3, type: "kafka.m7g.large", gib: 100, mostGib: 400, properties },
		network: {
			subnets: 9,
			nat: 3,
			endpoints: ["ecr.api", "ecr.dkr", "eks-auth", "secretsmanager", "sts"]
		},
		table: { billing: "PAY_PER_REQUEST", isRecoverable: true, isProtected: true },
		buckets: bucketsOf(true),
		images: { kept: 30, isProtected: true },
		cluster: { support: "STANDARD", isProtected: true },
		logDays: [90],
		restoreDays: { keys: [30], secrets: [30] },
		requests: 2000,
		budgetUsd: "2000"
	}
};

export type Environment = keyof typeof sizes;
