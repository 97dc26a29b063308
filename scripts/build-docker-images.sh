#!/usr/bin/env bash
# Builds the image of the shop, which all services share, and pushes it with --push.
#   scripts/build-docker-images.sh <registry/name> <tag> [--push]
# BUILDER is docker by default; podman and buildah take the same words.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
	printf '%s\n' "$*" >&2
	exit 64
}

name="${1-}" tag="${2-}" push="${3-}" builder="${BUILDER:-docker}"
usage="Usage: scripts/build-docker-images.sh <registry/name> <tag> [--push]"
if [ -z "$name" ] || [ -z "$tag" ] || [ "$#" -gt 3 ]; then fail "$usage"; fi
[ -z "$push" ] || [ "$push" = --push ] || fail "$push is not an option. $usage"
[[ "$name" =~ ^[a-z0-9.:/_-]+$ ]] || fail "$name is not the name of an image: write it as registry.example/shop."
# A colon is that of a registry's port: after the last slash it would be one of a tag, and the image would get two.
[[ "${name##*/}" != *:* ]] || fail "$name has a tag: give the name alone, and the tag after it."
[[ "$tag" =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]] || fail "$tag is not a tag: letters, digits, dots, hyphens and underscores."
# What is pulled under this name changes, so nobody could say which version runs.
[ "$tag" != latest ] || fail "latest is no tag of a release: name the version."
command -v "$builder" >/dev/null || fail "$builder is not installed: install it, or set BUILDER."

image="$name:$tag"
# The default format of podman and buildah has no health checks.
export BUILDAH_FORMAT=docker
"$builder" build \
	--build-arg "VERSION=$tag" \
	--build-arg "REVISION=$(git rev-parse HEAD 2>/dev/null || printf unknown)" \
	--tag "$image" .
[ "$push" != --push ] || "$builder" push "$image"
printf 'Built %s\n' "$image"
