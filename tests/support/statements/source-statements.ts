import ts from "typescript";
import type { Sources } from "../../architecture.rules.ts";

/** Finds the prepared statements in the source of the shop: object literals with a `name` and a `text`. */

const mayHaveStatements = (path: string) =>
	/^(db|idempotency|mixins|services|streams)\//.test(path) && !path.endsWith(".test.ts");

function nodesOf(root: ts.Node): ts.Node[] {
	const found: ts.Node[] = [];
	const visit = (node: ts.Node) => {
		found.push(node);
		ts.forEachChild(node, visit);
	};
	visit(root);
	return found;
}

/** The value of a property of an object literal. */
function property(literal: ts.ObjectLiteralExpression, key: string): ts.Expression | undefined {
	for (const one of literal.properties)
		if (one.name?.getText() === key)
			if (ts.isPropertyAssignment(one)) return one.initializer;
			else if (ts.isShorthandPropertyAssignment(one)) return one.name;
	return undefined;
}

/** What the function around a statement is called as: `lock` of `const lock = (name: string): Statement => …`. */
function factoryOf(node: ts.Node): string | undefined {
	for (let at = node; !ts.isSourceFile(at); at = at.parent) {
		if (ts.isFunctionDeclaration(at)) return at.name?.text;
		if (ts.isArrowFunction(at) && ts.isVariableDeclaration(at.parent))
			return at.parent.name.getText();
	}
	return undefined;
}

/** The names that the calls of a factory give: their first argument, or its `name`. */
function givenNames(factory: string, nodes: readonly ts.Node[]): string[] {
	return nodes.flatMap(node => {
		if (!ts.isCallExpression(node) || node.expression.getText() !== factory) return [];
		const [first] = node.arguments;
		const name = first && ts.isObjectLiteralExpression(first) ? property(first, "name") : first;
		if (!name) return [];
		return [ts.isStringLiteralLike(name) ? name.text : name.getText()];
	});
}

/** All values of a template. @param values by the source text of an expression in it */
function expand({ head, templateSpans }: ts.TemplateExpression, values: BuiltNames): string[] {
	return templateSpans.reduce(
		(starts, { expression, literal }) => {
			const parts = values[expression.getText()] ?? [];
			return starts.flatMap(start => parts.map(part => start + part + literal.text));
		},
		[head.text]
	);
}

/** What expressions in the names of statements may be, by their source text. */
export type BuiltNames = Readonly<Record<string, readonly string[]>>;

function namesOf(name: ts.Expression, nodes: readonly ts.Node[], built: BuiltNames) {
	if (ts.isStringLiteralLike(name)) return [name.text];
	if (ts.isTemplateExpression(name)) return expand(name, built);
	if (!ts.isIdentifier(name)) return built[name.getText()] ?? [];
	const factory = factoryOf(name);
	return factory === undefined ? [] : givenNames(factory, nodes);
}

export interface SourceStatements {
	/** `<path>: <expression>` for one whose name is not known. */
	names: string[];
	/** The files that have them. */
	paths: string[];
}

export function statementsIn(sources: Sources, built: BuiltNames): SourceStatements {
	const names = new Set<string>();
	const paths = new Set<string>();
	for (const [path, source] of Object.entries(sources).filter(([path]) =>
		mayHaveStatements(path)
	)) {
		const nodes = nodesOf(ts.createSourceFile(path, source, ts.ScriptTarget.ESNext, true));
		for (const literal of nodes.filter(ts.isObjectLiteralExpression)) {
			const name = property(literal, "name");
			if (!name || !property(literal, "text")) continue;
			const known = namesOf(name, nodes, built);
			for (const one of known.length > 0 ? known : [`${path}: ${name.getText()}`]) names.add(one);
			paths.add(path);
		}
	}
	return { names: [...names].toSorted(), paths: [...paths] };
}
