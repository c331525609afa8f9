FROM $base_image
LABEL $labels
ENV LANG=C.UTF-8
COPY agent/ /opt/worker-front/agent/
RUN sh /opt/worker-front/agent/install.sh
COPY code/ /function/
WORKDIR /function
RUN sh /opt/worker-front/agent/compile.sh
USER 65532:65532
ENTRYPOINT ["sh", "/opt/worker-front/agent/start.sh"]
