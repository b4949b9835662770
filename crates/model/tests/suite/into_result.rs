//! Refusals of the crates that know no tensors, as errors of the framework.

use std::path::Path;

use tensorkeep_format::Code;
use tensorkeep_model::IntoResult;
use tensorkeep_tensor::{ErrorKind, Result};
use tensorkeep_trust::TrustStore;

#[test]
fn refusals_keep_code_and_message_and_name_the_line() {
    let format = || -> Result<()> {
        let refusal = tensorkeep_format::Error::new(Code::Len, "7 bytes behind the end: copy it again");
        Err(refusal).into_result()?;
        Ok(())
    };
    let storage =
        || -> Result<()> { tensorkeep_storage::write(Path::new("/no/such/folder"), b"").into_result() };
    let trust = || -> Result<()> { TrustStore::parse("version = 2").into_result().map(|_| ()) };
    let rows = [
        ("format", "E_LEN", "7 bytes behind the end", format()),
        ("storage", "E_IO", "\"/no/such\": cannot open", storage()),
        ("trust", "E_VALUE", "trust store: ", trust()),
    ];
    for (op, code, message, result) in rows {
        let error = result.unwrap_err();
        assert_eq!((error.op(), error.kind()), (op, ErrorKind::File(code)));
        assert!(error.message().starts_with(message), "{op}: {error}");
        assert!(error.location().file().ends_with("into_result.rs"), "{op}: {error}");
    }
    let sound: tensorkeep_format::Result<i32> = Ok(7);
    assert_eq!(sound.into_result().unwrap(), 7);
}
