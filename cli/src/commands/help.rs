//! The closing parts of the help texts: examples, and what the exit status means.

/// For the program itself.
pub const TOP: &str = "\
Examples:
  procvision init cap-check          start a project
  procvision build cap-check         build its component
  procvision run cap-check --pid A01 --image photo.png
  procvision validate cap-check      check everything a station would
  procvision package cap-check       make the one file that a station installs
  procvision inspect cap-check       what a reviewer must decide
  procvision sign cap.zip --key acme.key         sign a package
  procvision frames list             show the pools that pictures come through
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

/// For `run`.
pub const RUN: &str = "\
Examples:
  procvision run . --pid A01 --image pictures/ok.png
  procvision run cap-check --pid A01 --image photo.png --annotate out.png --report out.html
  procvision run cap-check --pid A01 --image photo.png --reference good=good.png --step 2
  procvision run cap-check --pid A01 --image photo.png --params '{\"min_score\": 0.8}'
  procvision run cap-check --pid A01 --image photo.png --session @inspection.json --json
  procvision run component.wasm --pid A01 --image photo.png --repeat 1000
  procvision run cap-check --pid A01 --shared-mem-id dev-shm:s-1:cur --size 1920x1080
  procvision run cap-check --pid A01 --camera cam-01
  procvision run cap-check --pid A01 --image photo.png --policy policy.json

Exit status: 0 there is a verdict, OK or NG, 1 there is none because the algorithm failed or the
conditions are not right, 2 it could not be asked, 3 the verdict is NG and --fail-on-ng was given.
PROCVISION_CACHE_DIR names the folder for compiled components instead of the user's cache folder.";

/// For `adapter`.
pub const ADAPTER: &str = "\
Examples:
  procvision adapter cap_check-v1.0.0-offline.zip
  procvision adapter --store /srv/procvision --pid A01
  PROC_ALGO_ROOT=/opt/cap_check PROC_LOG_LEVEL=debug procvision adapter --policy policy.json

Exit status: 0 the runner ended it, 1 the algorithm cannot be loaded or what the runner sends is no
stream of frames, 2 the configuration cannot be used.";

/// For `validate`.
pub const VALIDATE: &str = "\
Examples:
  procvision validate .                          what is there, as a station would
  procvision validate . --build                  build the crate first
  procvision validate . --policy policy.json     at a station with this policy
  procvision validate cap-check --image photo.png
  procvision validate component.wasm --limit memory_bytes=67108864 --json

Exit status: 0 every check passed, perhaps with warnings, 1 a check failed, 2 nothing could be
checked. PROCVISION_CACHE_DIR names the folder for compiled components instead of the user's
cache folder.";

/// For `package`.
pub const PACKAGE: &str = "\
Examples:
  procvision package .                           build, check, and write NAME-vVERSION-offline.zip
  procvision package cap-check -o packages/      into another folder
  procvision package cap-check --verify-reproducible
  procvision package cap-check --no-build --json

Exit status: 0 the package was written, or the same was there already, 1 the crate or the package is
bad, or two builds differ, 2 nothing could be packed, such as when another package is in the way.";

/// For `inspect`.
pub const INSPECT: &str = "\
Examples:
  procvision inspect cap_check-v1.1.0-offline.zip
  procvision inspect new.zip --against old.zip --report review.html
  procvision inspect new.zip --policy /srv/station/policy.json
  procvision inspect component.wasm --json

Exit status: 0 a station would accept it, though there may be points to look at, 1 it would be
refused or is damaged, 2 nothing could be inspected.";

/// For `keygen`.
pub const KEYGEN: &str = "\
Examples:
  procvision keygen acme                    acme.key and acme.pub, with a password that you type
  procvision keygen -o keys/acme --password-file password.txt
  procvision keygen test --no-password      for tries: not encrypted

Exit status: 0 the keys were made, 2 they were not and nothing of them is left.";

/// For `sign`.
pub const SIGN: &str = "\
Examples:
  procvision sign cap-v1.0.0-offline.zip --key acme.key
  procvision sign cap-v1.0.0-offline.zip --key acme.key --expires 2027-06-30 -o signed.zip
  procvision sign cap-v1.0.0-offline.zip --key acme.key --detached
  procvision sign cap-v1.0.0-offline.zip --key acme.key --password-file password.txt --json

Exit status: 0 it is signed, 1 the file is no package in order, 2 it could not be signed and is as
it was.";

