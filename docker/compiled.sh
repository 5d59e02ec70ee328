# For run_workflow and tenon of the image: `compiled NAME` makes what was compiled when the image was built (docker/compile.mjs) known to Node,
# which looks for it in a folder that ends with the user's number; a container may run as any user. Without it the program compiles by itself: a
# file system that cannot be written is no reason not to work. Where no such folder is wanted (docker/apptainer.def), none is made.
compiled() {
  [ -n "${NODE_COMPILE_CACHE:-}" ] || return 0
  # each program's by itself: they run under other flags, and would throw away what the other kept
  export NODE_COMPILE_CACHE="$NODE_COMPILE_CACHE/$1"
  for made in /app/node-cache/"$1"/*-0; do
    mine=$NODE_COMPILE_CACHE/$(basename "${made%-0}")-$(id -u)
    [ -e "$mine" ] || { mkdir -p "$NODE_COMPILE_CACHE" && ln -s "$made" "$mine"; } 2>/dev/null || :
  done
}
