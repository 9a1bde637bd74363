//! nginx in front of a webmail, with its own configuration and directories.

use std::fs;
use std::path::Path;

use crate::service::{Ready, Service};
use crate::{During, Result};

/// Not on the PATH of ordinary users.
const NGINX: &str = "/usr/sbin/nginx";

/// Starts it on 127.0.0.1:`port`, in `directory`, which contains a writable folder `nginx`. `server` is the content of
/// its `server` block; bodies may have `upload_mb` megabytes.
///
/// One process (`master_process off`): it runs as the user who starts it, serves loopback only, and ends when it is
/// killed.
pub(crate) fn start(directory: &Path, port: u16, upload_mb: u16, server: &str) -> Result<Service> {
    let at = directory.display();
    let text = format!(
        r#"daemon off;
master_process off;
pid {at}/nginx.pid;
events {{ worker_connections 512; }}
http {{
  include /etc/nginx/mime.types;
  log_format requests '$request_method $request_uri $status';
  access_log {at}/access.log requests;
  client_max_body_size {upload_mb}m;
  client_body_temp_path {at}/nginx/body;
  proxy_temp_path {at}/nginx/proxy;
  fastcgi_temp_path {at}/nginx/fastcgi;
  uwsgi_temp_path {at}/nginx/uwsgi;
  scgi_temp_path {at}/nginx/scgi;
  server {{
    listen 127.0.0.1:{port};
{server}  }}
}}
"#
    );
    let config = directory.join("nginx.conf");
    fs::write(&config, text).during(config.display())?;
    // Without -e, nginx would write its first messages to the system's log.
    let log = directory.join("nginx-error.log");
    let mut nginx = Service::new("nginx", NGINX, Ready::Port(port), directory).arg("-c").arg(config).arg("-e").arg(log);
    nginx.start()?;
    Ok(nginx)
}

/// Every request that it has received, one line each: method, target, status.
pub(crate) fn requests(directory: &Path) -> String {
    fs::read_to_string(directory.join("access.log")).unwrap_or_default()
}
