import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, type CollectionTag, type ScalarTag } from "yaml";

const path = join(import.meta.dirname, "../../lambda/template.yaml");

export const templateText = () => readFileSync(path, "utf8");

/** Functions of CloudFormation become objects, as in its form as JSON: `!Ref X` is `{ Ref: "X" }`. */
const names = ["Ref", "Sub", "GetAtt", "Join", "If", "Not", "Equals"];
const long = (name: string) => (name === "Ref" ? name : `Fn::${name}`);

const scalarTag = (name: string): ScalarTag => ({
	tag: `!${name}`,
	resolve: text => ({ [long(name)]: text })
});
const listTag = (name: string): CollectionTag => ({
	tag: `!${name}`,
	collection: "seq",
	resolve: list => ({ [long(name)]: (list as { toJSON(): unknown }).toJSON() })
});

export interface Statement {
	Sid: string;
	Action: string | string[];
	Resource?: unknown;
}

interface Resource {
	Type: string;
	Properties: Record<string, unknown>;
}

export interface Template {
	Parameters: Record<string, { Description?: string }>;
	Resources: Record<string, Resource>;
}

export const parseTemplate = (text: string): Template =>
	parse(text, { customTags: [...names.map(scalarTag), ...names.map(listTag)] }) as Template;

export const functionOf = (template: Template) =>
	template.Resources.NotificationFunction!.Properties as {
		CodeUri: string;
		Handler: string;
		Runtime: string;
		Timeout: number;
		Environment: { Variables: Record<string, unknown> };
		Policies: [{ Statement: (Statement | { "Fn::If": [string, Statement, unknown] })[] }];
	};

/** All statements of the function's rights, those under a condition included. */
export const statementsOf = (template: Template): Statement[] =>
	functionOf(template).Policies[0].Statement.map(statement =>
		"Fn::If" in statement ? statement["Fn::If"][1] : statement
	);
