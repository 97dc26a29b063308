import { posix } from "node:path";
import ts from "typescript";
import { serviceNames, type ServiceName } from "../config/index.ts";
import { serviceCalls, type NodeName } from "../config/node-servers.ts";

/** The rules of the source tree, as one pure function from `{ path → source }` to violations. */

export type Sources = Readonly<Record<string, string>>;

interface Import {
	/** A file of the tree for a relative import, else the name of the package. */
	target: string;
	typeOnly: boolean;
	/** Names as the other file exports them; `*` for all of it. */
	names: string[];
}

interface File {
	path: string;
	source: string;
	ast: ts.SourceFile;
	imports: Import[];
}

interface Rule {
	name: string;
	/** What is wrong with the file, one text per place. */
	check(file: File): string[];
}

const isTest = (path: string) => path.startsWith("tests/") || path.endsWith(".test.ts");
const isTool = (path: string) =>
	/^(cli|launch|lambda|verify|workload|scripts|bench|chaos)\//.test(path);
const isProduct = (path: string) => !isTest(path) && !isTool(path);
const isPure = (path: string) =>
	!isTest(path) &&
	/(\.(machine|decisions|pricing|templates|window|allocation)|^lib\/(money|currency\/\w+|backoff))\.ts$/.test(
		path
	);
const serviceOf = (path: string) => /^services\/([^/]+)\//.exec(path)?.[1];

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
	visit(node);
	ts.forEachChild(node, child => walk(child, visit));
}

function collect(ast: ts.SourceFile, found: (node: ts.Node) => string | undefined): string[] {
	const texts: string[] = [];
	walk(ast, node => {
		const text = found(node);
		if (text) texts.push(text);
	});
	return texts;
}

function resolve(from: string, specifier: string): string {
	if (specifier.startsWith(".")) return posix.join(posix.dirname(from), specifier);
	const bare = specifier.replace(/^node:/, "");
	return bare.startsWith("@") ? bare.split("/", 2).join("/") : bare.split("/")[0]!;
}

function clauseNames(clause: ts.ImportClause): { names: string[]; typeOnly: boolean } {
	const bindings = clause.namedBindings;
	if (!bindings || ts.isNamespaceImport(bindings))
		return { names: ["*"], typeOnly: clause.phaseModifier === ts.SyntaxKind.TypeKeyword };
	const values = bindings.elements.filter(element => !element.isTypeOnly);
	return {
		names: bindings.elements.map(element => (element.propertyName ?? element.name).text),
		typeOnly:
			clause.phaseModifier === ts.SyntaxKind.TypeKeyword || (values.length === 0 && !clause.name)
	};
}

function importsOf(path: string, ast: ts.SourceFile): Import[] {
	const found: Import[] = [];
	walk(ast, node => {
		const specifier =
			ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
				? node.moduleSpecifier
				: ts.isCallExpression(node) &&
					  (node.expression.kind === ts.SyntaxKind.ImportKeyword ||
							node.expression.getText(ast) === "require")
					? node.arguments[0]
					: undefined;
		if (!specifier || !ts.isStringLiteralLike(specifier)) return;
		const clause = ts.isImportDeclaration(node) ? node.importClause : undefined;
		const bound = clause
			? clauseNames(clause)
			: { names: ["*"], typeOnly: ts.isExportDeclaration(node) && node.isTypeOnly };
		found.push({ target: resolve(path, specifier.text), ...bound });
	});
	return found;
}

/** A rule about imports: returns the targets that are refused. */
function arrow(name: string, refused: (from: string, to: Import) => boolean): Rule {
	return {
		name,
		check: ({ path, imports }) =>
			imports.filter(to => refused(path, to)).map(({ target }) => `→ ${target}`)
	};
}

/** A package that only some files may import (except as a type). */
function only(name: string, packages: RegExp, allowed: RegExp): Rule {
	return arrow(name, (from, to) =>
		Boolean(packages.test(to.target) && !to.typeOnly && !isTest(from) && !allowed.test(from))
	);
}

