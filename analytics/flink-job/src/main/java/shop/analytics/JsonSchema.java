package shop.analytics;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonProcessingException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.DeserializationFeature;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/**
 * The schema of a message, from a file that scripts/generate.ts writes from contracts/. Of JSON Schema it knows the keywords
 * that are used there, and refuses a file with another one.
 */
final class JsonSchema {
	private static final Pattern UUID =
			Pattern.compile("[\\da-f]{8}(?:-[\\da-f]{4}){3}-[\\da-f]{12}", Pattern.CASE_INSENSITIVE);
	private static final Set<String> ANNOTATIONS =
			Set.of("title", "description", "rule", "default", "additionalProperties");
	private static final Set<String> KEYWORDS =
			Set.of(
					"type", "properties", "required", "items", "minItems", "maxItems", "minimum", "maximum", "pattern",
					"format", "enum", "const", "anyOf", "minLength", "maxLength");

	private final ObjectMapper json =
			new ObjectMapper()
					.enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
					.enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);
	private final String file;
	/** The whole file. */
	final JsonNode contract;
	private final Set<String> currencies = new HashSet<>();
	private final Map<String, Pattern> patterns = new HashMap<>();

	/** @param file a resource of the jar */
	JsonSchema(String file) {
		this.file = file;
		try (InputStream in = JsonSchema.class.getResourceAsStream("/" + file)) {
			contract = json.readTree(in);
		} catch (IOException error) {
			throw new UncheckedIOException(error);
		}
		contract.get("currencies").forEach(code -> currencies.add(code.textValue()));
		check(contract.get("schema"));
	}

	/** Null for what is no JSON. */
	JsonNode parse(String message) {
		try {
			return json.readTree(message);
		} catch (JsonProcessingException error) {
			return null;
		}
	}

	boolean accepts(JsonNode value) {
		return isValid(contract.get("schema"), value);
	}

	private void check(JsonNode node) {
		node.fieldNames()
				.forEachRemaining(
						name -> {
							if (!KEYWORDS.contains(name) && !ANNOTATIONS.contains(name))
								throw new IllegalStateException(file + " has the unknown keyword " + name);
						});
		if (node.has("properties")) node.get("properties").forEach(this::check);
		if (node.has("items")) check(node.get("items"));
		if (node.has("anyOf")) node.get("anyOf").forEach(this::check);
	}

	private boolean isValid(JsonNode rule, JsonNode value) {
		if (rule.has("anyOf")) {
			for (JsonNode option : rule.get("anyOf")) if (isValid(option, value)) return true;
			return false;
		}
		if (rule.has("const") && !rule.get("const").equals(value)) return false;
		if (rule.has("enum") && !contains(rule.get("enum"), value)) return false;
		return switch (rule.path("type").asText()) {
			case "object" -> value.isObject() && isValidObject(rule, value);
			case "array" -> value.isArray() && isValidArray(rule, value);
			case "integer" -> value.isNumber() && isValidInteger(rule, value.decimalValue());
			case "string" -> value.isTextual() && isValidText(rule, value.textValue());
			case "boolean" -> value.isBoolean();
			case "null" -> value.isNull();
			default -> rule.has("const") || rule.has("enum");
		};
	}

	private static boolean contains(JsonNode list, JsonNode value) {
		for (JsonNode item : list) if (item.equals(value)) return true;
		return false;
	}

	private boolean isValidObject(JsonNode rule, JsonNode value) {
		for (JsonNode name : rule.path("required")) if (!value.has(name.textValue())) return false;
		var properties = rule.path("properties").fields();
		while (properties.hasNext()) {
			var property = properties.next();
			JsonNode member = value.get(property.getKey());
			if (member != null && !isValid(property.getValue(), member)) return false;
		}
		return true;
	}

	private boolean isValidArray(JsonNode rule, JsonNode value) {
		if (value.size() < rule.path("minItems").asInt(0)) return false;
		if (value.size() > rule.path("maxItems").asInt(Integer.MAX_VALUE)) return false;
		for (JsonNode item : value) if (!isValid(rule.get("items"), item)) return false;
		return true;
	}

	/** 1.0 and 1e3 are integers of JSON; a number beyond 2^53 - 1 is one that JavaScript reads as another. */
	private static boolean isValidInteger(JsonNode rule, BigDecimal value) {
		if (value.signum() != 0 && value.stripTrailingZeros().scale() > 0) return false;
		if (rule.has("minimum") && value.compareTo(rule.get("minimum").decimalValue()) < 0) return false;
		return !rule.has("maximum") || value.compareTo(rule.get("maximum").decimalValue()) <= 0;
	}

	private boolean isValidText(JsonNode rule, String value) {
		int length = value.codePointCount(0, value.length());
		if (length < rule.path("minLength").asInt(0)) return false;
		if (length > rule.path("maxLength").asInt(Integer.MAX_VALUE)) return false;
		if (rule.has("pattern")
				&& !patterns.computeIfAbsent(rule.get("pattern").textValue(), Pattern::compile).matcher(value).find())
			return false;
		return !rule.has("format") || hasFormat(rule.get("format").textValue(), value);
	}

	private boolean hasFormat(String format, String value) {
		return switch (format) {
			case "uuid" -> UUID.matcher(value).matches();
			case "currency" -> currencies.contains(value);
			case "date-time" -> isTime(value);
			default -> throw new IllegalStateException(file + " has the unknown format " + format);
		};
	}

	private static boolean isTime(String value) {
		try {
			EventSchema.millisOf(value);
			return true;
		} catch (DateTimeException error) {
			return false;
		}
	}
}
