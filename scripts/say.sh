# shellcheck shell=bash
# Two lines a message, Chinese first, for the shell scripts beside this file, which source it.

say() {
  printf '%s\n  %s\n' "$1" "$2"
}

# What went wrong and what to do about it; ends the script.
fail() {
  printf '\n出错：%s\nError: %s\n' "$1" "$2" >&2
  exit 1
}
