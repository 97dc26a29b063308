import { Ajv } from "ajv";
import { T, type Static } from "../../lib/schema.ts";
import type { Exposed } from "./exposed-metrics.ts";
import { queryFaults } from "./query-rules.ts";

/** The part of Grafana's dashboards that ours use. An unknown member is a fault: Grafana would ignore it without a word. */
const strict = { additionalProperties: false } as const;
const text = T.String({ minLength: 1 });
const Datasource = T.Object({ type: T.Literal("prometheus"), uid: text }, strict);
const Grid = T.Object(
	{
		x: T.Integer({ minimum: 0, maximum: 23 }),
		y: T.Integer({ minimum: 0 }),
		w: T.Integer({ minimum: 1, maximum: 24 }),
		h: T.Integer({ minimum: 1 })
	},
	strict
);
const Row = T.Object(
	{
		id: T.Integer(),
		type: T.Literal("row"),
		title: text,
		collapsed: T.Boolean(),
		panels: T.Array(T.Object({}), { maxItems: 0 }),
		gridPos: Grid
	},
	strict
);
const Graph = T.Object(
	{
		id: T.Integer(),
		type: T.Union([T.Literal("timeseries"), T.Literal("stat")]),
		title: text,
		description: text,
		datasource: Datasource,
		gridPos: Grid,
		fieldConfig: T.Object(
			{
				defaults: T.Object(
					{
						unit: T.Union(
							["s", "bytes", "short", "percentunit", "reqps"].map(unit => T.Literal(unit))
						),
						min: T.Number(),
						thresholds: T.Object(
							{
								mode: T.Literal("absolute"),
								steps: T.Array(
									T.Object({ color: text, value: T.Union([T.Number(), T.Null()]) }, strict)
								)
							},
							strict
						)
					},
					strict
				),
				overrides: T.Array(T.Object({}))
			},
			strict
		),
		options: T.Object({}),
		targets: T.Array(
			T.Object({ refId: text, datasource: Datasource, expr: text, legendFormat: text }, strict),
			{ minItems: 1 }
		)
	},
	strict
);
const Dashboard = T.Object(
	{
		uid: T.String({ pattern: "^[a-z0-9-]{1,40}$" }),
		title: text,
		tags: T.Array(text),
		schemaVersion: T.Integer({ minimum: 36 }),
		editable: T.Boolean(),
		timezone: text,
		refresh: text,
		time: T.Object({ from: text, to: text }, strict),
		panels: T.Array(T.Union([Row, Graph]))
	},
	strict
);
type Dashboard = Static<typeof Dashboard>;
type Grid = Static<typeof Grid>;

const validate = new Ajv({ allErrors: false }).compile(Dashboard);

const overlap = (a: Grid, b: Grid) =>
	a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

const repeated = <V>(values: readonly V[]) =>
	values.filter((value, index) => values.indexOf(value) < index);

function panelFaults({ panels }: Dashboard, uid: string, exposed: Exposed): string[] {
	const graphs = panels.filter(panel => panel.type !== "row");
	return [
		...panels.flatMap((panel, index) =>
			panels
				.slice(0, index)
				.filter(other => overlap(panel.gridPos, other.gridPos))
				.map(other => `${panel.title}: overlaps ${other.title}`)
		),
		...panels
			.filter(({ gridPos: { x, w } }) => x + w > 24)
			.map(({ title }) => `${title}: is wider than the page`),
		...repeated(panels.map(({ id }) => id)).map(id => `two panels have the id ${id}`),
		...graphs.flatMap(({ title, datasource, targets }) => [
			...repeated(targets.map(({ refId }) => refId)).map(
				refId => `${title}: two queries are called ${refId}`
			),
			...[datasource, ...targets.map(target => target.datasource)]
				.filter(one => one.uid !== uid)
				.map(one => `${title}: the datasource ${one.uid} is not provisioned`),
			...targets.flatMap(({ expr }) =>
				queryFaults(expr, exposed).map(fault => `${title}: ${fault}: ${expr}`)
			)
		])
	];
}

/**
 * What is wrong with dashboards, one line each that begins with the file.
 * @param files path → JSON
 * @param uid of the datasource that is provisioned
 */
export function dashboardFaults(
	files: Readonly<Record<string, string>>,
	uid: string,
	exposed: Exposed
): string[] {
	const parsed = Object.entries(files).map(([path, json]) => [path, JSON.parse(json)] as const);
	const uids = parsed.map(([, dashboard]) => (dashboard as Dashboard).uid);
	return [
		...repeated(uids).map(one => `two dashboards have the uid ${one}`),
		...parsed.flatMap(([path, dashboard]) => {
			if (validate(dashboard))
				return panelFaults(dashboard as Dashboard, uid, exposed).map(fault => `${path}: ${fault}`);
			const { instancePath, message } = validate.errors![0]!;
			return [`${path}: ${instancePath} ${message}`];
		})
	];
}
