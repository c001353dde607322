# The project's commands. They work from a clean clone on a Debian machine with git, make and a Rust
# toolchain; what else they need they install as root, or name and stop. Nothing assumes where cargo builds:
# scripts/target asks it.

PREFIX  ?= /usr/local
LIBDIR  ?= lib
DESTDIR ?=
CC      ?= cc
JOBS    := $(shell nproc)
# Cargo and cmake take their job count from the machine, not from make's job server; and what a test starts
# with make is another make. Variables of the command line still reach everything, by the environment.
unexport MAKEFLAGS MFLAGS
# Broker programs, and what the tests that start them use.
BROKERS := mosquitto mosquitto_pub nats-server ejabberd rabbitmq-server openssl faketime
CLIPPY := cargo clippy --quiet
SHELL_SCRIPTS := .ci/run $(filter-out %.sed,$(wildcard scripts/*)) brokers/rabbitmq-users mosquitto/certificates mosquitto/encode mosquitto/local \
  mosquitto/user benches/peers/baresip_call tests/abi/planted tests/conformance/with_mosquitto tests/install/check \
  bindings/cpp/test bindings/python/build_wheel bindings/python/test

.PHONY: help demo demo-mqtt demo-webrtc demo-devices phone test test-all test-brokers
.PHONY: test-restarts sim model faults bench bench-table load fuzz abi
.PHONY: abi-accept soak install header diagram picture scenarios lint setup fetch clean sanitize coverage mutants
.PHONY: test-cpp test-python bench-bindings bindings

help:
	@echo 'make demo      two accounts call each other: every event, the received audio as WAV, a trace, a picture'
	@echo 'make demo-mqtt three processes call each other through a local Mosquitto, over TLS'
	@echo 'make demo-devices  two phones with microphones and speakers that only PulseAudio knows'
	@echo 'make demo-webrtc  two phones, each behind a NAT (as root): sound crosses straight, then over a relay'
	@echo 'make phone     build/phone: calls through an MQTT broker from the command line'
	@echo 'make test      the everyday tests, a few minutes: Rust, brokers, C and C++, installed consumers'
	@echo 'make test-all  what make test leaves out: the searches, planted faults, every callback x function, long calls'
	@echo 'make test-brokers  calls through Mosquitto, NATS, ejabberd and RabbitMQ, with the long tests (some minutes)'
	@echo 'make test-restarts  sound goes on when the address of a phone changes (as root, in network namespaces)'
	@echo 'make test-cpp  the C++ headers: g++, clang++ and mingw, and whole calls; make test-python: the wheel, likewise'
	@echo 'make bindings  writes what C++ and Python have from the C headers; make bench-bindings: what a callback costs'
	@echo 'make sim       SEEDS=2000 SEED0=1: random simulations of engines over the loopback and over MQTT'
	@echo 'make model     exhaustive search of small scenarios (some minutes)'
	@echo 'make fuzz      TARGET=engine FUZZ_SECONDS=600: one of fuzz/fuzz_targets, or each, that long'
	@echo 'make faults    plants faults in a copy of the source; simulation and search must find each'
	@echo 'make bench     measures, prints a table, writes bench/results.json; QUICK=1: every row, in seconds'
	@echo 'make bench-table  docs/PERFORMANCE.md from bench/results-*.json: make bench RUN=1, RUN=2, RUN=3 write those'
	@echo 'make load      DEVICES=5000 SECONDS=20 AT_ONCE=32: devices of one process call each other over a Mosquitto'
	@echo 'make soak      WebRTC calls of half an hour, in virtual time (some minutes)'
	@echo 'make sanitize  C tests under ASan, UBSan, TSan and valgrind; scripts/sanitize tsan: one of them'
	@echo 'make coverage  line coverage; fails if the engine has less than 95 %'
	@echo 'make mutants   mutation tests of the engine; the fast tests must fail (an hour or more)'
	@echo 'make abi       compares the C interface with the baseline; make abi-accept accepts a change (docs/ABI.md)'
	@echo 'make install   PREFIX=$(PREFIX): header, libraries, pkg-config file, CMake package; PROFILE=small: for size'
	@echo 'make header    writes the headers, include/symbols.txt and the table of docs/THREADING.md from the code'
	@echo 'make diagram   draws docs/states.svg from the code'
	@echo 'make scenarios writes docs/SCENARIOS.md from the tests'
	@echo 'make picture   draws docs/call.svg from a run of the demo'
	@echo 'make lint      format, lints of Rust and shell, documentation, a check for WebAssembly'
	@echo 'make setup     installs (as root) or names what the other commands need'
	@echo 'make fetch     downloads the crates that the commands need: they work offline afterwards'
	@echo 'make clean     removes what was built'

# $(call program,NAME,LIBRARIES): examples-c/NAME.c as build/NAME, over the library of cargo's debug build.
define program
	mkdir -p build
	debug=$$(scripts/target)/debug && $(CC) -std=c99 -Iinclude examples-c/$(1).c -L"$$debug" -lnertc_callkit $(2) \
	  -pthread -Xlinker -rpath -Xlinker "$$debug" -o build/$(1)
endef

demo:
	scripts/setup cargo cc cmake
	cargo build --quiet --lib --package nertc_callkit
	cargo build --quiet --package nertc_callkit_tool
	$(call program,demo,-lm)
	rm -f build/demo.trace
	build/demo build/demo.wav - build/demo.trace
	"$$(scripts/target)/debug/nertc-callkit" diagram build/demo.trace -o build/demo.svg
	@echo 'demo: what happened inside is in build/demo.trace, a picture of it in build/demo.svg'
	@echo "demo: in words: '$$(scripts/target)/debug/nertc-callkit' explain build/demo.trace"

demo-mqtt: phone
	scripts/setup mosquitto openssl
	scripts/demo-mqtt

demo-webrtc test-restarts: phone
	scripts/setup mosquitto openssl turnserver
	test "$$(id -u)" != 0 || scripts/setup ip nft sysctl
	$(CC) -std=c99 tests/c/tone.c -lm -o build/tone
	scripts/$@

demo-devices: phone
	scripts/setup mosquitto openssl pulseaudio pactl
	$(CC) -std=c99 tests/c/tone.c -lm -o build/tone
	scripts/demo-devices

phone:
	scripts/setup cargo cc cmake
	cargo build --quiet --lib --package nertc_callkit
	$(call program,phone,-lm)

test: setup
	CC='$(CC)' scripts/test

test-all: setup
	CC='$(CC)' scripts/test all

test-brokers:
	scripts/setup $(BROKERS) cargo cc cmake
	cargo test --test brokers -- --include-ignored

test-cpp:
	scripts/setup cargo cc cmake g++ clang++ mingw-g++ mosquitto mosquitto_pub openssl
	bindings/cpp/test

test-python:
	scripts/setup cargo cc cmake mosquitto mosquitto_pub openssl python-bindings
	bindings/python/test

bench-bindings:
	scripts/setup cargo cc cmake g++ python-bindings
	bindings/cpp/test bench
	bindings/python/test bench

bindings:
	python3 bindings/generate.py

SEEDS ?= 2000
SEED0 ?= 1
sim:
	SIM_SEEDS=$(SEEDS) SIM_SEED0=$(SEED0) cargo test --profile search --test sim -- --nocapture

model:
	cargo test --profile search --test model --test protocol -- --nocapture

faults:
	cargo test --test faults -- --include-ignored --nocapture

FUZZ_SECONDS ?= 600
fuzz:
	scripts/setup cargo cc c++
	FUZZ_SECONDS=$(FUZZ_SECONDS) scripts/fuzz $(TARGET)

bench:
	scripts/setup cargo cc cmake valgrind mosquitto
	@scripts/setup pulseaudio pactl || echo 'bench: goes on without microphones and speakers'
	@scripts/setup sofia-sip || echo 'bench: goes on without the comparison with sofia-sip'
	@test -n '$(QUICK)' || scripts/setup python3-aiortc baresip || echo 'bench: goes on without the comparison with aiortc or baresip'
	CC='$(CC)' QUICK='$(QUICK)' RUN='$(RUN)' scripts/bench

bench-table:
	scripts/setup cargo
	scripts/bench table

DEVICES ?= 5000
SECONDS ?= 20
AT_ONCE ?= 32
load:
	scripts/setup cargo cc cmake mosquitto
	scripts/bench load $(DEVICES) $(SECONDS) $(AT_ONCE)

soak:
	scripts/setup cargo cc cmake
	cargo test --quiet --profile search --package nertc_callkit_webrtc --test soak -- --ignored --nocapture

sanitize:
	scripts/sanitize

coverage:
	scripts/coverage

abi:
	scripts/abi check

abi-accept:
	scripts/abi accept

# PROFILE=dev: what is built already, with debug assertions. PROFILE=small: for size, slower, and a panic's
# message comes without its place and a backtrace.
PROFILE ?= release
install:
	scripts/setup cargo cc cmake $(if $(filter small,$(PROFILE)),rust-src)
	rm -f build/install-$(PROFILE)/CMakeCache.txt # else it would remember folders of another PREFIX
	cmake -S . -B build/install-$(PROFILE) -DNERTC_CALLKIT_PROFILE=$(PROFILE) -DBUILD_TESTING=OFF \
	  -DCMAKE_INSTALL_PREFIX="$(PREFIX)" -DCMAKE_INSTALL_LIBDIR="$(LIBDIR)"
	cmake --build build/install-$(PROFILE)
	DESTDIR="$(DESTDIR)" cmake --install build/install-$(PROFILE)

header:
	NERTC_CALLKIT_WRITE_HEADER=1 cargo test --quiet --test header headers_are
	NERTC_CALLKIT_WRITE_HEADER=1 cargo test --quiet --test symbols generated_from_the_comments

picture: demo
	cp build/demo.svg docs/call.svg

diagram:
	scripts/setup cargo cc cmake dot
	NERTC_CALLKIT_WRITE_DIAGRAM=1 cargo test --quiet --test diagram
	dot -Tsvg docs/states.dot -o docs/states.svg

scenarios:
	NERTC_CALLKIT_WRITE_SCENARIOS=1 cargo test --quiet --test scenarios catalogue

mutants:
	scripts/setup cargo
	scripts/mutants

# Cargo counts neither the fuzz targets, a workspace of their own, nor the searches, which `cargo test` leaves
# out, nor the core without features, nor Opus in Rust as something to look at.
lint:
	scripts/setup cargo c++ cmake shellcheck python3
	python3 bindings/generate.py --check
	python3 bindings/coverage.py
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	$(CLIPPY) --workspace --all-targets -- -D warnings
	$(CLIPPY) --test model --test protocol -- -D warnings
	$(CLIPPY) --lib --no-default-features -- -D warnings
	$(CLIPPY) --lib --no-default-features --features webrtc,opus-pure -- -D warnings
	$(CLIPPY) --locked --manifest-path fuzz/Cargo.toml --target-dir "$$(scripts/target)" --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --quiet --workspace --no-deps
	scripts/wasm check
	shellcheck $(SHELL_SCRIPTS)
	@echo 'lint: no warning'

setup:
	scripts/setup cargo cc c++ clang cmake pkg-config python3-cffi valgrind abidw $(BROKERS)
	CC='$(CC)' scripts/setup cc-asan

fetch:
	cargo fetch --quiet --locked
	cargo fetch --quiet --locked --manifest-path fuzz/Cargo.toml

clean:
	cargo clean
	rm -rf build fuzz/target
