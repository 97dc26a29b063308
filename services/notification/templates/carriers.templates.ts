/** Tracking URLs by the start of a carrier's name. The tracking number is appended. */
const pages: readonly [name: string, page: string][] = [
	["dhl", "https://www.dhl.com/global-en/home/tracking.html?tracking-id="],
	["dpd", "https://tracking.dpd.de/status/en_US/parcel/"],
	["fedex", "https://www.fedex.com/fedextrack/?trknbr="],
	["gls", "https://gls-group.eu/track/"],
	["hermes", "https://www.myhermes.de/empfangen/sendungsverfolgung/sendungsinformation#"],
	["royalmail", "https://www.royalmail.com/track-your-item#/tracking-results/"],
	["ups", "https://www.ups.com/track?tracknum="],
	["usps", "https://tools.usps.com/go/TrackConfirmAction?tLabels="]
];

export interface Shipment {
	carrier: string;
	tracking_number: string;
}

/** The carrier's tracking page; undefined for an unknown carrier. */
export function trackingUrl({ carrier, tracking_number }: Shipment): string | undefined {
	const name = carrier.toLowerCase().replace(/[^a-z]/g, "");
	const page = pages.find(([known]) => name.startsWith(known))?.[1];
	return page && page + encodeURIComponent(tracking_number.toWellFormed());
}