/** Folder → folders it may import from, besides itself. */
const layers: Record<string, string[]> = {
	lib: [],
	contracts: ["lib"],
	config: ["lib"],
	psp: ["lib"],
	http: ["lib", "contracts", "config"],
	db: ["lib", "contracts", "config"],
	idempotency: ["lib", "db"],
	streams: ["lib", "contracts", "config", "db"],
	mixins: ["lib", "contracts", "config", "db", "streams"],
	middlewares: ["lib", "contracts", "config"],
	services: "lib contracts config http db idempotency streams mixins psp".split(" "),
	"moleculer.config.ts": ["lib", "contracts", "config", "mixins", "middlewares"],
	launch: ["lib", "config", "db", "moleculer.config.ts"],
	lambda: "lib contracts config db streams mixins services moleculer.config.ts".split(" "),
	workload: ["lib", "contracts", "db"],
	verify: ["lib", "contracts", "config", "db", "streams", "services", "launch"],
	chaos: "lib contracts db psp streams services launch verify workload".split(" "),
	bench: ["lib", "contracts", "config", "streams", "services", "launch", "workload"],
	cli: "lib contracts config psp streams services launch verify chaos bench".split(" "),
	"load-tests": [],
	scripts: ["lib", "contracts", "db", "config", "streams", "launch", "services", "tests"]
};
const folderOf = (path: string) => path.split("/")[0]!;
const isInTree = (target: string) => /\.(ts|json|mjs)$/.test(target);

/** Health checks call the services of their own node, whichever those are. contracts/parts.ts is all services. */
function mayCall(caller: string, callee: string): boolean {
	if (caller === "health") return true;
	const callees = callee === "parts" ? serviceNames : [callee as ServiceName];
	return callees.every(name => serviceCalls[caller as NodeName]?.includes(name));
}

/** The service whose contract an import brings in as a value, by which it could be called. */
function calleeOf({ target, names, typeOnly }: Import): string | undefined {
	const name = /^contracts\/(\w+)\.ts$/.exec(target)?.[1];
	return name && !typeOnly && (names.includes(name) || names.includes("*")) ? name : undefined;
}

const impure =
	/^(Date|process|crypto|performance|setTimeout|setInterval|setImmediate|fetch|console|globalThis)$/;

function impurity(node: ts.Node): string | undefined {
	if (!ts.isIdentifier(node)) return undefined;
	const { parent } = node;
	const isMember = ts.isPropertyAccessExpression(parent) && parent.name === node;
	if (isMember)
		return parent.expression.getText() === "Math" && node.text === "random"
			? "uses Math.random"
			: undefined;
	if (ts.isPropertyAssignment(parent) && parent.name === node) return undefined;
	if (ts.isPropertySignature(parent) || ts.isTypeReferenceNode(parent)) return undefined;
	return impure.test(node.text) ? `uses ${node.text}` : undefined;
}

function readsEnvironment(node: ts.Node): string | undefined {
	const isProcess = (n: ts.Node | undefined) => n !== undefined && n.getText() === "process";
	const reads =
		(ts.isPropertyAccessExpression(node) &&
			isProcess(node.expression) &&
			node.name.text === "env") ||
		(ts.isElementAccessExpression(node) &&
			isProcess(node.expression) &&
			node.argumentExpression.getText() === '"env"') ||
		(ts.isVariableDeclaration(node) &&
			ts.isObjectBindingPattern(node.name) &&
			isProcess(node.initializer) &&
			node.name.elements.some(e => (e.propertyName ?? e.name).getText() === "env"));
	return reads ? "reads process.env" : undefined;
}

function broadcasts(node: ts.Node): string | undefined {
	if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression))
		return undefined;
	const { name, expression } = node.expression;
	return /^(emit|broadcast)$/.test(name.text) && /(^|\.)(ctx|broker)$/.test(expression.getText())
		? `calls ${node.expression.getText()}`
		: undefined;
}

function declaresHint(node: ts.Node): string | undefined {
	return ts.isCallExpression(node) && node.expression.getText() === "hint"
		? "declares a hint"
		: undefined;
}

function callsByText(node: ts.Node): string | undefined {
	if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression))
		return undefined;
	const first = node.arguments[0];
	return node.expression.name.text === "call" &&
		first &&
		ts.isStringLiteralLike(first) &&
		first.text.includes(".")
		? `calls "${first.text}" by text`
		: undefined;
}

