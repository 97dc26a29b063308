import { oneOf, T } from "../lib/schema.ts";
import { text } from "./variable.ts";

/** Variables about messages to people and to other systems: content and channels. */

const secret = { secret: true } as const;

export const messageVariables = {
	SHOP_NAME: {
		schema: text("^[^\\p{Cc}<>]{1,60}$", "1 to 60 characters without < and >"),
		fallback: "The Shop",
		about: "the shop's name in messages"
	},
	SHOP_ORDER_URL: {
		schema: text(
			"^https?://\\S*\\{id\\}\\S*$",
			"a URL that begins with https:// or http:// and contains {id}"
		),
		about:
			"URL of a customer's order in messages; {id} is replaced by its id. By default it is the API's at PUBLIC_URL"
	},
	SHOP_LOGO_URL: {
		schema: text("^https://\\S+$", "a URL that begins with https://"),
		about: "an image, 32 pixels high, at the top of e-mails in place of the name"
	},
	MAIL_DRIVER: {
		schema: oneOf(["mailbox", "ses", "smtp"]),
		fallback: "mailbox",
		about:
			"how e-mail is sent: by Amazon SES or SMTP; the mailbox only stores it for viewing, so production requires this to be set"
	},
	MAIL_FROM: {
		schema: text(
			"^([^<>\\p{Cc}]{1,60} <[^\\s<>@]+@[^\\s<>@]+>|[^\\s<>@]+@[^\\s<>@]+)$",
			"an address, or a name with one: The Shop <orders@shop.example>"
		),
		about: "sender of e-mail: orders@shop.example, or The Shop <orders@shop.example>"
	},
	SMTP_URL: {
		schema: text(
			"^smtps?://[^\\s/?#]+/?$",
			"a URL without a path, that begins with smtp:// or smtps://"
		),
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
		schema: text("^[A-Za-z0-9_-]{1,64}$", "1 to 64 letters, digits, hyphens and underscores"),
		about: "configuration set of SES that reports bounces and deliveries"
	},
	SMS_DRIVER: {
		schema: oneOf(["none", "mailbox", "sns"]),
		about: "how text messages are sent; default: the mailbox, in production none"
	},
	SMS_SENDER_ID: {
		schema: text(
			"^(?=.*[A-Za-z])[A-Za-z0-9]{1,11}$",
			"1 to 11 letters and digits, with one letter at least"
		),
		about: "sender of text messages, in countries that show it"
	},
	SNS_TOPIC_ARN: {
		schema: text(
			"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]{1,256}$",
			"the ARN of a topic: arn:aws:sns:region:account:name"
		),
		about: "SNS topic that receives a copy of every message as JSON; without it there is none"
	},
	AWS_REGION: {
		schema: text("^[a-z]{2}(-[a-z0-9]+)+$", "the code of a region, such as eu-central-1"),
		about: "region of SES, SNS and DynamoDB; credentials are found as by the AWS tools"
	},
	AWS_ENDPOINT_URL: {
		schema: text("^https?://\\S+$", "a URL that begins with https:// or http://"),
		about: "endpoint instead of AWS's own, e.g. of a simulator"
	},
	NOTIFICATION_STORE: {
		schema: oneOf(["postgres", "dynamodb"]),
		fallback: "postgres",
		about: "where messages and their delivery status are stored"
	},
	NOTIFICATION_TABLE: {
		schema: text(
			"^[A-Za-z0-9_.-]{3,255}$",
			"3 to 255 letters, digits, dots, hyphens and underscores"
		),
		fallback: "notifications",
		about: "the table, with DynamoDB"
	},
	WEBHOOK_RETRY_DELAYS_S: {
		schema: text(
			"^[0-9]{1,6}(,[0-9]{1,6}){0,19}$",
			"1 to 20 whole numbers of seconds, separated by commas"
		),
		fallback: "5,300,1800,7200,18000,36000,50400,72000,86400",
		about:
			"seconds between two attempts at a webhook delivery, which fails after the last one; by default three days, as Standard Webhooks advises"
	},
	WEBHOOK_ALLOWED_NETWORKS: {
		schema: T.String(),
		fallback: "",
		about:
			"private and loopback networks that webhooks may lead into, by http:// too, such as 10.20.0.0/16,127.0.0.1; none by default"
	}
} as const;
