import sequencer from "@jest/test-sequencer";

// Its types are those of its CommonJS form.
const Sequencer = sequencer as unknown as typeof sequencer.default;
type Tests = Parameters<(typeof Sequencer.prototype)["sort"]>[0];

/** Files that take a minute and more: started last, one of them would run alone for most of its time. */
const longest =
	/\/(shop-over-kafka|kafka|kafka-silence|chaos|crash|postgres-crash|stripe-mock|relay-lease|rest\.(cluster|parameter-group)|start|start-refusals|demo|challenge|stream|cluster|restore-reconcile|log-switch|rolling-upgrade|terraform|flink\/engine|flink\/windows|lambda\/conformance)\.test\.ts$/;

/** The long files first, which jest does by itself only when it remembers an earlier run. */
export default class LongestFirst extends Sequencer {
	override async sort(tests: Tests): Promise<Tests> {
		const sorted = await super.sort(tests);
		const isLong = ({ path }: Tests[number]) => longest.test(path);
		return [...sorted.filter(isLong), ...sorted.filter(test => !isLong(test))];
	}
}
