//! The closing parts of the help texts: examples, and what the exit status means.

/// For the program itself.
pub const TOP: &str = "\
Examples:
  procvision init cap-check          start a project
  procvision build cap-check         build its component
  procvision help build              say more about one command

Exit status:
  0  done
  1  what was examined is bad, such as a crate that does not build
  2  nothing could be examined: wrong arguments, missing files or tools";

/// For `init`.
pub const INIT: &str = "\
Examples:
  procvision init cap-check
  procvision init cap-check --pids A01,A02 --dir algorithms/cap
  procvision init cap-check --sdk ../procvision

Exit status: 0 the project was made, 2 it was not and nothing of it is left.";

/// For `build`.
pub const BUILD: &str = "\
Examples:
  procvision build                                 the crate in this folder
  procvision build cap-check --keep-debug
  procvision build cap-check --target wasm32-wasip1
  procvision build module.wasm -o component.wasm   a module of any toolchain

Exit status: 0 the component was written, 1 the crate or file is bad, 2 nothing could be built.";

/// For `completions`.
pub const COMPLETIONS: &str = "\
Examples:
  procvision completions bash > ~/.local/share/bash-completion/completions/procvision
  procvision completions zsh > ~/.zfunc/_procvision
  procvision completions fish > ~/.config/fish/completions/procvision.fish";
