import tseslint from "typescript-eslint";

/** Type-aware rules that catch what the compiler does not: floating promises, unsafe awaits, dead code. */
export default tseslint.config(
	{ ignores: ["node_modules/", ".shop/", ".cache/", "coverage/"] },
	...tseslint.configs.recommended,
	{
		files: ["**/*.ts"],
		languageOptions: {
			parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname }
		},
		rules: {
			"@typescript-eslint/no-floating-promises": "error",
			"@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: false }],
			"@typescript-eslint/await-thenable": "error",
			"@typescript-eslint/consistent-type-imports": "error",
			"@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
			eqeqeq: ["error", "always", { null: "ignore" }],
			"max-lines": ["error", 400],
			"no-console": "error"
		}
	},
	{ files: ["**/*.cjs"], rules: { "@typescript-eslint/no-require-imports": "off" } },
	{
		files: ["cli/**", "launch/**", "load-tests/**", "scripts/**", "tests/**"],
		rules: { "no-console": "off" }
	}
);
