# Everything that is needed beyond Python and Node is installed below this folder.
PYTHON ?= python3

ifneq ($(words $(CURDIR)),1)
$(error The path of this folder has spaces in it, and make cannot work with them: move it)
endif

UV_VERSION = 0.13.9

export UV := $(CURDIR)/.tools/uv/bin/uv
export UV_PYTHON_DOWNLOADS = never
export UV_LINK_MODE = copy
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION = 20

RUN = $(UV) run --frozen --no-sync
READY = .venv/.ready

MAKEFLAGS += --no-print-directory

.PHONY: demo up down status env sweep reconcile invoke replay test check lint bench openapi events deploy destroy clean

demo: up
	@$(RUN) python -m infra.local demo

up: $(READY)
	@$(RUN) python -m infra.local up

down: $(READY)
	@$(RUN) python -m infra.local down

status: $(READY)
	@$(RUN) python -m infra.local status

# eval "$$(make -s env)" tells a shell where the API is, and a key.
env: $(READY)
	@$(RUN) python -m infra.local env

# What a rule asks for every minute, now.
sweep: $(READY)
	@$(RUN) python -m infra.local sweep

# What the rules ask for every five minutes, every hour (PASS=day) and every night (PASS=all), now.
reconcile: $(READY)
	@PASS='$(PASS)' $(RUN) python -m infra.local reconcile

# make invoke FN=sweeper EVENT=sweep: one of the functions that are up, with a sample of events/.
invoke: $(READY)
	@FN='$(FN)' EVENT='$(EVENT)' $(RUN) python -m infra.local invoke

# make replay FROM=2026-01-01T12:00:00Z TO=2026-01-01T13:00:00Z RULE=…; TARGET=aws is the account
# of the current credentials.
replay: $(READY)
	@FROM='$(FROM)' TO='$(TO)' RULE='$(RULE)' $(RUN) python -m \
		$(if $(filter aws,$(TARGET)),infra.replay,infra.local replay)

test: $(READY)
	$(RUN) pytest -n 2

check: lint test

lint: $(READY)
	$(RUN) ruff format --check --quiet .
	$(RUN) ruff check --quiet .
	$(RUN) mypy
	$(RUN) lint-imports >/dev/null || $(RUN) lint-imports

bench: up
	@$(RUN) python -m tests.bench

openapi: $(READY)
	$(RUN) python -m tests.openapi

# The JSON Schemas of the events, from the models that they are made by.
events: $(READY)
	$(RUN) python -m tests.event_docs

# make deploy wallet=inline network=vpc circuit='{"cool_down_s": 10}'
OPTIONS = $(foreach option,wallet network circuit,$(if $($(option)),-c '$(option)=$($(option))'))

deploy: $(READY)
	$(RUN) python -m infra.layers aws $(if $(LAMBDA_PYTHON),--python $(LAMBDA_PYTHON))
	npm ci --silent
	npx cdk deploy --all $(OPTIONS)

destroy: $(READY)
	$(RUN) python -m infra.layers aws $(if $(LAMBDA_PYTHON),--python $(LAMBDA_PYTHON))
	npm ci --silent
	npx cdk destroy --all $(OPTIONS)

clean: down
	rm -rf .venv .tools .local build cdk.out node_modules

$(READY): uv.lock pyproject.toml $(UV)
	@$(UV) sync --quiet --frozen --python $(PYTHON)
	@touch $@

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "$(PYTHON) is older than 3.11; name another one: make PYTHON=...")'
	@echo "Installing the tools ..."
	@$(PYTHON) -m venv .tools/uv
	@.tools/uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
