/**
 * Settings for programs that tests build by Go: a build that is not optimised takes half of the processor time, and builds
 * with the same settings share the packages of Go itself.
 */
export const quickGoBuild = {
	CGO_ENABLED: "0",
	GOFLAGS: "'-gcflags=all=-N -l' '-ldflags=-s -w'"
};
