FROM $base_image
LABEL $labels
COPY agent/ /opt/worker-front/agent/
# /function then belongs to the user that runs npm, and so the install scripts of packages.
COPY --chown=65532:65532 dependencies/ /function/
WORKDIR /function
USER 65532:65532
ARG npm_config_registry
ARG NPM_CONFIG_REGISTRY
# NODE_ENV is the only way to leave development packages out that every npm since 6 takes without a warning.
# The package's own scripts need its files, which come later: only those of its dependencies run.
RUN if [ -f package.json ]; then \
        set -e; \
        mkdir /tmp/npm; \
        export NODE_ENV=production HOME=/tmp/npm TMPDIR=/tmp/npm npm_config_cache=/tmp/npm/cache \
            npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false; \
        node -e 'const p = require("./package.json"); delete p.scripts; \
            require("fs").writeFileSync("package.json", JSON.stringify(p));'; \
        if [ -f ca.pem ]; then \
            export npm_config_cafile=/function/ca.pem NODE_EXTRA_CA_CERTS=/function/ca.pem; \
        fi; \
        if [ -f package-lock.json ] || [ -f npm-shrinkwrap.json ]; then \
            npm ci; \
        else \
            npm install --no-package-lock; \
        fi; \
        rm -rf /tmp/npm ca.pem; \
    fi
COPY code/ /function/
ENTRYPOINT ["/usr/local/bin/node", "/opt/worker-front/agent/agent.js"]
