#!/bin/sh
# Starts the agent in the folder of the function's files. Java cannot change its own environment, so the agent's
# variables become arguments here, where the handler does not see them.
set -eu
home=${0%/*}
read -r command <"$home/command"
read -r collector <"$home/collector" # for a process that serves one call
heap="-XX:MaxRAMPercentage=75.0"
session=
case $WF_MODE in
process)
    # The supervisor runs no code of the function; its heap is for the events and results that pass through, a frame of up
    # to 16 MiB for each call. The plain way of starting a process is the quickest.
    heap="-Xmx$((64 + 32 * ${WF_CONCURRENCY:-8}))m -Xss256k -Djdk.lang.Process.launchMechanism=VFORK"
    collector=-XX:+UseSerialGC
    ;;
shared) collector=-XX:+UseSerialGC ;;
spare)
    # Whatever the process and its children print arrives on the supervisor's third pipe; the frames have 3 and 4.
    exec 4<&0 0</dev/null 3>&1 1>&2
    session=setsid # by which what it has started can be told from what others have
    # When memory is short a call goes, not the supervisor.
    echo 1000 2>/dev/null >/proc/self/oom_score_adj || true
    echo $$ >&3
    if [ "${WF_MEMORY:-0}" != 0 ]; then heap="-Xmx$((WF_MEMORY / 10 * 7))"; fi
    if [ -n "${TMPDIR:-}" ]; then heap="$heap -Djava.io.tmpdir=$TMPDIR -XX:ErrorFile=$TMPDIR/crash.log"; fi
    ;;
esac
set -- "$WF_CHANNEL" "$WF_HANDLER" "$WF_MODE" "$WF_RUNTIME" "$WF_LOG_LIMIT" "$WF_RESULT_LIMIT" "${WF_LIFETIME:-0}" \
    "${WF_CONCURRENCY:-8}" "${WF_MEMORY:-0}" "${WF_TMP:-}" "${WF_ALONE:-0}" "$0"
unset WF_CHANNEL WF_HANDLER WF_MODE WF_RUNTIME WF_LOG_LIMIT WF_RESULT_LIMIT WF_LIFETIME WF_CONCURRENCY WF_MEMORY WF_TMP \
    WF_ALONE
# The selector provider by name: else the class path, and so the package, would be asked for one before the agent listens.
exec $session $command $heap $collector \
    -Xshare:auto -XX:TieredStopAtLevel=1 -XX:-UsePerfData \
    -Dfile.encoding=UTF-8 -Djava.nio.channels.spi.SelectorProvider=sun.nio.ch.EPollSelectorProvider -cp "$home/agent.jar:$home/classes:.:lib/*" workerfront.agent.Main "$@"
