import { mayLeaveOut, requirements, type RequirementName } from "../../cli/test/requirements.ts";

/** `describe` for tests that need a program: without it they are skipped, and fail where nothing may be left out. */
export function describeWith(name: RequirementName): typeof describe | typeof describe.skip {
	const { isThere, part, remedy } = requirements[name];
	if (isThere()) return describe;
	if (mayLeaveOut()) return describe.skip;
	return ((title: string) =>
		describe(title, () => {
			it(`needs a program: ${part}`, () => {
				throw new Error(remedy);
			});
		})) as unknown as typeof describe;
}
