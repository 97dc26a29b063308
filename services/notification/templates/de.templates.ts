import type { Wording } from "./wording.templates.ts";

const whileDisabled =
	"An ihn werden keine Ereignisse gesendet, solange er deaktiviert ist. Sobald er wieder aktiviert ist, können nicht zugestellte Ereignisse erneut gesendet werden.";

export const german: Wording = {
	language: "de",
	greeting: name => `Guten Tag ${name},`,
	order: "Bestellung",
	date: "Datum",
	carrier: "Paketdienst",
	trackingNumber: "Sendungsnummer",
	items: "Ihre Artikel",
	returnedItems: "Artikel dieser Rücksendung",
	subtotal: "Zwischensumme",
	shipping: "Versand",
	tax: "Steuer",
	total: "Gesamtbetrag",
	refunded: "Erstattet",
	product: "Produkt",
	unitsLeft: "Restbestand",
	webhook: "Webhook",
	failingSince: "Gestört seit",
	lastError: "Letzter Fehler",
	howToEnable: "Aktivieren mit",
	dispute: "Zahlungsreklamation",
	disputeReason: "Grund",
	limitedItem: ({ ordered, limit, held }) =>
		`${ordered} bestellt, höchstens ${limit} in unbezahlten Bestellungen, ${held} in Ihren anderen unbezahlten Bestellungen`,
	viewOrder: "Bestellung ansehen",
	trackParcel: "Sendung verfolgen",
	footer: shop =>
		`Sie erhalten diese Nachricht wegen Ihrer Bestellung bei ${shop}. In Ihrem Konto legen Sie fest, worüber wir Sie informieren.`,
	staffFooter: shop => `Sie erhalten diese Nachricht, weil Sie ${shop} betreiben.`,
	templates: {
		confirmed: {
			subject: ({ total }) => `Ihre Bestellung ist bestätigt (${total})`,
			heading: "Vielen Dank für Ihre Bestellung",
			lead: ({ total }) =>
				`Ihre Zahlung über ${total} ist eingegangen, und wir bereiten Ihre Bestellung vor. Sobald sie unterwegs ist, schreiben wir Ihnen wieder.`,
			short: ({ total }) => `Ihre Bestellung über ${total} ist bestätigt.`
		},
		payment_failed: {
			subject: () => "Ihre Zahlung ist fehlgeschlagen",
			heading: "Ihre Zahlung ist fehlgeschlagen",
			lead: () =>
				"Es wurde nichts abgebucht, und die Bestellung wird nicht geliefert. Gern können Sie mit einem anderen Zahlungsmittel neu bestellen.",
			short: () => "Ihre Zahlung ist fehlgeschlagen. Es wurde nichts abgebucht."
		},
		sold_out: {
			subject: () => "Wir können Ihre Bestellung nicht liefern",
			heading: "Leider ausverkauft",
			lead: () =>
				"Andere waren schneller: Von dem, was Sie bestellt haben, ist nicht mehr genug da. Deshalb mussten wir Ihre Bestellung stornieren. Es wurde nichts abgebucht.",
			short: () =>
				"Ihre Bestellung ist leider storniert: Ein Artikel ist ausverkauft. Es wurde nichts abgebucht."
		},
		reservation_limit: {
			subject: () => "Wir konnten Ihre Bestellung nicht annehmen",
			heading: "Sie haben zu viel auf einmal bestellt",
			lead: () =>
				"Damit auch andere bestellen können, kann ein Kunde nur einen Teil unseres Bestands gleichzeitig in unbezahlten Bestellungen haben. Deshalb mussten wir diese Bestellung stornieren. Es wurde nichts abgebucht. Bestellen Sie weniger, oder bezahlen oder stornieren Sie Ihre anderen Bestellungen, und bestellen Sie dann neu.",
			short: () =>
				"Ihre Bestellung ist leider storniert: Sie haben von einem Artikel zu viel auf einmal bestellt. Es wurde nichts abgebucht."
		},
		cancelled: {
			subject: () => "Ihre Bestellung ist storniert",
			heading: "Ihre Bestellung ist storniert",
			lead: () => "Ihre Bestellung wird nicht geliefert, und es wurde nichts abgebucht.",
			short: () => "Ihre Bestellung ist storniert. Es wurde nichts abgebucht."
		},
		cancelled_paid: {
			subject: () => "Ihre Bestellung ist storniert",
			heading: "Ihre Bestellung ist storniert",
			lead: () =>
				"Ihre Bestellung wird nicht geliefert. Sie erhalten Ihr Geld auf dem Weg zurück, auf dem Sie bezahlt haben. Wir schreiben Ihnen wieder und nennen den Betrag, sobald es unterwegs ist.",
			short: () => "Ihre Bestellung ist storniert. Sie erhalten Ihr Geld zurück."
		},
		expired: {
			subject: () => "Ihre Bestellung ist verfallen",
			heading: "Ihre Bestellung ist verfallen",
			lead: () =>
				"Ihre Bestellung wurde nicht rechtzeitig abgeschlossen, deshalb haben wir sie storniert. Es wurde nichts abgebucht.",
			short: () => "Ihre Bestellung ist verfallen und storniert. Es wurde nichts abgebucht."
		},
		shipped: {
			subject: () => "Ihre Bestellung ist unterwegs",
			heading: "Ihre Bestellung ist unterwegs",
			lead: ({ carrier }) => `Wir haben Ihre Bestellung an ${carrier} übergeben.`,
			short: ({ carrier }) => `Ihre Bestellung ist mit ${carrier} unterwegs.`
		},
		shipment_corrected: {
			subject: () => "Ihr Paket hat eine andere Sendungsnummer",
			heading: "Ihr Paket hat eine andere Sendungsnummer",
			lead: ({ carrier }) =>
				`Unsere Angaben zu Ihrem Paket waren falsch: Es ist mit ${carrier} unterwegs, unter der Nummer unten.`,
			short: ({ carrier }) => `Ihr Paket mit ${carrier} hat eine andere Sendungsnummer.`
		},
		delivered: {
			subject: () => "Ihre Bestellung ist angekommen",
			heading: "Ihre Bestellung ist angekommen",
			lead: () =>
				"Ihre Bestellung wurde zugestellt. Wir wünschen Ihnen viel Freude daran. Sollte etwas nicht stimmen, können Sie eine Rücksendung beantragen.",
			short: () => "Ihre Bestellung wurde zugestellt."
		},
		refunded: {
			subject: ({ refunded }) => `Wir haben Ihnen ${refunded} erstattet`,
			heading: "Ihr Geld ist unterwegs",
			lead: ({ refunded }) =>
				`Wir haben Ihnen ${refunded} auf dem Weg erstattet, auf dem Sie bezahlt haben. Je nach Bank dauert es einige Tage, bis der Betrag eintrifft.`,
			short: ({ refunded }) => `Wir haben Ihnen ${refunded} erstattet.`
		},
		refund_failed: {
			subject: () => "Ihre Erstattung ist nicht angekommen",
			heading: "Ihre Erstattung ist nicht angekommen",
			lead: ({ refunded }) =>
				`Ihre Bank hat die ${refunded} zurückgeschickt, die wir Ihnen erstattet haben. Das Geld steht Ihnen weiterhin zu: Wir klären das und schreiben Ihnen, sobald es unterwegs ist.`,
			short: ({ refunded }) =>
				`Ihre Bank hat unsere Erstattung von ${refunded} zurückgeschickt. Wir klären das.`
		},
		dispute_opened: {
			subject: ({ disputed }) => `Eine Zahlung wird reklamiert (${disputed})`,
			heading: "Eine Zahlung wird reklamiert",
			lead: ({ disputed }) =>
				`Die Bank des Kunden bucht ${disputed} dieser Bestellung zurück. Ist sie noch nicht unterwegs, wird sie zurückgehalten. Antworten Sie beim Zahlungsanbieter, der dafür eine Frist setzt.`,
			short: ({ disputed }) =>
				`Eine Zahlung wird reklamiert: ${disputed}. Antworten Sie beim Zahlungsanbieter.`
		},
		dispute_closed: {
			subject: ({ isWon }) => `Eine Reklamation ist ${isWon ? "gewonnen" : "verloren"}`,
			heading: "Eine Reklamation ist entschieden",
			lead: ({ disputed, isWon }) =>
				isWon
					? `Die Reklamation über ${disputed} ist gewonnen: Der Shop behält das Geld.`
					: `Die Reklamation über ${disputed} ist verloren: Die Bank des Kunden behält das Geld.`,
			short: ({ disputed, isWon }) =>
				`Die Reklamation über ${disputed} ist ${isWon ? "gewonnen" : "verloren"}.`
		},
		return_requested: {
			subject: () => "Ihr Antrag auf Rücksendung ist eingegangen",
			heading: "Ihr Antrag auf Rücksendung ist eingegangen",
			lead: () => "Wir prüfen Ihren Antrag und schreiben Ihnen, sobald entschieden ist.",
			short: () => "Ihr Antrag auf Rücksendung ist eingegangen."
		},
		returned: {
			subject: () => "Ihre Rücksendung ist abgeschlossen",
			heading: "Ihre Rücksendung ist abgeschlossen",
			lead: ({ refunded }) =>
				`Wir haben Ihre Rücksendung angenommen und Ihnen ${refunded} erstattet.`,
			short: ({ refunded }) =>
				`Ihre Rücksendung ist abgeschlossen. Wir haben Ihnen ${refunded} erstattet.`
		},
		return_rejected: {
			subject: () => "Wir können Ihre Rücksendung nicht annehmen",
			heading: "Wir können Ihre Rücksendung nicht annehmen",
			lead: () =>
				"Wir haben Ihren Antrag geprüft und können diese Rücksendung nicht annehmen. Antworten Sie auf diese Nachricht, wenn Sie darüber sprechen möchten.",
			short: () => "Ihre Rücksendung können wir leider nicht annehmen."
		},
		low_stock: {
			subject: ({ product, units }) => `Geringer Bestand: ${product} (noch ${units})`,
			heading: "Ein Produkt geht zur Neige",
			lead: ({ product, units }) => `Von ${product} sind noch ${units} verfügbar.`,
			short: ({ product, units }) => `Geringer Bestand: ${product}, noch ${units}.`
		},
		webhook_failing: {
			subject: ({ host }) => `Webhook deaktiviert: Anfragen an ${host} schlagen fehl`,
			heading: "Ein Webhook ist deaktiviert",
			lead: ({ webhook, failingSince }) =>
				`Keine Anfrage an ${webhook} war${failingSince && ` seit dem ${failingSince}`} erfolgreich. Deshalb ist der Webhook deaktiviert. ${whileDisabled}`,
			short: ({ webhook, failingSince }) =>
				`Webhook deaktiviert: Keine Anfrage an ${webhook} war${failingSince && ` seit dem ${failingSince}`} erfolgreich.`
		},
		webhook_gone: {
			subject: ({ host }) => `Webhook deaktiviert: ${host} antwortete mit 410 Gone`,
			heading: "Ein Webhook ist deaktiviert",
			lead: ({ webhook }) =>
				`${webhook} hat mit „410 Gone“ geantwortet. Deshalb ist der Webhook deaktiviert. ${whileDisabled}`,
			short: ({ webhook }) => `Webhook deaktiviert: ${webhook} hat mit „410 Gone“ geantwortet.`
		}
	}
};