function opensConnection(node: ts.Node): string | undefined {
	const made = ts.isNewExpression(node) && node.expression.getText();
	return made && /^pg\.(Client|Pool)$/.test(made) ? `makes a ${made}` : undefined;
}

/** Calls of `config()` that run while the module is loaded. */
function configAtImport(ast: ts.SourceFile): string[] {
	const found: string[] = [];
	const visit = (node: ts.Node): void => {
		if (ts.isFunctionLike(node)) return;
		if (ts.isCallExpression(node) && node.expression.getText() === "config")
			found.push("reads config() at import time");
		ts.forEachChild(node, visit);
	};
	visit(ast);
	return found;
}

const longestHandler = 12;

function longHandlers(ast: ts.SourceFile): string[] {
	const line = (position: number) => ast.getLineAndCharacterOfPosition(position).line;
	return collect(ast, node => {
		if (!ts.isFunctionLike(node) || !("body" in node) || !node.body) return undefined;
		const member = ts.isMethodDeclaration(node) ? node : node.parent;
		const group = member.parent?.parent;
		if (!ts.isPropertyAssignment(group ?? node)) return undefined;
		if ((group as ts.PropertyAssignment).name.getText() !== "actions") return undefined;
		const lines = line(node.body.end) - line(node.body.getStart()) - 1;
		const name = (member as ts.MethodDeclaration).name.getText();
		return lines > longestHandler ? `${name} has ${lines} lines` : undefined;
	});
}

function isDefaultExport(node: ts.Node): string | undefined {
	const exported =
		(ts.isExportAssignment(node) && !node.isExportEquals) ||
		(ts.canHaveModifiers(node) &&
			ts.getModifiers(node)?.some(m => m.kind === ts.SyntaxKind.DefaultKeyword)) ||
		(ts.isExportSpecifier(node) && node.name.text === "default");
	return exported ? "has a default export" : undefined;
}

const isBarrel = ({ path, ast }: File) =>
	/(^|\/)index\.ts$/.test(path) &&
	ast.statements.length > 0 &&
	ast.statements.every(s => ts.isExportDeclaration(s) && s.moduleSpecifier);

const mayDefaultExport =
	/(\.service\.ts|^load-tests\/k6\/\w+\.profile\.ts|(^|\/)[\w.]+\.config\.ts|^tests\/support\/(longest-first|servers\/global-(setup|teardown))\.ts|\.d\.ts)$/;

