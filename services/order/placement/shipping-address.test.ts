import type { Failure } from "../../../lib/errors.ts";
import { toAddress } from "./shipping-address.ts";

const price = { shipping: 0, tax_basis_points: 0 } as const;
const table = { "*": price, US: price, "US-CA": price, "CA-QC": price, "GB-NIR": price };
const us = { street: "123 Main St", city: "SF", state: "CA", zip: "94105", country: "US" };
const of = (over: object) => toAddress({ ...us, ...over }, table);

/** The issues with which the address is refused. */
function issuesOf(over: object): unknown {
	try {
		return of(over);
	} catch (error) {
		return (error as Failure).data.errors;
	}
}

it.each(["CA", "ca", " CA", "California", "cAlIfOrNiA", "ＣＡ", "\u200eCA\u200f", "US-CA"])(
	"the state %j is CA where California has a price",
	state => {
		expect(of({ state }).state).toBe("CA");
	}
);

it.each([
	[{ state: "Nevada" }, { state: "NV", country: "US" }],
	[
		{ country: "CAN", state: "Québec", zip: "h3z2y7" },
		{ state: "QC", zip: "H3Z 2Y7" }
	],
	[
		{ country: "GB", state: "northern ireland", zip: "bt15gs" },
		{ state: "NIR", zip: "BT1 5GS" }
	],
	// No state of these countries has a price of its own.
	[
		{ country: "DE", state: " Bayern ", zip: "80331" },
		{ state: "Bayern", zip: "80331" }
	],
	[{ country: "DE", state: undefined, zip: "80331" }, { state: null }],
	[
		{ country: "JP", state: "東京都", zip: "1540023" },
		{ state: "東京都", zip: "154-0023" }
	],
	[
		{ country: "PR", state: undefined, zip: "00901" },
		{ state: null, country: "PR" }
	],
	// No postal codes, or none that letters need.
	[{ country: "HK", state: undefined, zip: undefined }, { zip: null }],
	[
		{ country: "AE", state: "Dubai", zip: undefined },
		{ state: "Dubai", zip: null }
	],
	[{ country: "AE", state: "Dubai", zip: "00000" }, { zip: "00000" }],
	[{ country: "IE", state: undefined, zip: undefined }, { zip: null }],
	[
		{ country: "irl", state: undefined, zip: "d02x285" },
		{ zip: "D02 X285", country: "IE" }
	]
])("an address with %j becomes %j", (over, expected) => {
	expect(of(over)).toMatchObject(expected);
});

it.each([
	[{ state: undefined }, "state", "required"],
	[{ state: "\u200e " }, "state", "required"],
	[{ state: "Bayern" }, "state", "unknown-state"],
	[{ state: "Kalifornien" }, "state", "unknown-state"],
	[{ country: "CA", state: "CA", zip: "K1A 0B1" }, "state", "unknown-state"],
	[{ country: "GB", state: undefined, zip: "SW1A 1AA" }, "state", "required"],
	[{ zip: undefined }, "zip", "required"],
	[{ zip: "\u200e" }, "zip", "required"],
	[{ zip: "ABCDE" }, "zip", "postal-code"],
	[{ country: "DE", zip: undefined }, "zip", "required"],
	[{ country: "DE", zip: "94105-1234" }, "zip", "postal-code"],
	[{ country: "IE", zip: "1" }, "zip", "postal-code"]
])("an address with %j is refused at its %s", (over, member, code) => {
	expect(issuesOf(over)).toEqual([
		{ pointer: `/shipping_address/${member}`, code, detail: expect.any(String) }
	]);
});

it("names state and postal code together, with what they must be", () => {
	expect(issuesOf({ state: "Bayern", zip: undefined })).toEqual([
		{
			pointer: "/shipping_address/state",
			code: "unknown-state",
			detail:
				"must be a state, province or region of this country (United States), by its code or name, like AK or Alaska"
		},
		{
			pointer: "/shipping_address/zip",
			code: "required",
			detail: "is required: a postal code of this country (United States), like 95014"
		}
	]);
});

it("keeps recipient, company, second line and phone, and leaves out what was not given", () => {
	const more = { name: "Zoë O'Neill", company: "Café Ltd", line2: "Apt 4", phone: "+4930123456" };
	expect(of(more)).toEqual({ ...us, ...more });
	expect(Object.keys(of({}))).toEqual(["street", "city", "state", "zip", "country"]);
});
