//! Serves the functions natively, linked into this program, over one SQLite file.

use std::{
    collections::HashMap, env, error::Error, fs, net::SocketAddr, os::unix::fs::DirBuilderExt as _, path::PathBuf,
    process::ExitCode,
};

use chancery_tests::{native, selection::Selection, variables::Variables};
use tokio::{io::AsyncReadExt, net::TcpListener};

const USAGE: &str = "\
Usage: chancery-native --state DIR [--listen 127.0.0.1:PORT] [--vars FILE] [--only NAME,NAME…]
                       [--until-stdin-closes]

Serves all functions, or those after --only, linked natively, over the SQLite file of DIR, or over the
libSQL server of the variable LIBSQL_URL. Port 0, the default, picks a free one. Variables come from FILE (lines NAME=value, as .dev.vars), or from the environment without it.
When it serves, one line {\"ready\":\"http://127.0.0.1:PORT\"} is printed. Ctrl-C stops it, and the end
of standard input too when --until-stdin-closes is given.";

struct Arguments {
    state: PathBuf,
    listen: SocketAddr,
    variables: HashMap<String, String>,
    functions: Selection,
    until_stdin_closes: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("chancery-native: {error}\n\n{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    match serve(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("chancery-native: {error}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    let (mut state, mut file, mut until_stdin_closes) = (None, None, false);
    let mut functions = Selection::ALL;
    let mut listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut given = env::args().skip(1);
    while let Some(option) = given.next() {
        if option == "--until-stdin-closes" {
            until_stdin_closes = true;
            continue;
        }
        let value = given.next().ok_or_else(|| format!("{option} wants a value after it"))?;
        match option.as_str() {
            "--state" => state = Some(PathBuf::from(value)),
            "--listen" => listen = value.parse().map_err(|_| format!("{value} is not ADDRESS:PORT"))?,
            "--vars" => file = Some(PathBuf::from(value)),
            "--only" => functions = Selection::of(value.split(',')),
            _ => return Err(format!("there is no option {option}").into()),
        }
    }
    let variables = match file {
        Some(file) => {
            let variables = Variables::from_dev_vars(&file).map_err(|error| format!("{}: {error}", file.display()))?;
            variables.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        }
        None => env::vars().collect(),
    };
    Ok(Arguments { state: state.ok_or("--state is missing")?, listen, variables, functions, until_stdin_closes })
}

async fn serve(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&arguments.state)?;
    let router = native::router(&arguments.state, arguments.variables, &arguments.functions).await?;
    let listener = TcpListener::bind(arguments.listen).await?;
    println!("{}", serde_json::json!({ "ready": format!("http://{}", listener.local_addr()?) }));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::select! {
        served = async { axum::serve(listener, service).await } => served?,
        _ = tokio::signal::ctrl_c() => {}
        () = stdin_closed(), if arguments.until_stdin_closes => {}
    }
    // The process does not wait for statements that still wait for a lock.
    std::process::exit(0)
}

async fn stdin_closed() {
    let mut ignored = [0; 64];
    while tokio::io::stdin().read(&mut ignored).await.is_ok_and(|n| n > 0) {}
}
