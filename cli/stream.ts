import { configOfCommand } from "../config/index.ts";
import { run } from "../launch/process/lifecycle.ts";
import {
	alternatives,
	commandLine,
	knownWord,
	onlyOptions,
	usageError
} from "../launch/process/command-line.ts";
import { addressOfShop } from "../launch/shop/running-shop.ts";
import type { Engine } from "../services/analytics/ownership/engine-log.ts";
import { operatorToken, ShopApi } from "./api-client/shop-api.ts";
import { tokenOfFile } from "./api-client/token-file.ts";
import { consumerGroups, type ConsumerGroup } from "../contracts/streams.ts";
import { runEngineCommand } from "./handover/engine-command.ts";
import { type RightsChange, runRightsCommand } from "./rights/set-rights.ts";
import { StreamOperator } from "./api-client/stream-operator.ts";

const usage = `Usage: npm run stream -- lag
       npm run stream -- dlq list [--redriven] | dlq show <id> | dlq redrive <id>|--all
       npm run stream -- replay --from <oldest|time|offset> --group analytics|notification|webhook [--dry-run]
       npm run stream -- refill --from <time> [--dry-run]
       npm run stream -- engine [builtin|flink] [--wait s]
       npm run stream -- rights [--add|--set]
Shows how far the consumers of a running shop have read, and replays events.
A replay of analytics clears the windows from that time on and recomputes them; a replay of notification or webhook
sends what was never sent, and repeats nothing.
  --from time      e.g. 2026-03-01T00:00:00Z; whole minutes
  --missing        of analytics: empty nothing, only count events that never were
  --no-notify      of notification and webhook: mark unsent events as sent
  --notify-again   of notification and webhook: send everything once more
  --dry-run        print the plan and replay nothing
  --url u          where the shop is (default: the one that runs here, else HOST and PORT)
  --token file     an admin's access token, read again for each request (default: made with the shop's own key)
refill publishes events again that a lost log had, then has every group look for those it never saw.
engine shows who publishes windows, or hands them over; it needs KAFKA_BROKERS, and for builtin DATABASE_URL.
  --wait s         seconds that the engine before gets to stop (default 60; less only where it is stopped)
rights shows how the rights of the shop's users of Kafka differ from what they need; it needs KAFKA_BROKERS.
  --set            make them so, as the user administrator
  --add            add what is missing, and remove nothing: before and while nodes of two versions run`;

const { values, positionals } = commandLine(
	usage,
	{
		from: { type: "string" },
		group: { type: "string" },
		url: { type: "string" },
		token: { type: "string" },
		all: { type: "boolean" },
		redriven: { type: "boolean" },
		"dry-run": { type: "boolean" },
		missing: { type: "boolean" },
		"no-notify": { type: "boolean" },
		"notify-again": { type: "boolean" },
		wait: { type: "string" },
		add: { type: "boolean" },
		set: { type: "boolean" }
	} as const,
	true
);

const dryRun = values["dry-run"] ?? false;

function modeOf(group: ConsumerGroup): string | undefined {
	const words = (["missing", "no-notify", "notify-again"] as const).filter(word => values[word]);
	if (words.length > 1) usageError(usage, `--${words[0]} and --${words[1]} exclude each other.`);
	const [word] = words;
	if (word && word !== "missing" && group === "analytics")
		usageError(usage, `analytics sends nothing: --${word} has no meaning there.`);
	return word && { missing: "missing", "no-notify": "quiet", "notify-again": "again" }[word];
}

function from(): string {
	return values.from ?? usageError(usage, "--from is required.");
}

function group(): ConsumerGroup {
	const found = consumerGroups.find(name => name === values.group);
	return found ?? usageError(usage, `--group is ${alternatives(consumerGroups)}.`);
}

const ofShop = ["url", "token"];
/** Command → its options. */
const options = {
	lag: ofShop,
	dlq: [...ofShop, "all", "redriven"],
	replay: [...ofShop, "from", "group", "dry-run", "missing", "no-notify", "notify-again"],
	refill: [...ofShop, "from", "dry-run"],
	engine: ["wait"],
	rights: ["add", "set"]
};
const commands = Object.keys(options) as (keyof typeof options)[];
const ofDeadLetters = ["list", "show", "redrive"] as const;

type Command = (operator: StreamOperator) => Promise<unknown>;

/** The engine to which windows are handed over; undefined where they are only shown. */
function engine(words: readonly string[]): Engine | undefined {
	const [name] = words;
	if (words.length > 1) usageError(usage, `Not understood: engine ${words.join(" ")}`);
	if (name === undefined || name === "builtin" || name === "flink") return name;
	return usageError(usage, `The engine is ${alternatives(["builtin", "flink"])}.`);
}

function waitMs(): number | undefined {
	if (values.wait === undefined) return undefined;
	if (!/^\d{1,4}$/.test(values.wait)) usageError(usage, "--wait is a whole number of seconds.");
	return Number(values.wait) * 1000;
}

/** By its words; commands that take an id have it as the last word. */
function commandOf(words: readonly string[]): Command {
	const [first = "", second = "", id] = words;
	const text = words.join(" ");
	if (first === "dlq") {
		if (!second) return usageError(usage, `Name what to do: dlq ${alternatives(ofDeadLetters)}.`);
		knownWord(usage, second, ofDeadLetters);
	}
	if (text === "lag") return operator => operator.lag();
	if (text === "dlq list") return operator => operator.list(values.redriven ?? false);
	if (text === "dlq redrive" && values.all)
		return async operator => ((await operator.redriveAll()) > 0 ? 1 : 0);
	if (text === "replay") {
		const [to, mode] = [group(), modeOf(group())];
		const request = { from: from(), dry_run: dryRun, ...(mode && { mode }) };
		return operator => operator.replay(to, request);
	}
	if (text === "refill") {
		const since = from();
		return operator => operator.refill(since, dryRun);
	}
	if (first === "dlq" && id && words.length === 3) {
		if (second === "show") return operator => operator.show(id);
		if (second === "redrive") return operator => operator.redrive(id);
	}
	return usageError(usage, `Not understood: ${text}`);
}

function assertOptions([word]: readonly string[]): void {
	if (word === undefined) usageError(usage, `Name a command: ${alternatives(commands)}.`);
	const command = knownWord(usage, word, commands);
	onlyOptions(usage, values, command, options[command]);
}

function rightsChange(): RightsChange | undefined {
	if (values.add && values.set) usageError(usage, "--add and --set exclude each other.");
	return values.set ? "set" : values.add ? "add" : undefined;
}

assertOptions(positionals);
/** It needs the log and no running shop. */
const ofEngine =
	positionals[0] === "engine" ? { to: engine(positionals.slice(1)), waitMs: waitMs() } : undefined;
const ofRights = positionals.join() === "rights" ? { change: rightsChange() } : undefined;
const command = ofEngine || ofRights ? undefined : commandOf(positionals);

run(async life => {
	const config = configOfCommand({ runsServices: false });
	if (ofRights) return life.end(await runRightsCommand(life, config, ofRights.change));
	if (!command) {
		await runEngineCommand(life, config, ofEngine?.to, ofEngine?.waitMs);
		return life.end(0);
	}
	const { token: file } = values;
	const token = file ? () => tokenOfFile(file) : () => operatorToken(config);
	const api = new ShopApi(addressOfShop(values.url, config), token);
	const code = await command(new StreamOperator(api));
	await life.end(typeof code === "number" ? code : 0);
});
