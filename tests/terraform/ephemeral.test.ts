import { ephemeralFaults } from "./ephemeral.rules.ts";
import { filesOf } from "./module-files.ts";

const aws = filesOf("aws");

it.each(["aws", "gcp"])("each value that %s makes is written once", root => {
	expect(ephemeralFaults(filesOf(root))).toEqual([]);
});

const kafka = "modules/secrets/kafka.tf";
const main = "modules/secrets/main.tf";
const copy = (arguments_: string) =>
	`\nresource "aws_secretsmanager_secret_version" "function" {\n${arguments_}\n}\n`;

/** Fault, file, what is replaced and by what, and the report. */
it.each<[fault: string, file: string, from: string | RegExp, to: string, report: string]>([
	[
		"a copy of the bus's password for the function",
		main,
		/$/,
		copy('  secret_string_wo = ephemeral.random_password.bus["notification"].result'),
		`${main}: random_password.bus is used by aws_secretsmanager_secret_version.bus and aws_secretsmanager_secret_version.function`
	],
	[
		"a copy in another file",
		"modules/secrets/outputs.tf",
		/$/,
		copy("  secret_string_wo = ephemeral.tls_private_key.token.public_key_pem"),
		`${main}: tls_private_key.token is used by aws_secretsmanager_secret_version.token and aws_secretsmanager_secret_version.function`
	],
	[
		"a name for it, by which several may use it",
		kafka,
		"password = ephemeral.random_password.kafka[each.key].result",
		"password = local.passwords[each.key]",
		`${kafka}: random_password.kafka is used by nothing`
	],
	[
		"a table of it",
		kafka,
		/password = ephemeral[^ ]* \}/,
		'password = "" })\n}\n\nlocals {\n  all = ({ for user in local.kafka_users : user => ephemeral.random_password.kafka[user].result }',
		`${kafka}: random_password.kafka is used by locals, which is no resource`
	],
	[
		"a password for several users",
		kafka,
		"ephemeral.random_password.kafka[each.key]",
		'ephemeral.random_password.kafka["order"]',
		`${kafka}: random_password.kafka is that of another key in aws_secretsmanager_secret_version.kafka`
	],
	[
		"one password for all",
		main,
		/(ephemeral "random_password" "bus" \{\n) {2}for_each = .*\n/,
		"$1",
		`${main}: random_password.bus has not the keys of aws_secretsmanager_secret_version.bus`
	]
])("%s is reported", (_, file, from, to, report) => {
	const changed = { ...aws, [file]: aws[file]!.replace(from, to) };
	expect(changed[file]).not.toBe(aws[file]);
	expect(ephemeralFaults(changed)).toContain(report);
});
