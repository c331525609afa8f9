# A string.Template: docs/runtimes.md lists the placeholders and what is in the build context; two $$ are one of the shell.
# Each step costs time when it is not cached, so everything that functions share comes before what is their own.
FROM $base_image
LABEL $labels
# Dependencies are packages of the user who runs the function: every python3 finds them behind the standard library
# and before what comes with the image.
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUSERBASE=/opt/worker-front/dependencies
COPY agent/ /opt/worker-front/agent/
RUN python3 -m compileall -q /opt/worker-front/agent
WORKDIR /function
# The installer of the dependencies runs code of theirs, so it is not root either.
USER 65532:65532
# The full path, -I and -B: nothing in the function's environment or folder may have a say in how process 1 starts.
ENTRYPOINT ["/usr/local/bin/python3", "-I", "-B", "/opt/worker-front/agent/__main__.py"]

ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_TRUSTED_HOST
COPY --chown=65532:65532 dependencies/ /opt/worker-front/dependencies/
RUN cd /opt/worker-front/dependencies; \
    if [ -f requirements.txt ]; then \
      if [ -f ca.pem ]; then export PIP_CERT="$$PWD/ca.pem"; fi; \
      HOME=/tmp python3 -m pip install --no-cache-dir --disable-pip-version-check --no-input \
        --target "$$(python3 -m site --user-site)" -r requirements.txt \
      || { echo "pip could not install what requirements.txt lists; its reason is above" >&2; exit 1; }; \
    fi

COPY code/ /function/
