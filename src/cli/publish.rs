//! Puts generated folders in place in one step, so that a `build` killed at any moment leaves the old or the new output.
//!
//! ```text
//! stage     .entente-build/lookml_out · .entente-build/schema        whole folders, next to the old ones
//! seal      .entente-build/ready                                     from here on the new output holds
//! exchange  lookml_out ⇄ .entente-build/lookml_out, then schema      one rename each
//! sweep     .entente-build                                           the old folders
//! ```
//!
//! A build that finds a sealed stage finishes the exchange first; a stage without seal is swept. Builds of one project
//! wait for one another.
//!
//! **Invariant:** a folder is never seen half written: it is exchanged as a whole.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::failure::Failure;
use crate::engine::PROJECT_FILE;

const STAGE: &str = ".entente-build";
const SEAL: &str = "ready";

/// Generated folders: for each its files by their path within it. What is not named is removed.
pub(crate) type Folders = BTreeMap<String, BTreeMap<String, Vec<u8>>>;

/// Reads a folder with all that is in it; a folder that is not there is empty.
pub(crate) fn read_folder(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let mut files = BTreeMap::new();
    if folder.exists() {
        read_into(folder, "", &mut files)?;
    }
    Ok(files)
}

fn read_into(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), Failure> {
    let unreadable = |path: &Path, error: &io::Error| Failure::file("read", path, error);
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let entry = entry.map_err(|error| unreadable(folder, &error))?;
        let path = entry.path();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if path.is_dir() {
            read_into(&path, &format!("{name}/"), files)?;
        } else {
            files.insert(name, fs::read(&path).map_err(|error| unreadable(&path, &error))?);
        }
    }
    Ok(())
}

/// Finishes, or sweeps, what a killed build has left behind.
pub(crate) fn settle(root: &Path) -> Result<(), Failure> {
    if !root.join(STAGE).exists() {
        return Ok(());
    }
    let _turn = wait_for_turn(root)?;
    recover(root).map_err(|error| not_written(root, &error))
}

/// Puts the folders in place below `root`.
pub(crate) fn publish(root: &Path, folders: &Folders) -> Result<(), Failure> {
    let _turn = wait_for_turn(root)?;
    let stage = root.join(STAGE);
    let staged = recover(root).and_then(|()| write_stage(&stage, folders)).inspect_err(|_| {
        // A stage without seal is of no use, and on a full disk it is in the way.
        if !stage.join(SEAL).exists() {
            let _ = fs::remove_dir_all(&stage);
        }
    });
    staged.and_then(|()| exchange_all(root)).map_err(|error| not_written(root, &error))
}

fn not_written(root: &Path, error: &io::Error) -> Failure {
    Failure::file("written", root, error).help("The output is as it was; mend the cause and build again.")
}

/// Waits until no other build of the project runs; the turn ends when the file is closed.
fn wait_for_turn(root: &Path) -> Result<File, Failure> {
    let path = root.join(PROJECT_FILE);
    let file = File::open(&path).map_err(|error| Failure::file("read", &path, &error))?;
    file.lock().map_err(|error| Failure::file("locked", &path, &error))?;
    Ok(file)
}

/// Finishes what a killed build had sealed, and sweeps what it had not.
fn recover(root: &Path) -> io::Result<()> {
    let stage = root.join(STAGE);
    if stage.join(SEAL).exists() {
        exchange_all(root)
    } else if stage.exists() {
        fs::remove_dir_all(&stage)
    } else {
        Ok(())
    }
}

fn write_stage(stage: &Path, folders: &Folders) -> io::Result<()> {
    let mut seal = String::new();
    for (folder, files) in folders {
        fs::create_dir_all(stage.join(folder))?;
        for (name, bytes) in files {
            let path = stage.join(folder).join(name);
            fs::create_dir_all(path.parent().expect("a file lies in a folder"))?;
            fs::write(&path, bytes)?;
        }
        seal.push_str(&format!("{} {folder}\n", fingerprint(&stage.join(folder))?));
    }
    fs::write(stage.join("seal"), seal)?;
    fs::rename(stage.join("seal"), stage.join(SEAL))
}

