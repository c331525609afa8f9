#!/bin/sh
# Makes the agent ready, beside its sources: agent.jar, and an archive of loaded classes, from which it starts faster.
set -eu
cd "${0%/*}"
home=$(pwd)
work=$(mktemp -d)
java_home=$(java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.home = //p')
major=$(java -version 2>&1 | sed -n '1s/[^"]*"\(1\.\)\{0,1\}\([0-9]*\).*/\2/p')

# Whatever the compiler's age, class files of Java 8: newer ones join strings with code that is made at run time.
if [ "$major" -lt 9 ]; then release="-source 8 -target 8"; else release="--release 8"; fi
mkdir "$work/classes"
javac -encoding UTF-8 -proc:none -Xlint:-options $release -d "$work/classes" lalb/*.java workerfront/agent/*.java
jar cf0 agent.jar -C "$work/classes" .

if [ "$major" -lt 9 ]; then
    # Java 8 archives only what the boot loader loads.
    extra="-Xbootclasspath/a:$home/agent.jar"
else
    # The archive is mapped where it wants to be. Moving it costs every start some ms, and a function need not be
    # protected from its own code.
    extra="-XX:+IgnoreUnrecognizedVMOptions -XX:ArchiveRelocationMode=0"
fi
if [ "$major" -lt 16 ]; then channel=tcp:39187; else channel=unix:$work/socket; fi
options="-XX:+UnlockDiagnosticVMOptions -XX:SharedArchiveFile=$home/agent.jsa $extra"
java -Xshare:off $options -XX:DumpLoadedClassList="$work/list" -cp "$home/agent.jar" workerfront.agent.Training \
    "$channel" workerfront.agent.Warmup.handle container training 4096 4096 0 1 0 "" 0 ""
cat "$java_home/lib/classlist" "$work/list" >"$work/all"
# G1 is the only collector that archives objects; from Java 18 on the others can load them.
java -Xshare:dump -XX:+UseG1GC $options -XX:SharedClassListFile="$work/all" -cp "$home/agent.jar" >"$work/log" 2>&1 ||
    cat "$work/log"
echo "$java_home/bin/java $options" >command
mkdir -m 777 classes # compile.sh runs as the function's user
rm -r "$work"
