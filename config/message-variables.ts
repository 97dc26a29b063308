import { oneOf, T } from "../lib/schema.ts";

/** Variables about messages: content and channels. */

const secret = { secret: true } as const;

export const messageVariables = {
	SHOP_NAME: {
		schema: T.String({ pattern: "^[^\\p{Cc}<>]{1,60}$" }),
		fallback: "The Shop",
		about: "the shop's name in messages"
	},
	SHOP_ORDER_URL: {
		schema: T.String({ pattern: "^https?://\\S*\\{id\\}\\S*$" }),
		about:
			"URL of a customer's order in messages; {id} is replaced by its id. By default it is the API's, on HOST and PORT"
	},
	SHOP_LOGO_URL: {
		schema: T.String({ pattern: "^https://\\S+$" }),
		about: "an image, 32 pixels high, at the top of e-mails in place of the name"
	},
	MAIL_DRIVER: {
		schema: oneOf(["mailbox", "ses", "smtp"]),
		fallback: "mailbox",
		about:
			"how e-mail is sent: by Amazon SES or SMTP; the mailbox only stores it for viewing, so production requires this to be set"
	},
	MAIL_FROM: {
		schema: T.String({
			pattern: "^([^<>\\p{Cc}]{1,60} <[^\\s<>@]+@[^\\s<>@]+>|[^\\s<>@]+@[^\\s<>@]+)$"
		}),
		about: "sender of e-mail: orders@shop.example, or The Shop <orders@shop.example>"
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
		about:
			"e-mails per second that one node sends by SES: the account's quota divided by the number of nodes"
	},
	SES_CONFIGURATION_SET: {
		schema: T.String({ pattern: "^[A-Za-z0-9_-]{1,64}$" }),
		about: "configuration set of SES that reports bounces and deliveries"
	},
	SMS_DRIVER: {
		schema: oneOf(["none", "mailbox", "sns"]),
		about: "how text messages are sent; default: the mailbox, in production none"
	},
	SMS_SENDER_ID: {
		schema: T.String({ pattern: "^(?=.*[A-Za-z])[A-Za-z0-9]{1,11}$" }),
		about: "sender of text messages, in countries that show it"
	},
	SNS_TOPIC_ARN: {
		schema: T.String({
			pattern: "^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]{1,256}$"
		}),
		about: "SNS topic that receives a copy of every message as JSON; without it there is none"
	},
	AWS_REGION: {
		schema: T.String({ pattern: "^[a-z]{2}(-[a-z0-9]+)+$" }),
		about: "region of SES, SNS and DynamoDB; credentials are found as by the AWS tools"
	},
	AWS_ENDPOINT_URL: {
		schema: T.String({ pattern: "^https?://\\S+$" }),
		about: "endpoint instead of AWS's own, e.g. of a simulator"
	},
	NOTIFICATION_STORE: {
		schema: oneOf(["postgres", "dynamodb"]),
		fallback: "postgres",
		about: "where messages and their delivery status are stored"
	},
	NOTIFICATION_TABLE: {
		schema: T.String({ pattern: "^[A-Za-z0-9_.-]{3,255}$" }),
		fallback: "notifications",
		about: "the table, with DynamoDB"
	}
} as const;
