#!/bin/sh
# Makes .venv and installs a lock and the project into it: install.sh run|test.
#
# Called by make every time; silent, and done in a moment, where nothing has changed.
# Needs Python 3.11 or newer with venv; PYTHON names one, otherwise it is looked for.
set -eu
cd "$(dirname "$0")/.."
lock=$1
venv=.venv
python=$venv/bin/python
busy=$venv/.installing

say() { echo "$*" >&2; }
fail() {
    say "$*"
    exit 2
}

# A stamp tells what is installed: its name holds a sum of all that decides it, the
# place included, since scripts in .venv and the link to the project hold the path.
stamp() {
    sum=$({ pwd -P && cat requirements/build.txt "requirements/$1.txt" pyproject.toml; } | cksum)
    echo "$venv/.$1-${sum%% *}"
}

# Whether .venv's Python starts and has pip; not after its Python was removed or replaced.
works() { "$python" -I -c 'import pip' >/dev/null 2>&1; }

# 0 where the Python is good, 3 where it lacks venv, 4 where it is too old, else it is none.
tried() { "$1" -c 'import sys
if sys.version_info < (3, 11): sys.exit(4)
try: import ensurepip, venv
except ImportError: sys.exit(3)' >/dev/null 2>&1; }

version() { "$1" -c 'import sys; print("Python %d.%d.%d" % sys.version_info[:3])' 2>/dev/null; }

# Sets `found`: $PYTHON, or else the first good one; those the locks were tried with come first.
find_python() {
    found='' bare='' old=''
    if [ "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3.13 python3.12 python3.11 python3.14 python3 python
    fi
    for name; do
        status=0
        tried "$name" || status=$?
        case $status in
        0)
            found=$name
            return
            ;;
        3) bare=${bare:-$name} ;;
        4) old=${old:-$name} ;;
        esac
    done
    if [ "$bare" ]; then
        fail "$(version "$bare") ($bare) lacks venv, which aggregator needs; on Debian and Ubuntu: apt install python3-venv"
    elif [ "$old" ]; then
        fail "$(version "$old") ($old) is too old: aggregator needs Python 3.11 or newer; PYTHON=/path/to/python3.11 names another"
    fi
    fail "${PYTHON:+$PYTHON is no Python: }aggregator needs Python 3.11 or newer with venv; PYTHON=/path/to/python3.11 names one"
}

# Not of a process that ended and whose end nobody took note of, as happens in containers.
alive() { kill -0 "$1" 2>/dev/null && ! grep -qs '^State:.*zombie' "/proc/$1/status"; }

pip() {
    # No user site, no questions; builds as new pips do them; the index as pip is configured.
    PIP_USER=0 PIP_USE_PEP517=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
        "$python" -I -m pip --quiet --no-input install "$@"
}

wanted=$(stamp "$lock")
# What the tests need holds all that running needs.
[ "$lock" = test ] || [ -e "$wanted" ] || wanted_too=$(stamp test)
if [ -e "${wanted_too:-$wanted}" ] && works; then
    exit 0
fi
if [ -e "$busy" ] && alive "$(cat "$busy")"; then
    fail "another make (process $(cat "$busy")) is installing into $venv; wait for it, or make clean"
fi
# What an interrupted installation left behind is not to be trusted.
found=''
if [ -e "$busy" ] || ! works; then
    find_python
fi
say "installing what aggregator needs into $venv (once; a minute or two)"
if [ "$found" ]; then
    "$found" -m venv --clear --without-pip "$venv" || fail "$venv could not be made with $found"
    echo $$ >"$busy"
    "$python" -I -m ensurepip >/dev/null || fail "pip could not be put into $venv; why stands above"
fi
echo $$ >"$busy"
# The build tool first: an sdist in the lock and the project itself are built with it.
# The test lock holds all of the run lock, so that each of the two works alone.
status=0
{
    pip --require-hashes -r requirements/build.txt &&
        pip --require-hashes --no-build-isolation -r "requirements/$lock.txt" &&
        pip --no-index --no-deps --no-build-isolation --editable .
} || status=$?
# A pip that was killed leaves half a package; one that gave up leaves what was there.
[ "$status" -gt 128 ] || rm -f "$busy"
[ "$status" = 0 ] || fail "installing failed, why stands above; once that is mended, the same command goes on"
# Compiled now, since it may run where nothing may be written and each start would compile it.
"$python" -I -m compileall -q aggregator || say "aggregator could not be compiled; it will start more slowly"
rm -f "$venv"/.run-* "$venv"/.test-*
: >"$wanted"
