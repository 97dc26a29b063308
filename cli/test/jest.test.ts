import { filesToRepeat, scoreOfFiles, type JestResults } from "./jest.ts";

type File = JestResults["testResults"][number];

const file = (name: string, ...statuses: string[]): File => ({
	name,
	status: statuses.length === 0 || statuses.includes("failed") ? "failed" : "passed",
	assertionResults: statuses.map(status => ({ status }))
});
const results = (...testResults: File[]): JestResults => ({ testResults });

describe("the score of files", () => {
	it.each<[string, JestResults, [number, number]]>([
		["no file", results(), [0, 0]],
		["tests of two files", results(file("a", "passed"), file("b", "passed")), [2, 0]],
		["failures", results(file("a", "passed", "failed", "failed")), [1, 2]],
		["skipped tests as nothing", results(file("a", "passed", "pending")), [1, 0]],
		["a file that could not be loaded as one failure", results(file("a")), [0, 1]]
	])("counts %s", (_, found, expected) => {
		const [passed, failed] = expected;
		expect(scoreOfFiles(found)).toEqual({ passed, failed });
	});

	it("leaves out files that run again", () => {
		const found = results(file("a", "passed"), file("b", "passed", "failed"));
		expect(scoreOfFiles(found, name => name !== "b")).toEqual({ passed: 1, failed: 0 });
	});
});

describe("files that run again by themselves", () => {
	const failed = (count: number) => Array.from({ length: count }, (_, i) => file(`${i}`, "failed"));

	it.each([0, 1, 3])("are all %d that failed", count => {
		expect(filesToRepeat(results(file("a", "passed"), ...failed(count)))).toHaveLength(count);
	});

	it("are none when more failed than a busy machine makes fail", () => {
		expect(filesToRepeat(results(...failed(4)))).toEqual([]);
	});
});
