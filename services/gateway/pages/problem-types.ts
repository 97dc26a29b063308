import type { Document } from "../../../contracts/gateway.ts";
import { problemAdvice } from "../../../http/problem-advice.ts";
import { typeOf } from "../../../http/problem.ts";
import { errorTable, slug, type ErrorCode } from "../../../lib/errors.ts";
import { html } from "../../../lib/text/html.ts";
import { operations } from "../operations.ts";
import { page, pageOrJson } from "./layout.ts";

const codes = Object.keys(errorTable) as ErrorCode[];

function factsOf(code: ErrorCode) {
	const [status, title] = errorTable[code];
	return { type: typeOf(code), code: slug(code), status, title, advice: problemAdvice[code] };
}

/** The operations whose table names the code; those that any request may get are not listed. */
const operationsWith = (code: ErrorCode) =>
	operations
		.filter(({ refusals }) => refusals?.includes(code))
		.map(({ method, path }) => `${method} ${path}`);

/** All problems. */
export function problemTypesPage(accept: string | undefined): Document {
	const all = codes.map(factsOf);
	const asPage = () =>
		page(
			"Problems",
			html`<h1>Problems</h1>
				<p>Every error that the API answers (RFC 9457). Its member <code>type</code> leads here.</p>
				<table>
					${all.map(
						({ code, status, title }) =>
							html`<tr>
								<td class="meta">${String(status)}</td>
								<td><a href="/problems/${code}">${code}</a></td>
								<td>${title}</td>
							</tr>`
					)}
				</table>`
		);
	return pageOrJson(accept, { asPage, asJson: { problems: all } });
}

/** What one problem means, and what to do about it. @param name in the form of `slug` */
export function problemTypePage(accept: string | undefined, name: string): Document {
	const code = codes.find(one => slug(one) === name)!;
	const { status, title, advice } = factsOf(code);
	const from = operationsWith(code);
	const asPage = () =>
		page(
			title,
			html`<h1>${title}</h1>
				<p class="meta">${String(status)} ${name}</p>
				<p>${advice}</p>
				${
					from.length > 0
						? html`<h2>Answered by</h2>
								<pre>${from.join("\n")}</pre>`
						: undefined
				}
				<p><a href="/problems">All problems</a></p>`
		);
	return pageOrJson(accept, { asPage, asJson: { ...factsOf(code), operations: from } });
}
