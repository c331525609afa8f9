# A string.Template: docs/runtimes.md lists the placeholders and what is in the build context. There are no dependencies
# to install: a package brings its jars in lib/. Everything that functions share comes before what is their own.
FROM $base_image
LABEL $labels
# Names and texts beyond ASCII, for the compiler as for the function.
ENV LANG=C.UTF-8
COPY agent/ /opt/worker-front/agent/
RUN sh /opt/worker-front/agent/install.sh
WORKDIR /function
USER 65532:65532
ENTRYPOINT ["/bin/sh", "/opt/worker-front/agent/start.sh"]

COPY code/ /function/
RUN sh /opt/worker-front/agent/compile.sh
