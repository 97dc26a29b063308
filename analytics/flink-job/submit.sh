#!/usr/bin/env bash
# Uploads the job and has a Dataproc cluster run it. It continues from the newest checkpoint in the bucket.
set -euo pipefail

usage() {
	cat <<'TEXT'
Usage: BUCKET=… CLUSTER=… REGION=… PROJECT=… KAFKA_BROKERS=… ./submit.sh [--dry-run]
Uploads target/flink-job-cluster.jar (made by: mvn package) and job.sql to gs://$BUCKET/flink-job/, and submits the job to a
Dataproc cluster with the optional component FLINK (image 3.0: Flink 2.2).
  BUCKET            bucket of Cloud Storage for the job
  CHECKPOINTS       gs:// folder of its checkpoints (gs://$BUCKET/flink-job/checkpoints)
  CLUSTER           the cluster
  REGION            its region
  PROJECT           its project
  KAFKA_BROKERS     host:port, or several separated by commas
  KAFKA_PROPERTIES  TLS and the login, in the form of Kafka's client.properties: a secret of Secret Manager
                    (projects/<project>/secrets/<name>/versions/latest) or a gs:// file that only the cluster's
                    service account reads; without it there is neither
  PARALLELISM       parallel readers, at most one for each partition of the topic orders (1)
  STATE_TTL         how long ids and minutes are remembered (8 d)
  --dry-run         only print the commands; needs neither gcloud nor the jar
TEXT
}

fail() {
	printf '%s\n' "$*" >&2
	exit 64
}

dry_run=false
case "${1:-}" in
'') ;;
-h | --help)
	usage
	exit 0
	;;
--dry-run) dry_run=true ;;
*) fail "There is no option $1: ./submit.sh --help shows what there is." ;;
esac
[ $# -le 1 ] || fail "There is no option $2: ./submit.sh --help shows what there is."

for name in BUCKET CLUSTER REGION PROJECT KAFKA_BROKERS; do
	[ -n "${!name:-}" ] || fail "$name is not set: ./submit.sh --help says what it is."
done
case "$BUCKET" in gs://* | */*) fail "BUCKET is a name, without gs:// and without a folder." ;; esac
case "${CHECKPOINTS:-gs://}" in gs://*) ;; *) fail "CHECKPOINTS is a folder that begins with gs://." ;; esac
# A login in an argument could be read by everyone on the cluster, and in the list of jobs.
case "${KAFKA_PROPERTIES:-}" in
'' | projects/*/secrets/*/versions/* | gs://*) ;;
*) fail "KAFKA_PROPERTIES names a secret (projects/<project>/secrets/<name>/versions/<version>) or a gs:// file; it is not the settings themselves." ;;
esac

folder="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
jar="$folder/target/flink-job-cluster.jar"
[ -f "$jar" ] || $dry_run || fail "$jar is missing: run mvn package in $folder."
command -v gcloud >/dev/null || $dry_run || fail "gcloud is missing: https://cloud.google.com/sdk/docs/install"

run() {
	if $dry_run; then
		printf '%q ' "$@"
		printf '\n'
	else
		"$@"
	fi
}

target="gs://$BUCKET/flink-job"
run gcloud storage cp "$jar" "$folder/job.sql" "$target/" --project="$PROJECT"

arguments=(--sql "$target/job.sql" --brokers "$KAFKA_BROKERS" --checkpoints "${CHECKPOINTS:-$target/checkpoints}")
arguments+=(--state-backend rocksdb --parallelism "${PARALLELISM:-1}" --state-ttl "${STATE_TTL:-8 d}")
[ -z "${KAFKA_PROPERTIES:-}" ] || arguments+=(--kafka-properties "$KAFKA_PROPERTIES")

run gcloud dataproc jobs submit flink --async \
	--cluster="$CLUSTER" --region="$REGION" --project="$PROJECT" \
	--class=shop.analytics.SqlRunner --jars="$target/flink-job-cluster.jar" \
	-- "${arguments[@]}"
