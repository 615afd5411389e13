//! argon2id, in memory of its own: what one hash needed is there for the next.
//! No turns, threads or names.

use std::fmt;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as PhcString, Salt};
use argon2::password_hash::{Error, try_generate_salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};

/// Where one hash is made at a time.
///
/// Its 19 MiB are kept. Given back after each hash, and asked for anew on whichever thread is free, they stayed with the
/// allocator, which keeps some for every thread: 1.5 GiB after a hundred log-ins at once. `Debug` hides what they hold.
#[derive(Default)]
pub(super) struct Workbench(Vec<Block>);

impl Workbench {
    /// Hashes a new password, with a salt of its own.
    ///
    /// # Errors
    /// `OutOfMemory`, or that there is no salt to be had.
    pub(super) fn hash(&mut self, password: &[u8], params: &Params) -> Result<PhcString, Error> {
        let salt = Salt::new(&try_generate_salt()?)?;
        self.hash_with(password, salt, Version::default(), params)
    }

    /// Whether `stored` is the hash of this password. Takes no longer for a password that is nearly right.
    ///
    /// # Errors
    /// `OutOfMemory`, or that `stored` is not what argon2 makes.
    pub(super) fn verify(&mut self, password: &[u8], stored: &PhcString) -> Result<bool, Error> {
        let Some(salt) = stored.salt else {
            return Ok(false);
        };
        let version = stored.version.map(Version::try_from).transpose()?;
        let params = Params::try_from(stored)?;
        let again = self.hash_with(password, salt, version.unwrap_or_default(), &params)?;
        // `Output` compares in constant time.
        Ok(again.hash == stored.hash)
    }

    fn hash_with(
        &mut self,
        password: &[u8],
        salt: Salt,
        version: Version,
        params: &Params,
    ) -> Result<PhcString, Error> {
        let output_len = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let mut output = [0; Output::MAX_LENGTH];
        let output = output.get_mut(..output_len).ok_or(Error::OutputSize)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, version, params.clone());
        let memory = self.memory(params.block_count())?;
        argon2.hash_password_into_with_memory(password, &salt, output, memory)?;
        Ok(PhcString {
            algorithm: ARGON2ID_IDENT,
            version: Some(version.into()),
            params: ParamsString::try_from(params)?,
            salt: Some(salt),
            hash: Some(Output::new(output)?),
        })
    }

    /// So many blocks; what they hold does not matter to argon2, which fills each before it reads it.
    fn memory(&mut self, block_count: usize) -> Result<&mut [Block], Error> {
        let missing = block_count.saturating_sub(self.0.len());
        self.0
            .try_reserve_exact(missing)
            .map_err(|_| Error::OutOfMemory)?;
        self.0.resize(block_count, Block::new());
        Ok(&mut self.0)
    }
}

impl fmt::Debug for Workbench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Workbench(hidden)")
    }
}