/// Exchanges every folder of a sealed stage that is not in place yet, and sweeps the stage.
fn exchange_all(root: &Path) -> io::Result<()> {
    let stage = root.join(STAGE);
    let seal = fs::read_to_string(stage.join(SEAL))?;
    let mut due = Vec::new();
    for line in seal.lines() {
        let Some((sealed, folder)) = line.split_once(' ') else { continue };
        let new = stage.join(folder);
        if new.exists() && fingerprint(&new)? == sealed {
            due.push((new, root.join(folder)));
        }
    }
    // Nothing but the renames stands between the first folder and the last.
    for (new, place) in due {
        exchange(&new, &place)?;
    }
    fs::remove_file(stage.join(SEAL))?;
    fs::remove_dir_all(&stage)
}

/// Puts a folder in the place of another, which goes where the first was.
fn exchange(new: &Path, place: &Path) -> io::Result<()> {
    if !place.exists() {
        return fs::rename(new, place);
    }
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        if renameat_with(CWD, new, CWD, place, RenameFlags::EXCHANGE).is_ok() {
            return Ok(());
        }
    }
    // A file system without exchange, such as NFS: the folder is missing for a moment, and a build that finds it
    // missing puts it in place.
    let old: PathBuf = new.with_extension("old");
    fs::rename(place, &old)?;
    fs::rename(new, place)
}

/// Returns a hash of a folder's files and their names.
fn fingerprint(folder: &Path) -> io::Result<String> {
    let files = read_folder(folder).map_err(|failure| io::Error::other(failure.message))?;
    let mut hash = Sha256::new();
    for (name, bytes) in files {
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
    Ok(format!("{:x}", hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project() -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a temporary folder");
        fs::write(root.path().join(PROJECT_FILE), "").expect("a file");
        root
    }

    fn folders(text: &str) -> Folders {
        let files = |name: &str| BTreeMap::from([(name.to_owned(), text.as_bytes().to_vec())]);
        Folders::from([("lookml_out".into(), files("views/a.lkml")), ("schema".into(), files("b.graphql"))])
    }

    fn read(root: &Path) -> (String, String) {
        let text = |path| fs::read_to_string(root.join(path)).unwrap_or_default();
        (text("lookml_out/views/a.lkml"), text("schema/b.graphql"))
    }

    #[test]
    fn folders_are_made_and_replaced_as_a_whole() {
        let root = project();
        publish(root.path(), &folders("old")).expect("published");
        fs::write(root.path().join("lookml_out/stale.lkml"), "").expect("a file");
        publish(root.path(), &folders("new")).expect("published");
        assert_eq!(read(root.path()), ("new".into(), "new".into()));
        assert!(!root.path().join("lookml_out/stale.lkml").exists());
        assert!(!root.path().join(STAGE).exists());
    }

    #[test]
    fn a_stage_without_seal_is_swept() {
        let root = project();
        publish(root.path(), &folders("old")).expect("published");
        fs::create_dir_all(root.path().join(STAGE).join("lookml_out")).expect("a folder");
        recover(root.path()).expect("recovered");
        assert_eq!(read(root.path()), ("old".into(), "old".into()));
        assert!(!root.path().join(STAGE).exists());
    }

    #[test]
    fn a_sealed_stage_is_finished_also_when_one_folder_is_in_place() {
        let root = project();
        publish(root.path(), &folders("old")).expect("published");
        let stage = root.path().join(STAGE);
        write_stage(&stage, &folders("new")).expect("staged");
        exchange(&stage.join("lookml_out"), &root.path().join("lookml_out")).expect("exchanged");
        recover(root.path()).expect("recovered");
        assert_eq!(read(root.path()), ("new".into(), "new".into()));
    }

    #[test]
    fn a_stage_that_cannot_be_written_is_swept_at_once() {
        let root = project();
        publish(root.path(), &folders("old")).expect("published");
        let mut impossible = folders("new");
        impossible.get_mut("schema").expect("a folder").insert("b.graphql/c".to_owned(), Vec::new());
        publish(root.path(), &impossible).expect_err("a file cannot be a folder, too");
        assert_eq!(read(root.path()), ("old".into(), "old".into()));
        assert!(!root.path().join(STAGE).exists());
    }
}
