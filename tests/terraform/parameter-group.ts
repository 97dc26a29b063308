/** Parameters of Postgres on AWS, read from the module's text, so that a test without Terraform has them. */

export interface Parameter {
	name: string;
	value: string;
	/** `pending-reboot` for one that Postgres reads at its start only. */
	apply_method: string;
}

const entry = /^ {4}"([\w.]+)" += \{ value = (.+), apply_method = "([\w-]+)" \}$/;

/**
 * @param text of terraform/aws/modules/rds/main.tf
 * @param connections `var.max_connections`
 * @throws Error for an entry that it cannot read, so that none is left out
 */
export function parametersIn(text: string, connections: string): Parameter[] {
	const [, block] = /\n {2}parameters = \{\n(.*?)\n {2}\}/s.exec(text) ?? [];
	if (block === undefined) throw new Error("There are no parameters");
	const lines = block.split("\n").filter(line => !line.trimStart().startsWith("#"));
	return lines.map(line => {
		const [, name, expression, apply_method] = entry.exec(line) ?? [];
		const value =
			expression === "tostring(var.max_connections)"
				? connections
				: /^"([^"]*)"$/.exec(expression ?? "")?.[1];
		if (value === undefined) throw new Error(`Cannot read the parameter ${line.trim()}`);
		return { name: name!, value, apply_method: apply_method! };
	});
}
