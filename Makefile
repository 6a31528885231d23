# Two commands: `make demo` trains and shows the whole thing, `make test` checks it.
# Each builds .venv when it is missing or when pyproject.toml has changed.
PYTHON ?= python3
TORCH ?= torch==2.13.0
BIN := .venv/bin
# For one test, in a folder of its own: its torchvision has no build beside a torch for processors only.
OPEN_CLIP := torchvision==0.28.0 open_clip_torch==3.3.0 ftfy==6.3.1 wcwidth

.PHONY: install demo test chromium lint bench bench-index fuzz docs clean

install: .venv/.installed

# torch comes first and alone: asked for by name and version, it is not replaced by a larger build later.
.venv/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check '$(TORCH)'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[all]' '$(TORCH)'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target .venv/open_clip $(OPEN_CLIP)
	touch $@

demo: install
	$(BIN)/moclip demo

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# The page is tested in Debian's Chromium; where it may not be installed, its tests are skipped and say so.
chromium:
	@command -v chromium >/dev/null || ! command -v apt-get >/dev/null || test "$$(id -u)" != 0 \
		|| { apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium; } \
		|| echo 'chromium could not be installed: tests of the page are skipped'

test: lint chromium
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2  # a thread a worker: more would only wait for each other

bench: install
	$(BIN)/python -m benchmarks

# Ratios of two of its files: `make bench-compare OLD=before.json NEW=after.json`.
bench-compare: install
	$(BIN)/python -m benchmarks.compare $(OLD) $(NEW)

# A library of a million clips made out of nothing; minutes, and 4 GB of disk.
bench-index: install
	$(BIN)/python -m benchmarks.index

# Anything at all into the readers of files, for a minute: `make fuzz FUZZ_SECONDS=3600` for longer.
FUZZ_SECONDS ?= 60
fuzz: install
	$(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]' '$(TORCH)'
	OMP_NUM_THREADS=1 $(BIN)/python -m fuzz --seconds $(FUZZ_SECONDS)

docs: install
	$(BIN)/sphinx-build -W -q -b html docs build/docs

clean:
	rm -rf .venv build runs .mypy_cache .pytest_cache .ruff_cache .hypothesis
