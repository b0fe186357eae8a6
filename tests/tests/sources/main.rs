//! One suite over every source of pictures: the same list of checks for each, and what only some of them have.

mod backend;
mod checks;
mod files;
mod picture;
mod platform;
mod policy;
mod pools;

use backend::{Arrays, BinFiles, Objects, Paths, Pools, Uploaded};

/// Every check that all sources have in common, once for each.
macro_rules! every_source {
    ($($source:ident: $backend:ty;)*) => { $(
        mod $source {
            use super::*;

            #[test]
            fn every_form_gives_the_right_pixels_in_every_format() {
                checks::every_form_gives_the_right_pixels::<$backend>();
            }

            #[test]
            fn what_is_not_there_is_1002() {
                checks::what_is_not_there_is_1002::<$backend>();
            }

            #[test]
            fn another_size_than_was_said_is_refused() {
                checks::another_size_than_was_said_is_refused::<$backend>();
            }

            #[test]
            fn an_identifier_names_what_was_written_last() {
                checks::an_identifier_names_what_was_written_last::<$backend>();
            }

            #[test]
            fn what_was_cut_is_never_judged_as_if_whole() {
                checks::what_was_cut_is_never_judged_as_if_whole::<$backend>();
            }

            #[test]
            fn damage_is_found_or_does_not_matter() {
                checks::damage_is_found_or_does_not_matter::<$backend>();
            }

            #[test]
            fn no_name_leads_out() {
                checks::no_name_leads_out::<$backend>();
            }

            #[test]
            fn a_black_picture_takes_the_place_of_a_missing_one_only_if_the_policy_says_so() {
                policy::a_black_picture_only_if_the_policy_says_so::<$backend>();
            }

            #[test]
            fn time_and_camera_are_those_that_were_said() {
                checks::time_and_camera_are_those_that_were_said::<$backend>();
            }
        }
    )* };
}

every_source! {
    pool: Pools;
    posix: Objects;
    dev_store_array: Arrays;
    dev_store_file: BinFiles;
    file: Paths;
    upload: Uploaded;
}

/// Every check of the sources whose pictures are files, once for each.
macro_rules! every_file_source {
    ($($source:ident: $backend:ty;)*) => { $(
        mod $source {
            use super::*;

            #[test]
            fn a_huge_file_takes_no_memory() {
                files::a_huge_file_takes_no_memory::<$backend>();
            }

            #[test]
            fn only_plain_files_are_read_and_nobody_is_waited_for() {
                files::only_plain_files_are_read::<$backend>();
            }

            #[test]
            fn links_are_not_followed_unless_a_person_named_the_file() {
                files::links_are_not_followed::<$backend>();
            }

            #[test]
            fn what_may_not_be_read_is_1002() {
                files::what_may_not_be_read_is_1002::<$backend>();
            }

            #[test]
            fn whoever_cuts_a_file_off_meanwhile_gets_an_error_or_the_right_picture() {
                files::cutting_off_meanwhile::<$backend>();
            }
        }
    )* };
}

every_file_source! {
    posix_files: Objects;
    dev_store_array_files: Arrays;
    dev_store_file_files: BinFiles;
    path_files: Paths;
}
