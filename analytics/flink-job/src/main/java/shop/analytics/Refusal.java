package shop.analytics;

/** Why the job may not run, as a sentence for its operator: the job ends with code 78, as a repetition does not help. */
final class Refusal extends RuntimeException {
	Refusal(String sentence) {
		super(sentence);
	}
}
