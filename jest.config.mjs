/**
 * Two projects: `unit` needs nothing but Node; `system` needs the servers that tests/support/servers/global-setup.ts
 * starts (Postgres, nats-server). Types are checked by tsc, not here.
 */
const shared = {
	testEnvironment: "node",
	transform: {
		"^.+\\.(ts|js|mjs)$": [
			"@swc/jest",
			{
				jsc: { target: "es2023", parser: { syntax: "typescript" } },
				module: { type: "commonjs" }
			}
		]
	},
	// These are ES modules only, or import modules of Node when they are used; jest runs CommonJS.
	transformIgnorePatterns: [
		"node_modules/(?!(@opentelemetry/otlp-exporter-base|@seriousme|cockatiel|iso-3166|jose|uuid)/)"
	],
	testPathIgnorePatterns: ["/node_modules/", "/\\.shop/", "/\\.cache/"],
	modulePathIgnorePatterns: ["/\\.shop/", "/\\.cache/"]
};

export default {
	testSequencer: "<rootDir>/tests/support/longest-first.ts",
	projects: [
		{
			...shared,
			displayName: "unit",
			// Of every folder, so that those of a new one are not forgotten.
			testMatch: ["<rootDir>/**/*.test.ts"],
			testPathIgnorePatterns: [
				...shared.testPathIgnorePatterns,
				"<rootDir>/tests/(integration|e2e)/"
			]
		},
		{
			...shared,
			displayName: "system",
			testMatch: ["<rootDir>/tests/{integration,e2e}/**/*.test.ts"],
			setupFilesAfterEnv: ["<rootDir>/tests/support/servers/timeout.setup.ts"],
			globalSetup: "<rootDir>/tests/support/servers/global-setup.ts",
			globalTeardown: "<rootDir>/tests/support/servers/global-teardown.ts"
		}
	]
};
