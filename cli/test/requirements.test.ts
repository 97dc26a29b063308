import { mayLeaveOut, partsLeftOut, requirements, type Requirement } from "./requirements.ts";

const having = (isThere: boolean): Requirement => ({
	part: "tests on the moon",
	remedy: "Fly there.",
	isThere: () => isThere
});

it("names each part that is left out in one line, with what would include it", () => {
	expect(partsLeftOut({ moon: having(false), sun: having(true) })).toEqual([
		"Left out: tests on the moon. Fly there."
	]);
	for (const { part, remedy } of Object.values(requirements)) {
		expect(part).toMatch(/^tests /);
		expect(remedy).toMatch(/^Install .+\.$/);
	}
});

it.each([
	["", true],
	["false", true],
	["0", true],
	["true", false],
	["1", false],
	["github", false]
])("with CI=%p parts may be left out: %p", (ci, expected) => {
	expect(mayLeaveOut(ci)).toBe(expected);
});
