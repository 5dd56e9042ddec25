#!/bin/bash
# Healthy when nginx answers on its own loopback port. The image has no HTTP client; bash opens the connection.
set -eu
exec 3<>/dev/tcp/127.0.0.1/8080
printf 'GET /healthz HTTP/1.0\r\n\r\n' >&3
read -r -t 4 answer <&3
[[ $answer == *" 200 "* ]]
