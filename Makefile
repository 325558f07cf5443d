# Everything a person or a machine does with this checkout. `make` alone lists it.
#
#   ARGS=...        more arguments, for demo, tests, docs:  make test ARGS="-k tiling -x"
#   PYTHON=...      the interpreter that makes the environment (3.11 to 3.13)
#   VENV=...        the environment's folder
#   WORKERS=2       processes that run tests side by side, each with a display of its own
#   LIMIT=40m       a group of tests that runs longer hangs, and is ended
#   EXTRAS=base     extras that `make wheel` tries, an environment each:  make wheel EXTRAS="base all"
#   NO_INSTALL=1    use the environment as it is, for those who keep their own

VENV ?= .venv
WORKERS ?= 2
LIMIT ?= 40m
PY := $(VENV)/bin/python
# macOS has none
TIMEOUT := $(if $(shell command -v timeout),timeout --foreground -k 30 $(LIMIT))
export VENV PYTHON

.DEFAULT_GOAL := help
.PHONY: help install demo test test-offline test-slow torture lint format bench docs screenshots wheel lock \
    audit clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

install:  ## make .venv with everything; again: a second
	@$(if $(NO_INSTALL),true,tools/install.sh)

demo: install  ## segment the bundled sample and show it (writes demo-out/ where there is no display)
	$(VENV)/bin/napari-emseg demo $(ARGS)

# TensorFlow and a napari window crash each other in one process (Mesa's OpenGL), so the tests that
# import keras run apart from all others. Both groups run, whatever the first one says. A process
# that crashes ends its group: pytest-xdist has hung where it began others in its place.
#   $(1) the markers, $(2) the exit status of pytest that is no failure besides 0
define pytest_groups
@failed=0; \
group() { \
    name=$$1; shift; status=0; \
    echo "== tests, group $$name"; \
    $(TIMEOUT) $(PY) -m pytest -n $(WORKERS) --dist loadfile --max-worker-restart 0 "$$@" -m "$(1)" $(ARGS) || status=$$?; \
    case $$status in 0|$(2)) ;; *) failed=1; echo "== group $$name: FAILED" >&2 ;; esac; \
}; \
group window --ignore=tests/model; \
group keras tests/model; \
exit $$failed
endef

# Status 5 is "no test collected": an error in a whole run, but not where ARGS picks tests.
test: install  ## run the quick tests
	$(call pytest_groups,not slow,$(if $(ARGS),5,0))

# unshare: a network of its own that has no routes; tests reach themselves on the loopback
test-offline: install  ## run the quick tests without a network (Linux)
	unshare --net --map-root-user sh -c 'ip link set lo up && exec $(MAKE) test NO_INSTALL=1'

test-slow: install  ## run the slow tests
	$(call pytest_groups,slow,5)

# One at a time: how soon something is on the disk, or ends, is part of what is tested.
torture: install  ## kill, starve and fill up, again and again (half an hour or so)
	$(PY) -m pytest tests -m torture --ignore=tests/model --timeout 3600 $(ARGS)

lint: install  ## check style, types and shell scripts
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	@if command -v shellcheck >/dev/null; then shellcheck tools/*.sh .ci/run; fi

format: install  ## put the code into the house's form
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: install  ## run every benchmark in turn
	@set -e; for program in benchmarks/bench_*.py; do \
	    [ -e "$$program" ] || { echo "no benchmarks/bench_*.py here" >&2; exit 1; }; \
	    echo "== $$program"; $(PY) "$$program" $(ARGS); \
	done

docs: install  ## build the documentation into site/
	@$(if $(NO_INSTALL),true,tools/install.sh docs)
	$(PY) -m sphinx --fail-on-warning --keep-going --quiet -d build/doctrees docs site $(ARGS)

# The window has the size of a small screen; Linux needs none to be there.
screenshots: install  ## take and draw all pictures of the documentation again (ARGS="segment" one dock's)
	@set -e; for program in tools/draw_*.py; do $(PY) $$program; done
	$(if $(shell command -v xvfb-run),xvfb-run -a -s "-screen 0 1280x800x24") $(PY) tools/screenshots.py $(ARGS)

wheel: install  ## build wheel and sdist into dist/, and try the wheel where nothing else of ours is
	rm -rf dist
	$(PY) -m build
	$(PY) tools/try_wheel.py dist/*.whl $(EXTRAS)

# For Python 3.11 and later, on all systems; without the registry's address, which pip has its own of.
lock: install  ## write requirements-dev.txt: all that was developed with, by version and hash
	$(PY) -m pip install --quiet uv
	$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-annotate --no-header --no-emit-index-url pyproject.toml \
	    --extra all --extra formats --extra cluster --group dev -o requirements-dev.txt $(ARGS)

# --strict: what PyPI says nothing about fails, or nothing would pass where it is not reached.
audit: install  ## ask PyPI for known holes in what requirements-dev.txt names
	$(PY) -m pip install --quiet pip-audit
	$(PY) -m pip_audit --strict --disable-pip --require-hashes -r requirements-dev.txt $(ARGS)

# Neither .venv nor anything that a demo or a training wrote.
clean:  ## remove caches and builds
	rm -rf build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -path ./.venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
