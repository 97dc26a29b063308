import { blocksOf, textOf } from "./hcl-blocks.ts";

const text = `# About.
locals {
  a = 1
}

variable "size" {
  type = object({
    min = number
  })
  description = "How \\"many\\" {"
  default     = { min = 1 }

  # Why.
  validation {
    condition     = var.size.min >= 1
    error_message = "size.min must be 1 or more."
  }
}

output "id" {
  description = "Its id"
  value       = aws_vpc.this.id
}
`;

describe("blocks of Terraform", () => {
	it("are read with their arguments and nested blocks", () => {
		expect(blocksOf(text, "a.tf")).toEqual([
			{
				kind: "variable",
				name: "size",
				values: {
					type: "object({\n    min = number\n  })",
					description: '"How \\"many\\" {"',
					default: "{ min = 1 }"
				},
				blocks: [
					{
						kind: "validation",
						values: {
							condition: "var.size.min >= 1",
							error_message: '"size.min must be 1 or more."'
						}
					}
				]
			},
			{
				kind: "output",
				name: "id",
				values: { description: '"Its id"', value: "aws_vpc.this.id" },
				blocks: []
			}
		]);
	});

	it.each([
		['variable "a" {\n  type = string', "a.tf: variable a has no end"],
		['variable "a" {\n  type\n}\n', "a.tf: variable a: cannot read type"],
		['variable "a" {\n  validation {\n}\n', "a.tf: variable a: the block validation has no end"],
		['variable "a" { type = string }\n', 'a.tf: cannot read variable "a" { type = string }']
	])("are refused in another form: %j", (broken, message) => {
		expect(() => blocksOf(broken, "a.tf")).toThrow(message);
	});
});

it.each([
	['"a \\"b\\""', 'a "b"'],
	["true", undefined],
	[undefined, undefined]
])("the text of %s is %s", (expression, expected) => {
	expect(textOf(expression)).toBe(expected);
});