/// For `verify`.
pub const VERIFY: &str = "\
Examples:
  procvision verify cap-v1.0.0-offline.zip --trust trusted
  procvision verify cap-v1.0.0-offline.zip --key acme.pub
  procvision verify cap-v1.0.0-offline.zip --key acme.pub --signature elsewhere/cap.minisig
  procvision verify cap-v1.0.0-offline.zip --split apart    then `minisign -V` on what lies there

Exit status: 0 the package is in order and every signature of it is valid, 1 it is not, or there is
no signature, 2 it could not be looked at.";

/// For `trust`.
pub const TRUST: &str = "\
Examples:
  procvision trust list --trust trusted
  procvision trust add acme.pub --store /var/lib/procvision
  procvision trust revoke acme --store /var/lib/procvision
  procvision help trust add                        say more about one command

Exit status: 0 done, 2 nothing was changed.";

/// For `trust list`.
pub const TRUST_LIST: &str = "\
Examples:
  procvision trust list --trust trusted
  procvision trust list --store /var/lib/procvision --json

Exit status: 0 done, 2 the folder cannot be used; while it cannot, nobody is trusted.";

/// For `trust add`.
pub const TRUST_ADD: &str = "\
Examples:
  procvision trust add acme.pub --trust trusted
  procvision trust add key.pub --name acme --store /var/lib/procvision

Exit status: 0 it is trusted, 2 it is not, such as because it was already or is revoked.";

/// For `trust revoke`.
pub const TRUST_REVOKE: &str = "\
Examples:
  procvision trust revoke acme --store /var/lib/procvision
  procvision trust revoke 62B7CC4D5A1F0E93 --trust trusted

Exit status: 0 it is revoked, 2 it is not.";

/// For `frames`.
pub const FRAMES: &str = "\
Examples:
  procvision frames broker &                     keep the pools
  procvision frames publish --pool cam-01 --scene tray
  procvision frames list                         what is in the pools
  procvision frames gc --dry-run                 what crashed programs left in older places
  procvision help frames publish                 say more about one command

Exit status: 0 done, 2 nothing could be done.";

/// For `frames broker`.
pub const FRAMES_BROKER: &str = "\
Examples:
  procvision frames broker
  procvision frames broker --socket /run/procvision/frames.sock --allow-uid 1001
  procvision frames broker --max-bytes 1073741824 --json

Exit status: 0 it was told to end, 2 it could not listen, such as when another broker does.";

/// For `frames publish`.
pub const FRAMES_PUBLISH: &str = "\
Examples:
  procvision frames publish --pool cam-01 --image a.png b.png --fps 30
  procvision frames publish --pool cam-02 --scene bars --size 1920x1080 --format BayerRG8
  procvision frames publish --pool cam-03 --scene panel --count 1 --json

Exit status: 0 every picture was published or dropped, 2 a picture cannot be used, or the broker
could not be reached, refused or has ended.";

/// For `frames list`.
pub const FRAMES_LIST: &str = "\
Examples:
  procvision frames list
  procvision frames list --json
  watch procvision frames list

Exit status: 0 done, 2 the broker could not be reached.";

/// For `frames gc`.
pub const FRAMES_GC: &str = "\
Examples:
  procvision frames gc --dry-run
  procvision frames gc --older-than 1h
  procvision frames gc --posix-prefix line3_ --json

Exit status: 0 done, 1 a file could not be removed, 2 nothing could be looked for.";

/// For `store`.
pub const STORE: &str = "\
Examples:
  procvision store --store S install cap_check-v1.0.0-offline.zip
  procvision store --store S activate cap_check 1.0.0 --pid A01
  procvision run --store S --pid A01 --image photo.png
  procvision store --store S switch cap_check 1.1.0
  procvision store --store S rollback cap_check
  procvision help store install                  say more about one command

Exit status: 0 done, 1 the package is bad or the store is not whole, 2 nothing was done.";

/// For `store install`.
pub const STORE_INSTALL: &str = "\
Examples:
  procvision store install cap_check-v1.0.0-offline.zip --store /srv/procvision
  PROCVISION_STORE=/srv/procvision procvision store install cap_check-v1.0.0-offline.zip --json

Exit status: 0 it is installed, 1 the package is bad or the policy refuses it, 2 it is there already
or the store cannot be used.";

/// For `store list`.
pub const STORE_LIST: &str = "\
Examples:
  procvision store list
  procvision store list --name cap_check --json
  procvision store list --active
  procvision store list --state invalid

