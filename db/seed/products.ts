/** Price in US cents, first stock in units. */
type Entry = [sku: string, name: string, priceMinor: number, stock: number, description: string];

const coffee: Entry[] = [
	[
		"COF-DRIP-01",
		"Ceramic Pour-Over Dripper",
		2999,
		500,
		"Cone dripper with spiral ribs for one to two cups of filter coffee. Takes size 02 papers."
	],
	[
		"COF-GRND-01",
		"Hand Coffee Grinder",
		7900,
		120,
		"Stainless steel conical burrs, 30 click settings, holds 25 g of beans. Grinds for espresso or filter."
	],
	[
		"COF-KETL-01",
		"Gooseneck Kettle 1 l",
		5450,
		80,
		"Slow, even pour from a counterbalanced handle. For gas, electric and induction hobs."
	],
	[
		"COF-BEAN-01",
		"House Blend Beans 1 kg",
		2450,
		300,
		"Medium roast from Brazil and Ethiopia: cocoa, hazelnut and a little orange."
	],
	[
		"COF-PRES-01",
		"French Press 0.8 l",
		3690,
		150,
		"Borosilicate glass with a double steel filter and a cork lid that keeps coffee hot."
	]
];

const tea: Entry[] = [
	[
		"TEA-POT-01",
		"Cast Iron Teapot 0.6 l",
		4800,
		60,
		"Enamelled inside, with a steel infuser. Keeps green or black tea warm for an hour."
	],
	[
		"TEA-SNCH-01",
		"First Flush Sencha 100 g",
		1650,
		200,
		"Spring-picked Japanese green tea, steamed, fresh and a little sweet."
	],
	[
		"TEA-ERLG-01",
		"Earl Grey Loose Leaf 250 g",
		1490,
		220,
		"Ceylon black tea with cold-pressed bergamot oil and blue cornflowers."
	],
	[
		"TEA-MTCH-01",
		"Matcha Whisk and Bowl",
		3950,
		0,
		"Bamboo whisk with 80 prongs, a scoop and a stoneware bowl for matcha."
	],
	[
		"TEA-INFU-01",
		"Double-Wall Tea Glass",
		1890,
		175,
		"0.35 l glass with a lid and a fine steel infuser. Stays cool to the touch."
	]
];

const kitchen: Entry[] = [
	[
		"KIT-KNIF-01",
		"Chef's Knife 20 cm",
		8900,
		90,
		"Forged high-carbon steel, full tang, walnut handle. Holds its edge, easy to hone."
	],
	[
		"KIT-BORD-01",
		"End-Grain Cutting Board",
		6400,
		45,
		"Solid oak, 40 by 30 cm, with a juice groove. Kind to knives."
	],
	[
		"KIT-PAN-01",
		"Cast Iron Skillet 26 cm",
		4590,
		110,
		"Seasoned and ready for the hob, the oven or the fire. Lasts for generations."
	],
	[
		"KIT-SCAL-01",
		"Kitchen Scale 5 kg",
		2790,
		140,
		"Weighs to 0.1 g with a built-in timer. Charges over USB-C."
	],
	[
		"KIT-TOWL-01",
		"Linen Tea Towels, Set of 3",
		2200,
		260,
		"Washed European linen in three muted stripes. Softer with every wash."
	]
];

const desk: Entry[] = [
	[
		"DSK-LAMP-01",
		"Adjustable Desk Lamp",
		8450,
		70,
		"Warm to cool white, stepless dimmer, 90 cm reach. Remembers its last setting."
	],
	[
		"DSK-NOTE-01",
		"Dotted Notebook A5",
		1790,
		400,
		"192 numbered pages of 100 g paper that lies flat and does not bleed."
	],
	[
		"DSK-PEN-01",
		"Brass Ballpoint Pen",
		3400,
		130,
		"Turned from solid brass; ages with use. Takes standard refills."
	],
	[
		"DSK-MAT-01",
		"Wool Felt Desk Mat",
		4250,
		95,
		"70 by 35 cm of merino felt on a cork base. Quiet under a keyboard."
	],
	[
		"DSK-STND-01",
		"Aluminium Laptop Stand",
		5990,
		3,
		"Folds flat, lifts the screen by 15 cm, carries 8 kg."
	]
];

const audio: Entry[] = [
	[
		"AUD-HEAD-01",
		"Closed-Back Headphones",
		14900,
		55,
		"40 mm drivers, replaceable cable and ear pads. Light enough for a day's work."
	],
	[
		"AUD-SPKR-01",
		"Portable Speaker",
		9900,
		85,
		"Twelve hours of warm sound from a body that shrugs off rain and sand."
	],
	[
		"AUD-TURN-01",
		"Belt-Drive Turntable",
		24900,
		20,
		"Aluminium platter, carbon tonearm, built-in phono stage."
	],
	[
		"AUD-EARB-01",
		"Wireless Earbuds",
		11900,
		160,
		"Noise cancelling, 30 hours with the case, four sizes of tips."
	],
	[
		"AUD-MICR-01",
		"USB Condenser Microphone",
		12900,
		40,
		"Cardioid capsule with a mute button and zero-delay monitoring."
	]
];

const outdoor: Entry[] = [
	[
		"OUT-BOTL-01",
		"Insulated Bottle 0.75 l",
		3290,
		350,
		"Keeps water cold for 24 hours or tea hot for 12. Powder-coated steel."
	],
	[
		"OUT-PACK-01",
		"Day Pack 22 l",
		8990,
		65,
		"Recycled nylon, padded laptop sleeve, rain cover in the base."
	],
	[
		"OUT-LANT-01",
		"Rechargeable Camp Lantern",
		4490,
		100,
		"Warm light for 40 hours, hook and magnet, charges a phone."
	],
	[
		"OUT-HAMM-01",
		"Travel Hammock",
		5900,
		75,
		"Ripstop nylon for two people, 600 g with straps, packs to the size of a grapefruit."
	],
	[
		"OUT-MUGS-01",
		"Enamel Mug 0.35 l",
		1450,
		280,
		"Steel mug with a speckled finish. For the campfire and the office alike."
	]
];

const catalogue: [category: string, entries: Entry[]][] = [
	["coffee", coffee],
	["tea", tea],
	["kitchen", kitchen],
	["desk", desk],
	["audio", audio],
	["outdoor", outdoor]
];

export interface SeedProduct {
	id: string;
	sku: string;
	name: string;
	description: string;
	category: string;
	price_minor: number;
	stock: number;
	image_url: string;
}

/** The demo catalogue, prod-001 first. One is sold out, one has three units left. */
export const products: SeedProduct[] = catalogue
	.flatMap(([category, entries]) => entries.map(entry => ({ category, entry })))
	.map(({ category, entry: [sku, name, priceMinor, stock, description] }, index) => {
		const id = `prod-${String(index + 1).padStart(3, "0")}`;
		const image = `/images/${id}.svg`;
		return {
			id,
			sku,
			name,
			description,
			category,
			price_minor: priceMinor,
			stock,
			image_url: image
		};
	});
