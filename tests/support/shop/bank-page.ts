const attribute = (tag: string, name: string) => new RegExp(`${name}="([^"]*)"`).exec(tag)?.[1];

/** The bank's page, open in the customer's browser. */
export interface BankPage {
	/** Presses a button of its form and returns the response. @throws Error if there is none */
	press(label: string): Promise<Response>;
}

/** Opens the provider's page. Its form decides what its buttons send, and where. */
export async function openBankPage(url: string): Promise<BankPage> {
	const html = await (await fetch(url)).text();
	const form = /<form[^]*?<\/form>/.exec(html)?.[0] ?? "";
	const opening = /<form[^>]*>/.exec(form)?.[0] ?? "";
	return {
		async press(label) {
			const button = form.match(/<button[^>]*>[^<]*/g)?.find(tag => tag.endsWith(`>${label}`));
			if (!button) throw new Error(`There is no button "${label}": ${html}`);
			const sent = [...(form.match(/<input[^>]*type="hidden"[^>]*>/g) ?? []), button];
			const fields = new URLSearchParams();
			for (const tag of sent) fields.set(attribute(tag, "name")!, attribute(tag, "value") ?? "");
			return fetch(new URL(attribute(opening, "action") ?? "", url), {
				method: attribute(opening, "method"),
				body: fields,
				redirect: "manual"
			});
		}
	};
}