Exit status: 0 done, 2 the store cannot be used.";

/// For `store activate`.
pub const STORE_ACTIVATE: &str = "\
Examples:
  procvision store activate cap_check 1.0.0 --pid A01,A02
  procvision store activate cap_check 1.0.0 --all --by 'Jana, line 3'

Exit status: 0 it is active, 1 it does not work, fails a golden case or is refused by the policy,
2 it does not judge the product model, or another version does.";

/// For `store switch`.
pub const STORE_SWITCH: &str = "\
Examples:
  procvision store switch cap_check 1.1.0
  procvision store switch cap_check 1.1.0 --pid A01

Exit status: 0 it is active, 1 it does not work, fails a golden case or is refused by the policy, 2
there is nothing to switch from, or it does not judge the product model. Unless 0, nothing changes.";

/// For `store rollback`.
pub const STORE_ROLLBACK: &str = "\
Examples:
  procvision store rollback cap_check
  procvision store rollback --pid A01

Exit status: 0 done, 1 what was there before cannot be used any more, 2 there was nothing before.";

/// For `store deactivate`.
pub const STORE_DEACTIVATE: &str = "\
Examples:
  procvision store deactivate cap_check
  procvision store deactivate --pid A01

Exit status: 0 done, 2 nothing was active.";

/// For `store uninstall`.
pub const STORE_UNINSTALL: &str = "\
Examples:
  procvision store uninstall cap_check 1.0.0
  procvision store uninstall cap_check 1.0.0 --force --wait 120

Exit status: 0 it is gone, 2 it is active or in use, or not installed.";

/// For `store verify`.
pub const STORE_VERIFY: &str = "\
Examples:
  procvision store verify
  procvision store verify --json

Exit status: 0 the store is whole, 1 something is wrong, 2 the store cannot be looked at.";

/// For `store gc`.
pub const STORE_GC: &str = "\
Examples:
  procvision store gc --dry-run
  procvision store gc
  procvision store gc --never-activated

Exit status: 0 done, 2 the store cannot be used.";
/// For `policy`.
pub const POLICY: &str = "\
Examples:
  procvision policy show policy.json
  procvision help policy show                    say more about the command

Exit status: 0 done, 2 nothing could be done.";

/// For `policy show`.
pub const POLICY_SHOW: &str = "\
Examples:
  procvision policy show                         every key with its default and reason
  procvision policy show policy.json             check a policy, and see what holds
  procvision policy show policy.json --json

Exit status: 0 the policy is good, 2 it is not, or it could not be read.";

/// For `schema`.
pub const SCHEMA: &str = "\
Examples:
  procvision schema manifest > manifest.schema.json
  procvision schema policy > policy.schema.json
  procvision schema cases > cases.schema.json

A file that begins with {\"$schema\": \"policy.schema.json\", ... is then checked and completed by editors.

Exit status: 0 done, 2 there is no such schema.";

/// For `doctor`.
pub const DOCTOR: &str = "\
Examples:
  procvision doctor                              as the user that the station runs as
  procvision doctor --store /srv/procvision
  procvision doctor --json

Exit status: 0 a station can run on this machine, though there may be hints, 1 it cannot.
PROCVISION_CACHE_DIR names the folder for compiled components instead of the user's cache folder.";

/// For `bench`.
#[cfg(feature = "bench")]
pub const BENCH: &str = "\
Examples:
  procvision bench                              everything
  procvision bench --section frames --report bench.html
  procvision bench -s calls -s start --quick
  procvision bench --json > bench.json

Exit status: 0 it was measured, whether the project's aims are reached or not, 2 it could not be.";

/// For `completions`.
pub const COMPLETIONS: &str = "\
Examples:
  procvision completions bash > ~/.local/share/bash-completion/completions/procvision
  procvision completions zsh > ~/.zfunc/_procvision
  procvision completions fish > ~/.config/fish/completions/procvision.fish";

pub const SERVE: &str = "\
Examples:
  procvision serve --store /srv/procvision
  procvision serve --store /srv/procvision --config runner_config.json --socket /run/procvision.sock
  procvision serve token office --role view

Exit status: 0 it was told to end, 2 it could not begin.";

pub const SERVE_TOKEN: &str = "\
Examples:
  procvision serve token office --role view
  procvision serve token line-3 --role operate --json

Exit status: 0 good, 2 there is no token.";
