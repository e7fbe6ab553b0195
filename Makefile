# `make check` is the one definition of green. Everything runs in $(VENV).
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
NODE := tests/node
NODE_MODULES := $(NODE)/node_modules/.package-lock.json
LOCALES := bot/locales

.DEFAULT_GOAL := help
.PHONY: help venv tools check format lint types imports test messages bench lab demo screenshots clean

help: ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

venv: $(BIN)/pytest ## an environment with everything for development

$(BIN)/pytest: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@

# ------------------------------------------------------------------ what apt and npm bring

# program (or file, * allowed) that shows it is there : package that brings it
APT := node:nodejs npm:npm nginx:nginx-light haproxy:haproxy apache2:apache2 chromium:chromium ip:iproute2 \
	iptables:iptables unshare:util-linux tinyproxy:tinyproxy caddy:caddy \
	dnsmasq:dnsmasq-base unbound:unbound squid:squid openssl:openssl \
	/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf:fonts-noto-color-emoji \
	/usr/lib/postgresql/*/bin/initdb:postgresql
SBIN := PATH="$$PATH:/usr/sbin:/sbin"

tools: ## Node, nginx, haproxy, Chromium … for the tests that need them (Debian; root or sudo)
	@export $(SBIN); missing=; \
	for pair in $(APT); do \
		program=$${pair%%:*}; \
		command -v "$$program" >/dev/null || ls $$program >/dev/null 2>&1 || \
			missing="$$missing $${pair##*:}"; \
	done; \
	if test -n "$$missing"; then \
		if test "$$(id -u)" = 0; then sudo=; else sudo=sudo; fi; \
		echo "installing:$$missing"; \
		$$sudo apt-get update -qq && \
		$$sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
			apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi
	@$(MAKE) --no-print-directory $(NODE_MODULES)

$(NODE_MODULES): $(NODE)/package.json $(NODE)/package-lock.json
	npm ci --prefix $(NODE) --no-audit --no-fund --loglevel=error
	@touch $@

# ------------------------------------------------------------------ green

check: lint types imports test ## everything that must hold

format: ## put the code in order
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lint:
	$(BIN)/ruff format --check
	$(BIN)/ruff check

types:
	$(BIN)/mypy --strict bot

imports:
	$(BIN)/lint-imports

# asyncio's debug mode finds what is never awaited or retrieved, for a third of the time more.
STRICT := -o asyncio_debug=true

# The tests hold real processes and sockets to real deadlines. What fails on a loaded machine is
# tried once more, alone: what is broken fails again.
test:
	$(BIN)/pytest $(STRICT) || $(BIN)/pytest $(STRICT) --last-failed --last-failed-no-failures=none -n 0

# ------------------------------------------------------------------ the rest

lab: ## every fault of the catalogue made for real, and the confusion matrix (see tests/lab)
	$(BIN)/python -m tests.lab $(LAB)

messages: ## bring new sentences into the catalogues, and compile them
	$(BIN)/python -m bot.locales.messages
	$(BIN)/pybabel -q compile --domain wsdiag --directory $(LOCALES)

bench: ## figures as ratios (network namespaces; see bench/)
	$(BIN)/python -m bench

demo: ## the bot, a local workspace and a backend to break
	$(BIN)/wsdiag demo

screenshots: ## docs/img/*.png, from the demo
	$(BIN)/python -m bench.screenshots docs/img en

clean: ## what can be made again
	rm -rf build dist *.egg-info $(NODE)/node_modules
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find bot tests bench -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -f $(LOCALES)/*/LC_MESSAGES/*.mo
