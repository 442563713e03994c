# What people do with SpectralKit, one word each. Everything needs Swift 6.3 or newer; the rest is installed if missing.

SWIFT ?= swift

# Where `make install` puts the command, the library for C and what belongs to them.
PREFIX ?= /usr/local

.PHONY: build mpi library install uninstall python test test-swift test-python browser demo sanitize format lint docs
.PHONY: pictures dependencies clean

build: dependencies ## The command and the library.
	$(SWIFT) build -c release

library: build ## The library for C, and the command, with the Swift runtime inside: in .build/install.
	@Scripts/link-for-install.sh

install: library ## The command, the library for C, its header, a manual page and completions, under PREFIX.
	@Scripts/install.sh install "$(PREFIX)"

uninstall: ## Removes what make install has put under PREFIX.
	@Scripts/install.sh uninstall "$(PREFIX)"

python: library ## A wheel of the Python package that needs no Swift where it is installed: in Python/dist.
	@Scripts/build-wheel.sh

# Release throughout: numerical code is some hundred times slower without the optimiser.
test: test-swift test-python ## Every test.

test-swift: dependencies ## The tests of the library, the command and the pages.
	$(SWIFT) build -c release --build-tests
	$(SWIFT) test -c release --skip-build

test-python: python ## The tests of the Python package, in a fresh virtual environment.
	@Scripts/test-python.sh

mpi: export SPECTRALKIT_MPI = 1
mpi: build ## The command with MPI: mpirun -n 8 spectral convolve. Open MPI is installed if missing.

browser: ## Debian's Chromium, for the tests of the playground's page; without one they are skipped.
	@Scripts/install-browser.sh

demo: dependencies ## The main job on data that the package draws itself; results go to the folder demo.
	$(SWIFT) build -c release
	.build/release/spectral demo --output demo

sanitize: dependencies ## The tests that touch threads and raw memory, under the thread and the address sanitizer.
	Scripts/sanitize.sh

format: ## Lays out all sources.
	$(SWIFT) format -i -r Sources Tests Package.swift

lint: ## Finds what format would change, and more.
	$(SWIFT) format lint --strict -r Sources Tests Package.swift

docs: dependencies ## The documentation, in Docs/build.
	Scripts/build-documentation.sh

pictures: dependencies ## The pictures that the pages draw, and those of the playground, into the catalog.
	$(SWIFT) build -c release --build-tests
	SPECTRAL_REDRAW=1 $(SWIFT) test -c release --skip-build --filter 'SnippetTests|PagePictures'

dependencies:
	@Scripts/install-dependencies.sh

clean: ## Removes what was built.
	$(SWIFT) package clean
	rm -rf Docs/build demo Python/dist
