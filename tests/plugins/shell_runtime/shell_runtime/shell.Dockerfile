FROM $base_image
LABEL $labels
COPY agent/ /opt/worker-front/agent/
COPY code/ /function/
WORKDIR /function
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/python3", "-I", "-B", "/opt/worker-front/agent/agent.py"]
