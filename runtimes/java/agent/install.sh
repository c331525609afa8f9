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
train() { # list, mode; the one call that it makes ends the agent
    rm -f "$work/socket"
    java -Xshare:off $options -XX:DumpLoadedClassList="$1" -cp "$home/agent.jar" workerfront.agent.Training \
        "$channel" workerfront.agent.Warmup.handle "$2" training 4096 4096 0 1 0 "$work" 0 "$home/start.sh"
}
train "$work/container" container
# A supervisor, and its one spare, which is started with this command.
echo "java $options -XX:DumpLoadedClassList=$work/spare" >command
echo "-XX:+UseSerialGC" >collector
train "$work/supervisor" process
train "$work/shared" shared
cat "$java_home/lib/classlist" "$work/container" "$work/supervisor" "$work/spare" "$work/shared" >"$work/all"
# G1 is the only collector that archives objects. Up to Java 17 it is also the only one that loads them, which saves a
# process that serves one call a third of its start. Its threads would cost what that saves.
collector="-XX:+UseSerialGC"
if [ "$major" -ge 9 ] && [ "$major" -lt 18 ]; then
    collector="-XX:+UseG1GC -XX:ParallelGCThreads=1 -XX:ConcGCThreads=1 -XX:G1ConcRefinementThreads=0"
fi
java -Xshare:dump -XX:+UseG1GC $options -XX:SharedClassListFile="$work/all" -cp "$home/agent.jar" >"$work/log" 2>&1 ||
    cat "$work/log"
echo "$java_home/bin/java $options" >command
echo "$collector" >collector
mkdir -m 777 classes # compile.sh runs as the function's user
rm -r "$work"
