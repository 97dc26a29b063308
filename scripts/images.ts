import { products, type SeedProduct } from "../db/seed/products.ts";

/** The images of the demo catalogue: one drawing per category, with colours per product. */

interface Palette {
	/** Main body. */
	body: string;
	/** Shaded side and small parts. */
	dark: string;
	/** Highlights. */
	light: string;
}

const drawings: Record<string, (colours: Palette) => string> = {
	coffee: ({ body, dark, light }) => `
		<path d="M150 120q-14-22 0-44t0-40M200 120q-14-22 0-44t0-40M250 120q-14-22 0-44t0-40" fill="none" stroke="${light}" stroke-width="8" stroke-linecap="round"/>
		<path d="M276 176h24a42 42 0 0 1 0 84h-30" fill="none" stroke="${dark}" stroke-width="18"/>
		<path d="M112 150h176v90a78 78 0 0 1-78 78h-20a78 78 0 0 1-78-78z" fill="${body}"/>
		<path d="M134 172v66a56 56 0 0 0 30 50" fill="none" stroke="${light}" stroke-width="10" stroke-linecap="round"/>
		<rect x="92" y="326" width="216" height="16" rx="8" fill="${dark}"/>`,
	tea: ({ body, dark, light }) => `
		<path d="M132 166a68 68 0 0 1 136 0" fill="none" stroke="${dark}" stroke-width="14"/>
		<path d="M276 226l56-48 18 18-62 84z" fill="${dark}"/>
		<ellipse cx="200" cy="250" rx="104" ry="84" fill="${body}"/>
		<ellipse cx="200" cy="176" rx="58" ry="14" fill="${dark}"/>
		<circle cx="200" cy="156" r="12" fill="${body}"/>
		<path d="M200 288c-44-8-52-48-30-74 40 8 52 40 30 74zm0 0c-4-22-12-42-24-58" fill="${light}" stroke="${body}" stroke-width="4"/>
		<rect x="146" y="328" width="108" height="14" rx="7" fill="${dark}"/>`,
	kitchen: ({ body, dark, light }) => `
		<rect x="86" y="96" width="156" height="228" rx="22" fill="${body}"/>
		<circle cx="164" cy="128" r="13" fill="${light}"/>
		<path d="M116 170v124M146 170v124M182 170v124M212 170v124" stroke="${dark}" stroke-width="4" stroke-linecap="round" opacity=".5"/>
		<path d="M268 80c40 30 48 96 32 150h-32z" fill="${light}"/>
		<rect x="264" y="230" width="30" height="100" rx="12" fill="${dark}"/>
		<circle cx="279" cy="256" r="5" fill="${light}"/>
		<circle cx="279" cy="304" r="5" fill="${light}"/>`,
	desk: ({ body, dark, light }) => `
		<path d="M258 152l92 150H166z" fill="${light}" opacity=".45"/>
		<path d="M132 316V214l84-84" fill="none" stroke="${dark}" stroke-width="14" stroke-linecap="round" stroke-linejoin="round"/>
		<circle cx="132" cy="214" r="14" fill="${body}"/>
		<path d="M196 118l46-46 62 92-92 22z" fill="${body}"/>
		<circle cx="216" cy="130" r="12" fill="${dark}"/>
		<rect x="82" y="310" width="100" height="20" rx="10" fill="${body}"/>
		<rect x="60" y="330" width="280" height="12" rx="6" fill="${dark}"/>`,
	audio: ({ body, dark, light }) => `
		<path d="M100 240v-40a100 100 0 0 1 200 0v40" fill="none" stroke="${dark}" stroke-width="18"/>
		<rect x="76" y="220" width="58" height="106" rx="26" fill="${body}"/>
		<rect x="266" y="220" width="58" height="106" rx="26" fill="${body}"/>
		<rect x="124" y="232" width="18" height="82" rx="9" fill="${dark}"/>
		<rect x="258" y="232" width="18" height="82" rx="9" fill="${dark}"/>
		<path d="M172 250v46M200 226v94M228 250v46" stroke="${light}" stroke-width="10" stroke-linecap="round"/>`,
	outdoor: ({ body, dark, light }) => `
		<circle cx="284" cy="122" r="34" fill="${light}"/>
		<path d="M46 320l92-140 60 88 42-58 114 110z" fill="${dark}"/>
		<path d="M138 180l26 38-20 14-14-12-16 8-6-2z" fill="${light}"/>
		<path d="M200 214l86 116H114z" fill="${body}"/>
		<path d="M200 214v116h-34z" fill="${light}"/>
		<rect x="46" y="330" width="308" height="12" rx="6" fill="${dark}"/>`
};

function drawing({ category, name }: SeedProduct, index: number): string {
	// Steps of the golden angle keep neighbours in a list apart in colour.
	const hue = Math.round(index * 137.508) % 360;
	const colours = {
		body: `hsl(${hue}, 52%, 48%)`,
		dark: `hsl(${(hue + 20) % 360}, 42%, 27%)`,
		light: `hsl(${(hue + 340) % 360}, 80%, 86%)`
	};
	const title = name.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
	const shapes = drawings[category]!(colours).replaceAll("\t\t", "\t").trim();
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img">
	<title>${title}</title>
	<rect width="400" height="400" fill="hsl(${hue}, 45%, 94%)"/>
	<circle cx="200" cy="205" r="172" fill="hsl(${hue}, 45%, 89%)"/>
	${shapes}
</svg>
`;
}

/** Path in the tree → SVG text, one per product of the demo catalogue. */
export function generateImages(): Map<string, string> {
	return new Map(
		products.map((product, index) => [`db/seed${product.image_url}`, drawing(product, index)])
	);
}
