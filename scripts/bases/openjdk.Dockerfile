# A base image of the openjdk family, see openjdk.sh. The class data archive (-Xshare) halves the start of a JVM.
ARG ROOT
FROM $ROOT
ARG VERSION
ENV JAVA_HOME=/usr/local/openjdk-$VERSION
ENV PATH=$JAVA_HOME/bin:$PATH
RUN ln -s /usr/lib/jvm/java-$VERSION-openjdk-* "$JAVA_HOME" && java -Xshare:dump && java -Xshare:on -version
CMD ["bash"]
