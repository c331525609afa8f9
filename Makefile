# Thin: each line calls a script. `make run` and `make test` set up whatever is missing; WF_NO_INSTALL=1 never touches the system.
.PHONY: run test lint bench engine bases

run:
	scripts/run.sh

test:
	scripts/test.sh

lint:
	scripts/lint.sh

bench:
	scripts/bench.sh

engine:
	scripts/engine.sh

bases:
	scripts/venv.sh requirements.txt
	scripts/bases/ensure.sh $$(.venv/bin/python -m runtimes)
