#!/bin/bash
# SPDX-FileCopyrightText: 2026 The TinyJoule Authors
# SPDX-License-Identifier: Apache-2.0
# What tests/packages/run does inside the chroot.
set -euo pipefail

fail() { echo "FAILED: $*" >&2; exit 1; }
expect() { # expect WHAT COMMAND...
  what=$1
  shift
  "$@" || fail "$what"
  echo "ok: $what"
}
apt_get() { apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@" > /tmp/apt.log 2>&1 || { cat /tmp/apt.log; fail "apt-get $*"; }; }
# Everything on the disk and every account, without what apt and dpkg keep for themselves.
picture() {
  find / -xdev \( -path /proc -o -path /dev -o -path /run -o -path /tmp -o -path /debs -o -path /var/cache -o -path /var/log \
    -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path '/etc/*-' -o -path /var/lib/systemd/deb-systemd-helper-masked \) -prune -o -print | sort
  getent passwd
  getent group
}
exposure() { # exposure DAEMON TENTHS
  systemd-analyze security --offline=true --no-pager --threshold="$2" "/usr/lib/systemd/system/tinyjoule-$1.service" \
    > /tmp/exposure || { cat /tmp/exposure; fail "systemd finds tinyjoule-$1 exposed by more than $2 tenths"; }
  echo "ok: $(tail -n 1 /tmp/exposure)"
}
later() { ls /debs/*.later.deb; }
now() { ls /debs/*.deb | grep -v later; }

# deb-systemd-invoke and udev have nothing to talk to; dpkg -V wants the documentation there.
rm -f /etc/dpkg/dpkg.cfg.d/*
apt-get -qq update
# What they depend on stays when they go: it is there before the first picture.
apt_get satisfy "$(cat /debs/depends)"
picture > /tmp/before
! getent group gpio > /dev/null || fail "this Debian has a group gpio: nothing to show"

apt_get install $(now)
dpkg -L tinyjoule-agent tinyjoule-coordinator tinyjoule-client | grep -v /doc/ | sort -u | while read -r file; do [ -d "$file" ] || echo "$file"; done
expect "no file differs from its package" dpkg -V tinyjoule-agent tinyjoule-coordinator tinyjoule-client
expect "the user is in the groups of the buses" test "$(id -nG tinyjoule | tr ' ' '\n' | sort | paste -sd' ')" = "gpio i2c tinyjoule video"
expect "the services are enabled" test -e /etc/systemd/system/multi-user.target.wants/tinyjoule-agent.service \
  -a -e /etc/systemd/system/multi-user.target.wants/tinyjoule-coordinator.service
exposure agent 16
exposure coordinator 13
expect "coord answers" coord --version
expect "the agent sees a sensor" bash -c 'tinyjoule-agent --check --sensor sim: | grep simulated'
expect "bash completes" bash -c '. /usr/share/bash-completion/completions/coord; COMP_WORDS=(coord sub); COMP_CWORD=1; _coord; [ "${COMPREPLY[0]}" = submit ]'
expect "an unconfigured agent says what it lacks" bash -c 'tinyjoule-agent --config /etc/tinyjoule/agent.yaml 2>&1 | grep -- --coordinator'

# Both daemons as their units start them, on a port of their own.
as_service=(setpriv --reuid tinyjoule --regid tinyjoule --init-groups)
trap 'kill $(jobs -p) 2> /dev/null || true' EXIT
for daemon in agent coordinator; do install -d -o tinyjoule -g tinyjoule -m 0700 /var/lib/tinyjoule-$daemon; done
"${as_service[@]}" tinyjoule-coordinator --config /etc/tinyjoule/coordinator.yaml --listen 127.0.0.1:0 > /tmp/ready 2> /tmp/coordinator.log &
coordinator=$!
wait_for() { for _ in $(seq 300); do ! "$@" || return 0; sleep 0.1; done; return 1; }
wait_for grep -q ready /tmp/ready || { cat /tmp/coordinator.log; fail "the coordinator is ready within 30 s"; }
COORD_ADDR=$(sed -n 's/.*ready on \([^, ]*\).*/\1/p' /tmp/ready)
export COORD_ADDR
echo "coordinator: $COORD_ADDR" >> /etc/tinyjoule/agent.yaml
"${as_service[@]}" tinyjoule-agent --config /etc/tinyjoule/agent.yaml --name in-a-chroot --sensor sim: 2> /tmp/agent.log &
agent=$!
connected() { coord list agents -o csv | grep -q in-a-chroot; }
wait_for connected || { cat /tmp/agent.log; fail "the agent connects within 30 s"; }
echo "ok: the installed agent reaches the installed coordinator"
kill $agent $coordinator
wait $agent && wait $coordinator || fail "the daemons end with 0 on SIGTERM"

dpkg --force-depends -i /debs/torch/*.deb > /tmp/torch.log 2>&1 || { cat /tmp/torch.log; fail "the packages with LibTorch go in"; }
for daemon in agent coordinator; do
  expect "LibTorch may compile beside the $daemon" grep -qx MemoryDenyWriteExecute=no "/usr/lib/systemd/system/tinyjoule-$daemon.service.d/libtorch.conf"
done
expect "its programs are beside the others" test -x /usr/bin/tinyjoule-runner-torch -a -x /usr/bin/tinyjoule-trainer
dpkg -P tinyjoule-agent-torch tinyjoule-trainer >> /tmp/torch.log 2>&1 || { cat /tmp/torch.log; fail "and out"; }

mkdir -p /var/lib/tinyjoule-agent/spool
echo precious > /var/lib/tinyjoule-agent/spool/kept
apt_get install $(later)
expect "the upgrade keeps the spool" grep -q precious /var/lib/tinyjoule-agent/spool/kept
expect "the upgrade keeps the configuration" grep -q "^coordinator: $COORD_ADDR" /etc/tinyjoule/agent.yaml
expect "it is the later version" bash -c 'dpkg-query -W -f "\${Version}" tinyjoule-agent | grep "\.1$"'

apt_get remove tinyjoule-agent
expect "removal keeps the spool and the configuration" test -e /var/lib/tinyjoule-agent/spool/kept -a -e /etc/tinyjoule/agent.yaml
expect "removal takes the programs" test ! -e /usr/bin/tinyjoule-agent -a ! -e /usr/bin/tinyjoule-runner
apt_get purge tinyjoule-agent
expect "the coordinator keeps its user" getent passwd tinyjoule
expect "the groups that the agent made are gone" bash -c '! getent group i2c && ! getent group gpio'
apt_get purge tinyjoule-coordinator tinyjoule-client
picture > /tmp/after
expect "a purge leaves nothing" diff /tmp/before /tmp/after

groupadd --system i2c
apt_get install /debs/tinyjoule-agent.deb
apt_get purge tinyjoule-agent
expect "a purge leaves the groups of others" getent group i2c
expect "and takes its own" bash -c '! getent group gpio'
expect "and the user" bash -c '! getent passwd tinyjoule'
echo "packages: all is well"
