#!/bin/sh
# Make the development CA once, and lay out what others may have of it: the root for everyone, the
# secret that lets one issue for the enrolment.
set -eu

devca init --base-url http://devca:8085
install -m 0644 "$DEVCA_DIRECTORY/root.pem" /authority/public/anchors.pem
install -m 0640 "$DEVCA_DIRECTORY/issue-secret" /authority/enrolment/issue-secret
