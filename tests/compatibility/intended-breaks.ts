/**
 * Changes of the present version that break callers or readers of the release before, and why they are made all the same.
 * compatibility.test.ts prints the text of each break that is not here. A change of an event needs a new version of its
 * golden files too, and CHANGELOG.md says what callers change in lines "- Breaking: …". The list is emptied after each release.
 */
export interface IntendedBreak {
	/** As the test prints it. */
	readonly text: string;
	readonly reason: string;
}

export const intendedBreaks: readonly IntendedBreak[] = [];
