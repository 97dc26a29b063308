package shop.analytics;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/** Reads a secret as the service account of the machine: two requests, so that no library of Google's is needed. */
final class SecretManager {
	private static final String METADATA = "http://metadata.google.internal";
	private static final String SECRETS = "https://secretmanager.googleapis.com";
	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private SecretManager() {}

	/** @param name `projects/…/secrets/…/versions/…` */
	static String read(String name) throws IOException, InterruptedException {
		String metadata = System.getProperty("shop.metadata.url", METADATA);
		String secrets = System.getProperty("shop.secrets.url", SECRETS);
		String account = metadata + "/computeMetadata/v1/instance/service-accounts/default/token";
		String token = get(account, "Metadata-Flavor", "Google").path("access_token").asText();
		JsonNode secret = get(secrets + "/v1/" + name + ":access", "Authorization", "Bearer " + token);
		byte[] bytes = Base64.getDecoder().decode(secret.path("payload").path("data").asText());
		return new String(bytes, StandardCharsets.UTF_8);
	}

	private static JsonNode get(String url, String header, String value) throws IOException, InterruptedException {
		var request = HttpRequest.newBuilder(URI.create(url)).timeout(PATIENCE).header(header, value).build();
		HttpClient client = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
		var answer = client.send(request, HttpResponse.BodyHandlers.ofString());
		if (answer.statusCode() != 200) throw new Settings.Invalid("%s answers %d.".formatted(url, answer.statusCode()));
		return new ObjectMapper().readTree(answer.body());
	}
}
