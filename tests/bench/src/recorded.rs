//! The native functions over a database that remembers every statement it was asked.

use std::{
    collections::HashMap,
    env, fs,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU32, atomic::Ordering},
    thread,
};

use chancery_tests::{native, selection::Selection, variables::Variables};
use platform::{Host, Outcome, Row, Sql, SqlError, Statement, Task, runtime::Sqlite};

type Texts = Arc<Mutex<Vec<String>>>;

/// Served for as long as the program runs; the file is gone when this is.
pub struct Recorded {
    pub address: SocketAddr,
    #[cfg_attr(not(test), expect(dead_code, reason = "only the test of plans looks into it"))]
    pub file: PathBuf,
    folder: PathBuf,
    texts: Texts,
}

impl Recorded {
    pub fn start(variables: &Variables) -> Result<Self, String> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("chancery-recorded-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let folder = env::temp_dir().join(name);
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let file = folder.join(native::DATABASE);
        let texts = Texts::default();
        let address = serve(&file, variables, texts.clone()).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(Self { address, file, folder, texts })
    }

    pub fn clear(&self) {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Every statement since the last `clear`.
    pub fn texts(&self) -> Vec<String> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn serve(file: &std::path::Path, variables: &Variables, texts: Texts) -> Result<SocketAddr, String> {
    let variables: HashMap<_, _> = variables.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let host = platform::runtime::host(file, variables).map_err(|error| error.to_string())?;
    let inner = Sqlite::open(file).map_err(|error| error.to_string())?;
    let host = Host { sql: Arc::new(Recording { inner, texts }), ..host };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    listener.set_nonblocking(true).map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    thread::spawn(move || {
        runtime.block_on(async move {
            let router = native::router_over(host, &Selection::ALL).await;
            if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                let _ = axum::serve(listener, router).await;
            }
        });
    });
    Ok(address)
}

struct Recording {
    inner: Sqlite,
    texts: Texts,
}

impl Recording {
    fn note(&self, statements: &[Statement]) {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.extend(statements.iter().map(|statement| statement.text.to_string()));
    }
}

impl Sql for Recording {
    fn query(&self, statement: Statement) -> Task<'_, Result<Vec<Row>, SqlError>> {
        self.note(std::slice::from_ref(&statement));
        self.inner.query(statement)
    }

    fn batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.note(&statements);
        self.inner.batch(statements)
    }

    fn read_batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.note(&statements);
        self.inner.read_batch(statements)
    }
}
