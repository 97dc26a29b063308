import { oneOf, T } from "../lib/schema.ts";

/** The variables about messages to customers and systems: what they say, and how they go out. */

const secret = { secret: true } as const;

export const messageVariables = {
	SHOP_NAME: {
		schema: T.String({ pattern: "^[^\\p{Cc}<>]{1,60}$" }),
		fallback: "The Shop",
		about: "what messages to customers call this shop"
	},
	SHOP_ORDER_URL: {
		schema: T.String({ pattern: "^https?://\\S*\\{id\\}\\S*$" }),
		fallback: "http://localhost:8080/api/v1/orders/{id}",
		about: "where a customer sees their order; {id} stands for its id"
	},
	SHOP_LOGO_URL: {
		schema: T.String({ pattern: "^https://\\S+$" }),
		about: "an image, 32 pixels high, at the top of e-mails in place of the name"
	},
	MAIL_DRIVER: {
		schema: oneOf(["mailbox", "ses", "smtp"]),
		fallback: "mailbox",
		about:
			"how e-mail goes out: by Amazon SES or SMTP; the mailbox only keeps it to be looked at, so production wants this said"
	},
	MAIL_FROM: {
		schema: T.String({
			pattern: "^([^<>\\p{Cc}]{1,60} <[^\\s<>@]+@[^\\s<>@]+>|[^\\s<>@]+@[^\\s<>@]+)$"
		}),
		about: "whom e-mail is from: orders@shop.example, or The Shop <orders@shop.example>"
	},
	SMTP_URL: {
		schema: T.String({ pattern: "^smtps?://[^\\s/?#]+/?$" }),
		...secret,
		about: "the mail server: smtp://user:password@host:587, or smtps:// for TLS from the start"
	},
	SMTP_TLS: {
		schema: oneOf(["required", "offered"]),
		fallback: "required",
		about:
			"with smtp://: offered also accepts a server without STARTTLS, and sends it everything unencrypted"
	},
	SES_RATE_PER_S: {
		schema: T.Integer({ minimum: 1, maximum: 1000 }),
		fallback: 10,
		about: "e-mails a second that one node hands to SES: the account's quota by the number of nodes"
	},
	SES_CONFIGURATION_SET: {
		schema: T.String({ pattern: "^[A-Za-z0-9_-]{1,64}$" }),
		about: "configuration set of SES that reports bounces and deliveries"
	},
	SMS_DRIVER: {
		schema: oneOf(["none", "mailbox", "sns"]),
		about: "how text messages go out; default: the mailbox, in production none"
	},
	SMS_SENDER_ID: {
		schema: T.String({ pattern: "^(?=.*[A-Za-z])[A-Za-z0-9]{1,11}$" }),
		about: "whom text messages are from, in countries that show it"
	},
	SNS_TOPIC_ARN: {
		schema: T.String({
			pattern: "^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]{1,256}$"
		}),
		about: "SNS topic that receives a copy of every message as JSON; without it there is none"
	},
	AWS_REGION: {
		schema: T.String({ pattern: "^[a-z]{2}(-[a-z0-9]+)+$" }),
		about: "where SES, SNS and DynamoDB are; credentials are looked for as all of AWS's tools do"
	},
	AWS_ENDPOINT_URL: {
		schema: T.String({ pattern: "^https?://\\S+$" }),
		about: "in place of AWS's own, e.g. of a simulator"
	},
	NOTIFICATION_STORE: {
		schema: oneOf(["postgres", "dynamodb"]),
		fallback: "postgres",
		about: "where it is kept which messages there are and what became of them"
	},
	NOTIFICATION_TABLE: {
		schema: T.String({ pattern: "^[A-Za-z0-9_.-]{3,255}$" }),
		fallback: "notifications",
		about: "the table, with DynamoDB"
	}
} as const;
