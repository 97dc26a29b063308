import { config } from "../../../config/index.ts";
import type { gateway } from "../../../contracts/gateway.ts";
import type { Params } from "../../../lib/service.ts";
import manifest from "../../../package.json" with { type: "json" };
import { asyncApiDocument } from "../api-docs/asyncapi.ts";
import { openApiDocument } from "../api-docs/openapi.ts";
import { docsFile, docsPage } from "../api-docs/static-files.ts";
import { homePage } from "./home.ts";
import { problemTypePage, problemTypesPage } from "./problem-types.ts";

type Actions = typeof gateway.actions;
type With<A extends keyof Actions> = { params: Params<Actions[A]> };

/** Actions of the gateway whose answers follow from its source and its configuration alone. */
export const staticActions = {
	home: (ctx: With<"home">) => homePage(ctx.params.accept, manifest.version, config()),
	problemTypes: (ctx: With<"problemTypes">) => problemTypesPage(ctx.params.accept),
	problemType: (ctx: With<"problemType">) => problemTypePage(ctx.params.accept, ctx.params.code),
	description: () => openApiDocument(),
	streams: () => asyncApiDocument(config().stream),
	docs: () => docsPage(),
	docsFile: (ctx: With<"docsFile">) => docsFile(ctx.params.file)
};
