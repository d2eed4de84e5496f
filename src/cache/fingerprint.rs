//! Keys of the cache.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use sha2::{Digest, Sha256};

/// The hash of everything that can change a value. Two different inputs never share one (SHA-256).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Hashes a value by its [`Hash`], which separates the fields of a derived implementation: `("a", "bc")` and
    /// `("ab", "c")` differ.
    pub fn of(value: &impl Hash) -> Self {
        let mut writer = FingerprintWriter::default();
        value.hash(&mut writer);
        writer.end()
    }

    /// Returns the bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// Hashes several values one after the other.
#[derive(Default)]
pub struct FingerprintWriter(Sha256);

impl FingerprintWriter {
    /// Returns the hash of all that was written.
    pub fn end(self) -> Fingerprint {
        Fingerprint(self.0.finalize().into())
    }
}

impl Hasher for FingerprintWriter {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Returns the first eight bytes of the hash so far.
    fn finish(&self) -> u64 {
        let hash = self.0.clone().finalize();
        u64::from_le_bytes(hash[..8].try_into().expect("SHA-256 gives 32 bytes"))
    }
}
