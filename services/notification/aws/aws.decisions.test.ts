import { refusalByAws } from "./aws.decisions.ts";

const kindOf = (name: string, message = "") => refusalByAws({ name, message }).kind;

describe("errors of AWS", () => {
	it.each([
		["Throttling", "Maximum sending rate exceeded."],
		["ThrottlingException", "Rate exceeded"],
		["ThrottledException", "Rate exceeded"],
		["TooManyRequestsException", ""]
	])("is throttled: %s", (name, message) => {
		expect(refusalByAws({ name, message })).toMatchObject({
			kind: "throttled",
			retryAfterMs: 1000
		});
	});

	it("uses Retry-After", () => {
		const throttled = { name: "ThrottledException", message: "", retryAfter: "7" };
		expect(refusalByAws(throttled).retryAfterMs).toBe(7000);
		const date = { ...throttled, retryAfter: "Wed, 21 Oct 2026 07:28:00 GMT" };
		expect(refusalByAws(date).retryAfterMs).toBe(1000);
	});

	it("waits longer for a new day's quota", () => {
		const message = "Daily message quota exceeded.";
		expect(refusalByAws({ name: "Throttling", message }).retryAfterMs).toBe(900_000);
	});

	it.each([
		["MessageRejected", "Address blacklisted."],
		["InvalidParameterValue", "Missing final '@domain'"],
		["InvalidParameterException", "Invalid parameter: PhoneNumber"],
		["InvalidParameter", "Invalid parameter: Message too long"],
		["OptedOutException", ""],
		["ValidationException", "The phone number is opted out"]
	])("is permanent: %s %s", (name, message) => {
		expect(kindOf(name, message)).toBe("permanent");
	});

	it.each([
		["MessageRejected", "Email address is not verified."],
		["MailFromDomainNotVerifiedException", ""],
		["AccountSendingPausedException", ""],
		["InternalError", ""],
		["ServiceUnavailable", ""],
		["TimeoutError", "The operation was aborted due to timeout"],
		["CredentialsProviderError", "Could not load credentials from any providers"],
		["Error", "connect ECONNREFUSED 127.0.0.1:1"]
	])("is temporary: %s %s", (name, message) => {
		expect(kindOf(name, message)).toBe("temporary");
	});
});
