#!/bin/sh
# Starts the agent in the folder of the function's files. Java cannot change its own environment, so the agent's
# variables become arguments here, where the handler does not see them.
set -eu
home=${0%/*}
read -r command <"$home/command"
set -- "$WF_CHANNEL" "$WF_HANDLER" "$WF_MODE" "$WF_RUNTIME" "$WF_LOG_LIMIT" "$WF_RESULT_LIMIT"
unset WF_CHANNEL WF_HANDLER WF_MODE WF_RUNTIME WF_LOG_LIMIT WF_RESULT_LIMIT
# The selector provider by name: else the class path, and so the package, would be asked for one before the agent listens.
exec $command \
    -Xshare:auto -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData -XX:MaxRAMPercentage=75.0 \
    -Dfile.encoding=UTF-8 -Djava.nio.channels.spi.SelectorProvider=sun.nio.ch.EPollSelectorProvider -cp "$home/agent.jar:$home/classes:.:lib/*" workerfront.agent.Main "$@"
