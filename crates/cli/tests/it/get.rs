//! `tweedie data get` against a server of the test's own.

use crate::{files, make, place, refusal, refused, tweedie};
use md5::{Digest, Md5};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const FILE: &str = "cifar-10-binary.tar.gz";

/// A server that gives one answer after another and closes the connection after each; its address, and the heads of the
/// requests that came.
fn serve(answers: Vec<Vec<u8>>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let serving = move || {
        let mut heads = Vec::new();
        let end = Instant::now() + Duration::from_secs(30);
        while heads.len() < answers.len() && Instant::now() < end {
            match listener.accept() {
                Ok((stream, _)) => heads.push(answer(stream, &answers[heads.len()])),
                Err(_) => std::thread::sleep(Duration::from_millis(2)),
            }
        }
        heads
    };
    (address, std::thread::spawn(serving))
}

fn answer(mut stream: TcpStream, bytes: &[u8]) -> String {
    stream.set_nonblocking(false).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    stream.write_all(bytes).unwrap();
    String::from_utf8(head).unwrap().to_lowercase()
}

/// An HTTP response with a status, a `Content-Length` and a body, which may be shorter than that length.
fn response(status: &str, length: usize, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n").as_bytes(), body]
        .concat()
}

fn get(folder: &Path, more: &[&str]) -> Command {
    let mut command = tweedie(folder);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env_remove(name);
    }
    command.args(["data", "get"]).args(more);
    command
}

fn md5(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Downloads CIFAR from a server whose file is wrong, possibly after a part of it was received. Returns the requests.
///
/// The sum of what came in all stands in the refusal.
#[track_caller]
fn comes_as(whole: &[u8], part: Option<&[u8]>, answers: Vec<Vec<u8>>) -> Vec<String> {
    let place = place();
    let n = answers.len();
    let (address, server) = serve(answers);
    // A folder that is not there yet is made.
    if let Some(part) = part {
        std::fs::create_dir(place.path().join("there")).unwrap();
        std::fs::write(place.path().join("there").join(format!("{FILE}.part")), part).unwrap();
    }
    let mut command = get(place.path(), &["cifar10", "--from", &address, "--out", "there"]);
    let error = refusal(&command.output().unwrap());
    for word in [&format!("{address}{FILE}"), &md5(whole), "c32a1d4ab5d03f1284b67883e8d87530", "removed"] {
        assert!(error.contains(word), "`{word}` is not in: {error}");
    }
    let left = files(place.path());
    assert_eq!(left.values().filter(|bytes| bytes.is_some()).count(), 0, "{:?}", left.keys());
    let heads = server.join().unwrap();
    assert_eq!(heads.len(), n);
    assert!(heads.iter().all(|head| head.starts_with(&format!("get /{FILE} "))), "{heads:?}");
    heads
}

#[test]
fn an_unknown_set_comes_with_those_that_are_known() {
    let place = place();
    refused(
        place.path(),
        &mut get(place.path(), &["imagenet"]),
        &["`imagenet`", "mnist, fashion-mnist, cifar10"],
    );
}

#[test]
fn a_file_of_another_sum_is_removed() {
    let body = make::noise(1000, 1);
    let heads = comes_as(&body, None, vec![response("200 OK", 1000, &body)]);
    assert!(heads[0].contains("range: bytes=0-\r\n"), "{heads:?}");
}

#[test]
fn a_cut_connection_is_taken_up_where_it_ended() {
    let body = make::noise(3000, 2);
    let answers =
        vec![response("200 OK", 3000, &body[..1200]), response("206 Partial Content", 1800, &body[1200..])];
    let heads = comes_as(&body, None, answers);
    assert!(heads[1].contains("range: bytes=1200-\r\n"), "{heads:?}");
}

#[test]
fn an_earlier_part_is_gone_on_with() {
    let body = make::noise(3000, 3);
    let rest = response("206 Partial Content", 2900, &body[100..]);
    let heads = comes_as(&body, Some(&body[..100]), vec![rest]);
    assert!(heads[0].contains("range: bytes=100-\r\n"), "{heads:?}");
}

#[test]
fn a_server_that_ignores_ranges_sends_all_of_it() {
    let body = make::noise(800, 4);
    comes_as(&body, Some(&make::noise(300, 9)), vec![response("200 OK", 800, &body)]);
}

#[test]
fn a_part_that_is_whole_is_not_asked_for_more() {
    let body = make::noise(500, 5);
    comes_as(&body, Some(&body), vec![response("416 Range Not Satisfiable", 0, b"")]);
}

/// A failing disk causes no further requests and no doubt about the network.
#[test]
fn a_place_that_cannot_be_written_is_named() {
    let place = place();
    std::fs::write(place.path().join("there"), "a file").unwrap();
    let (address, server) = serve(vec![response("200 OK", 3, b"abc")]);
    let mut command = get(place.path(), &["cifar10", "--from", &address, "--out", "there"]);
    refused(place.path(), &mut command, &["cannot write there/cifar-10-binary.tar.gz.part"]);
    assert_eq!(server.join().unwrap().len(), 1);
}
