#!/bin/sh
# The template as its reader meets it: from an installed SDK, outside of this tree. Three
# ways must work: meson, the one-line cc command, and the one-line test of its README.
#
# Called by meson test with CC, SANITIZE and BUILD_ROOT in the environment.
set -eu

room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT

# Only what is tagged for developers: the program itself may not be built yet.
meson install -C "$BUILD_ROOT" --no-rebuild --quiet --tags devel --destdir "$room/root"

# As if it had been configured for the place where it is now.
PKG_CONFIG_PATH=$(dirname "$(find "$room/root" -name jackfield.pc)")
export PKG_CONFIG_PATH
sed -i "s|^prefix=|&$room/root|" "$PKG_CONFIG_PATH"/jackfield*.pc

template=$(find "$room/root" -type d -path '*/share/jackfield/template')
cp -r "$template" "$room/hello"
cd "$room/hello"

flags=
[ "$SANITIZE" = none ] || flags="-fsanitize=$SANITIZE"

echo '# one line of cc'
# shellcheck disable=SC2046,SC2086 # lists of words
$CC $flags -Wall -Wextra -Werror -shared -fPIC -o hello.so plugin.c \
    $(pkg-config --cflags jackfield)
# shellcheck disable=SC2046,SC2086
$CC $flags -Wall -Wextra -Werror -o hello-test test.c plugin.c \
    $(pkg-config --cflags --libs jackfield-testing)
./hello-test

echo '# meson'
meson setup build --werror -Db_sanitize="$SANITIZE" -Db_lundef=false
meson test -C build --print-errorlogs
meson install -C build --quiet

echo '# it is where the host looks'
plugin=$(pkg-config --variable=plugindir jackfield)/hello.so
test -f "$plugin"

echo '# and shows one symbol'
shown=$(nm -D --defined-only "$plugin" | sed 's/.* //' | grep '^jf_\|^on_')
test "$shown" = jf_entry
