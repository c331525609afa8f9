# A base image of the python family, see python.sh. Byte code is made here: functions run on a read-only file system.
ARG ROOT
FROM $ROOT
COPY tree/ /
RUN ldconfig \
    && { python3 -m pip --version || python3 -m ensurepip --default-pip; } \
    && rm -f /usr/lib/python3*/EXTERNALLY-MANAGED \
    && python3 -m compileall -q "$(python3 -c 'import os; print(os.path.dirname(os.__file__))')" \
    && python3 -c 'import bz2, ctypes, curses, lzma, readline, sqlite3, ssl, uuid, zlib' \
    && rm -rf /tmp/*
CMD ["python3"]
