#!/bin/sh
# Compiles every .java file of the working directory into classes/ beside this script. The compiler's words say what is
# wrong; nothing to compile is fine.
set -eu
home=${0%/*}
sources=$(mktemp)
# Each name quoted for an argument file; one that begins with a dash must not become an option.
find . -name '*.java' -type f -printf '%P\n' | sed 's/[\\"]/\\&/g; s/^-/.\/-/; s/.*/"&"/' >"$sources"
if [ -s "$sources" ]; then
    # No annotation processors: a build does not run the function's code. Strings are joined by code that is made now,
    # not at the first call.
    javac -encoding UTF-8 -proc:none -nowarn -XDstringConcat=inline -cp "$home/agent.jar:.:lib/*" -d "$home/classes" \
        -J-Xshare:auto -J-XX:TieredStopAtLevel=1 -J-XX:+UseSerialGC "@$sources"
fi
rm "$sources"
