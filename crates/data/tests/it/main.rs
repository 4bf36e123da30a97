//! probe.
use std::time::Instant;
use tweedie_data::shapes::*;
use tweedie_data::*;
use tweedie_math::random::{Key, Purpose, Stream};

fn stream(image: u64) -> Stream {
    Stream::new(Key { seed: 77, image, purpose: Purpose::EVALUATE, visit: 0, draw: 0 })
}
fn noisy(p: &[u8], s: &mut Stream, std: f64) -> Vec<u8> {
    p.iter().map(|&v| (f64::from(v) + 255.0 * std * s.normal()).round().clamp(0.0, 255.0) as u8).collect()
}
const SIDES: [(usize, usize); 4] = [(16, 16), (32, 32), (12, 20), (12, 12)];
fn n() -> u64 {
    std::env::var("N").map(|v| v.parse().unwrap()).unwrap_or(500)
}

fn ok(r: &Reading, shape: Shape, t: f64) -> bool {
    r.accepted()
        && r.figure.half >= t * shape.height.min(shape.width) as f64
        && r.figure.half <= 0.40 * shape.height.min(shape.width) as f64
}
const T: [f64; 4] = [0.0, 0.08, 0.14, 0.155];
fn over(base: &[u8], top: &[u8], paper: u8) -> Vec<u8> {
    base.iter().zip(top).map(|(&a, &b)| if b != paper { b } else { a }).collect()
}

#[test]
fn two() {
    for (h, w) in SIDES {
        let set = Shapes::new(h, w, 5).unwrap();
        let shape = set.shape();
        for same in [false, true] {
            let (mut n_made, mut acc) = (0, [0; 4]);
            let mut sizes = std::collections::BTreeMap::<(usize, usize), [u32; 2]>::new();
            let mut next = 0;
            while n_made < n() && next < 2_000_000 {
                let a = set.figure(next);
                let mut b = set.figure(next + 1);
                next += 2;
                b.background = a.background;
                if same {
                    b.colour = a.colour
                } else if a.colour == b.colour {
                    continue;
                }
                let gap = (a.x - b.x).abs().max((a.y - b.y).abs()) - a.half - b.half;
                if gap < 2.0 {
                    continue;
                }
                n_made += 1;
                let p = over(&draw(&a, shape), &draw(&b, shape), BACKGROUNDS[a.background].1[0]);
                let p = noisy(&p, &mut stream(next), 0.02);
                let r = analyse(&p, shape);
                for (k, t) in T.into_iter().enumerate() {
                    acc[k] += ok(&r, shape, t) as u32
                }
                let key = {
                    let (x, y) = (a.size(shape), b.size(shape));
                    (x.min(y), x.max(y))
                };
                let e = sizes.entry(key).or_default();
                e[0] += r.accepted() as u32;
                e[1] += 1;
                if r.accepted() {
                    println!("   {a:?} {b:?} -> {r:?}");
                }
            }
            println!("{h}x{w} two same {same}: {acc:?} of {n_made} (tried {next}) {sizes:?}");
        }
    }
}
#[test]
fn halves() {
    for (h, w) in SIDES {
        let set = Shapes::new(h, w, 5).unwrap();
        let shape = set.shape();
        let (mut acc, mut tot) = ([[[0; 4]; 3]; 4], [[0; 3]; 4]);
        let mut form = [[0; 2]; 12];
        for i in 0..n() {
            for side in 0..4 {
                let f = set.figure(i);
                let mut p = draw(&f, shape);
                for at in 0..h * w {
                    let (x, y) = ((at % w) as f64 + 0.5, (at / w) as f64 + 0.5);
                    let gone = match side {
                        0 => x < f.x,
                        1 => x > f.x,
                        2 => y < f.y,
                        _ => y > f.y,
                    };
                    if gone {
                        for c in 0..3 {
                            p[c * h * w + at] = BACKGROUNDS[f.background].1[c];
                        }
                    }
                }
                let p = noisy(&p, &mut stream(i), 0.02);
                let r = analyse(&p, shape);
                let size = f.size(shape);
                tot[side][size] += 1;
                form[f.form as usize * 4 + side][1] += 1;
                form[f.form as usize * 4 + side][0] += r.accepted() as u32;
                for (k, t) in T.into_iter().enumerate() {
                    acc[side][size][k] += ok(&r, shape, t) as u32
                }
            }
        }
        println!(
            "{h}x{w} halves by side (left right top bottom gone), size: {acc:?} of {tot:?}; by form: {form:?}"
        );
    }
}
#[test]
fn own() {
    for (h, w) in SIDES {
        let set = Shapes::new(h, w, 5).unwrap();
        let mut acc = [0; 4];
        for i in 0..n() {
            let f = set.figure(i);
            let p = noisy(&draw(&f, set.shape()), &mut stream(i), 0.02);
            let r = analyse(&p, set.shape());
            for (k, t) in T.into_iter().enumerate() {
                acc[k] += ok(&r, set.shape(), t) as u32
            }
        }
        println!("{h}x{w} own {acc:?} of {}", n());
    }
}
#[test]
fn noise() {
    for (h, w) in SIDES {
        let shape = Shape { channels: 3, height: h, width: w };
        for mean in [0.0, 64.0, 128.0, 180.0, 255.0] {
            for std in [5.0, 12.75, 25.5, 64.0] {
                let mut acc = [0; 4];
                for i in 0..n() / 4 {
                    let mut s = stream(i);
                    let p: Vec<u8> = (0..shape.n_values())
                        .map(|_| (mean + std * s.normal()).clamp(0., 255.) as u8)
                        .collect();
                    let r = analyse(&p, shape);
                    for (k, t) in T.into_iter().enumerate() {
                        acc[k] += ok(&r, shape, t) as u32
                    }
                }
                if acc[2] > 0 || mean == 128.0 {
                    println!("{h}x{w} mean {mean} std {std} {acc:?}/{}", n() / 4);
                }
            }
        }
        let mut acc = [0; 4];
        for i in 0..n() {
            let mut s = stream(i);
            let c = [0; 3].map(|_| s.below(256) as u8);
            let p: Vec<u8> = c.iter().flat_map(|&v| vec![v; h * w]).collect();
            let r = analyse(&p, shape);
            for (k, t) in T.into_iter().enumerate() {
                acc[k] += ok(&r, shape, t) as u32
            }
        }
        println!("{h}x{w} constant {acc:?}/{}", n());
    }
}
