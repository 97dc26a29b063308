import { mayLeaveOut, requirements, type RequirementName } from "../../cli/test/requirements.ts";

/** `describe` for tests that need programs: without one they are skipped, and fail where nothing may be left out. */
export function describeWith(...names: RequirementName[]): typeof describe | typeof describe.skip {
	const missing = names.map(name => requirements[name]).find(({ isThere }) => !isThere());
	if (!missing) return describe;
	if (mayLeaveOut()) return describe.skip;
	const { part, remedy } = missing;
	return ((title: string) =>
		describe(title, () => {
			it(`needs a program: ${part}`, () => {
				throw new Error(remedy);
			});
		})) as unknown as typeof describe;
}
