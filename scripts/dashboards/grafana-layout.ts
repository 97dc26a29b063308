/** A dashboard in few words, and the JSON in which Grafana is provisioned with it. */

export interface Query {
	expr: string;
	/** In the legend; labels as `{{node}}`. */
	legend: string;
}

export interface Panel {
	title: string;
	/** What it says, and what a high value means. */
	about: string;
	/** As Grafana calls it: s, bytes, short, percentunit, reqps. */
	unit: string;
	queries: readonly Query[];
	/** `stat` shows the last values only. */
	type?: "timeseries" | "stat";
	/** Values from here on are shown in red. */
	redFrom?: number;
}

export interface Dashboard {
	uid: string;
	title: string;
	rows: readonly { title: string; panels: readonly Panel[] }[];
}

/** The uid in observability/grafana/provisioning, which a test compares. */
const datasource = { type: "prometheus", uid: "prometheus" };

/** Grafana's grid has 24 columns. */
const width = 8;
const perRow = 24 / width;
const height = 7;

function panelJson({ title, about, unit, queries, type = "timeseries", redFrom }: Panel) {
	const steps = [
		{ color: "green", value: null },
		...(redFrom === undefined ? [] : [{ color: "red", value: redFrom }])
	];
	return {
		type,
		title,
		description: about,
		datasource,
		fieldConfig: {
			defaults: { unit, min: 0, thresholds: { mode: "absolute", steps } },
			overrides: []
		},
		options:
			type === "stat"
				? { reduceOptions: { calcs: ["lastNotNull"] } }
				: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi" } },
		targets: queries.map(({ expr, legend }, index) => ({
			refId: String.fromCharCode("A".charCodeAt(0) + index),
			datasource,
			expr,
			legendFormat: legend
		}))
	};
}

/** Lays the panels of each row out from left to right, below its title. */
export function dashboardJson({ uid, title, rows }: Dashboard): object {
	const panels: object[] = [];
	let y = 0;
	for (const row of rows) {
		const gridPos = { x: 0, y, w: 24, h: 1 };
		panels.push({ type: "row", title: row.title, collapsed: false, panels: [], gridPos });
		y += 1;
		row.panels.forEach((panel, index) => {
			const x = (index % perRow) * width;
			const top = y + Math.floor(index / perRow) * height;
			panels.push({ ...panelJson(panel), gridPos: { x, y: top, w: width, h: height } });
		});
		y += Math.ceil(row.panels.length / perRow) * height;
	}
	return {
		uid,
		title,
		tags: ["shop"],
		schemaVersion: 41,
		editable: false,
		timezone: "browser",
		refresh: "30s",
		time: { from: "now-1h", to: "now" },
		panels: panels.map((panel, index) => ({ id: index + 1, ...panel }))
	};
}