export const rules: readonly Rule[] = [
	arrow("a service knows another only by its contract", (from, to) => {
		const [mine, theirs] = [serviceOf(from), serviceOf(to.target)];
		return Boolean(mine && theirs && mine !== theirs && !isTest(from));
	}),
	arrow("a layer knows only the layers below it", (from, { target }) => {
		const allowed = layers[folderOf(from)];
		if (!allowed || isTest(from) || !isInTree(target)) return false;
		const folder = folderOf(target);
		return folder !== folderOf(from) && !allowed.includes(folder) && target !== "package.json";
	}),
	arrow(
		"only the simulator's driver knows the simulated provider",
		(from, { target }) =>
			target.startsWith("psp/") &&
			!isTest(from) &&
			!/^(psp|cli|chaos)\/|^services\/payment\/provider\/simulator\.ts$/.test(from)
	),
	arrow("a contract knows lib alone", (from, { target }) =>
		Boolean(/^contracts\//.test(from) && !isTest(from) && !/^(lib|contracts)\//.test(target))
	),
	arrow("pure code imports only pure code and types", (from, { target, typeOnly }) => {
		if (!isPure(from) || isPure(target)) return false;
		if (/^(lib\/(errors|text\/html|money)|contracts\/order-status)\.ts$/.test(target)) return false;
		return !(typeOnly && /^(lib|contracts)\//.test(target));
	}),
	{
		name: "pure code knows no clock, chance or process",
		check: ({ path, ast }) => (isPure(path) ? collect(ast, impurity) : [])
	},
	{
		name: "config/read-environment.ts alone reads the environment",
		check: ({ path, ast, imports }) =>
			!isProduct(path) || path === "config/read-environment.ts"
				? []
				: [
						...collect(ast, readsEnvironment),
						...imports.filter(i => i.target === "process").map(() => "→ node:process")
					]
	},
	{
		name: "the configuration is read at run time",
		check: ({ path, ast }) => (isProduct(path) ? configAtImport(ast) : [])
	},
	only(
		"Kafka is known to its stream driver and its access list alone",
		/^kafkajs$/,
		/^streams\/kafka\/(kafka\.driver|kafkajs-patches|access-list)\.ts$/
	),
	only(
		"pg is known to db and the launchers alone",
		/^pg$/,
		/^(db|cli|launch|verify|workload|scripts|bench|chaos)\//
	),
	{
		name: "only db opens connections to Postgres, with time limits, and a bench its own",
		check: ({ path, ast }) =>
			isTest(path) || /^(db|bench)\//.test(path) ? [] : collect(ast, opensConnection)
	},
	only(
		"Sequelize is known to models, repositories and their mixin alone",
		/^sequelize$/,
		/^mixins\/sequelize-|\.(model|repository)\.ts$/
	),
	only(
		"moleculer-db is caged in its mixin",
		/^moleculer-db/,
		/^mixins\/sequelize-model\.mixin\.ts$/
	),
	only(
		"Moleculer is known to services and the broker's parts alone",
		/^moleculer$/,
		/\.service\.ts$|^(mixins|middlewares|cli|launch|lambda|bench)\/|^lib\/(service|validator)\.ts$|^moleculer\.config\.ts$/
	),
	arrow(
		"only launchers and tests know moleculer.config.ts",
		(from, { target }) => target === "moleculer.config.ts" && isProduct(from)
	),
	arrow(
		"product code does not know its tests",
		(from, { target }) => isTest(target) && !isTest(from) && !/^(bench|scripts)\//.test(from)
	),
	{
		name: "nothing that matters is told by a broker event",
		check: ({ path, ast }) =>
			isProduct(path) && path !== "lib/service.ts" ? collect(ast, broadcasts) : []
	},
	{
		name: "a hint is a part of a contract",
		check: ({ path, ast }) =>
			isProduct(path) && !path.startsWith("contracts/") ? collect(ast, declaresHint) : []
	},
	{
		name: "services call each other by contract",
		check: ({ path, ast }) =>
			/^(services|mixins)\//.test(path) && !isTest(path) ? collect(ast, callsByText) : []
	},
	arrow("only the gateway and the order saga wait for other services", (from, to) => {
		const caller = serviceOf(from);
		const callee = calleeOf(to);
		if (!caller || !callee || caller === callee || isTest(from)) return false;
		return !mayCall(caller, callee);
	}),
	{
		name: "a file is named for what it does",
		check: ({ path }) =>
			/(^|[/.-])(utils?|helpers?|common|managers?|misc)([/.-]|$)/.test(path) ? ["vague name"] : []
	},
	{ name: "there are no barrels", check: file => (isBarrel(file) ? ["only re-exports"] : []) },
	{
		name: "a file has at most 400 lines",
		check: ({ source }) => {
			const lines = source.trimEnd().split("\n").length;
			return lines > 400 ? [`has ${lines} lines`] : [];
		}
	},
	{
		name: "a handler has at most 12 lines",
		check: ({ path, ast }) => (path.endsWith(".service.ts") ? longHandlers(ast) : [])
	},
	{
		name: "only a service or a tool's file has a default export",
		check: ({ path, ast }) => (mayDefaultExport.test(path) ? [] : collect(ast, isDefaultExport))
	}
];

/** Every breach of a rule, as `path what (rule)`. */
export function violations(sources: Sources): string[] {
	return Object.entries(sources).flatMap(([path, source]) => {
		const ast = ts.createSourceFile(path, source, ts.ScriptTarget.ESNext, true);
		const file = { path, source, ast, imports: importsOf(path, ast) };
		return rules.flatMap(({ name, check }) => check(file).map(what => `${path} ${what} (${name})`));
	});
}
