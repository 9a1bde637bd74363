//! scratch
use postern_proxy::{body, config::Config, listener::Listener, tls::Certificate, upstream::Upstream};
#[tokio::main]
async fn main() {
    let config = Config::load(std::path::Path::new(&std::env::args().nth(1).unwrap())).unwrap();
    let webmail = config.webmail.unwrap();
    let certificate = Certificate::load(config.tls.unwrap()).unwrap();
    let upstream = Upstream::new(&webmail).unwrap();
    let listener = Listener::bind(webmail.listen, certificate.server_config().unwrap(), vec![]).unwrap();
    listener.serve(move |request, peer| {
        let upstream = upstream.clone();
        async move { upstream.send(request.map(body::stream), peer.address).await.unwrap().map(body::stream) }
    }, std::future::pending()).await;
}
