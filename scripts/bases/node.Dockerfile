# A base image of the node family, see node.sh.
ARG ROOT
FROM $ROOT
COPY tree/ /
RUN node --version && npm --version
CMD ["node"]
